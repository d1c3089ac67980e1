//! Vários trabalhadores que largam juntos.
//!
//! Criar um processo leva mais tempo do que muita conta: sem uma largada, o primeiro terminaria antes de o
//! segundo nascer, e os dois nunca se encontrariam.

use std::sync;
use std::thread;

use multiprocessamento::{Barrier, Error, Process};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::measure::trace::{Piece, traced};

/// `function` sobre cada um de `arguments`, um processo para cada, todos a partir do mesmo instante.
///
/// # Erros
///
/// O do processo que não pôde ser criado, ou que morreu.
///
/// # Exemplos
///
/// ```
/// # use licoes::measure::together;
/// # fn main() -> Result<(), multiprocessamento::Error> {
/// # multiprocessamento::init();
/// let pieces = together::processes(|x: u64| x * x, vec![2, 3])?;
/// assert_eq!([pieces[0].value, pieces[1].value], [4, 9]);
/// assert_ne!(pieces[0].pid, pieces[1].pid);
/// # Ok(())
/// # }
/// ```
pub fn processes<F, A, R>(function: F, arguments: Vec<A>) -> Result<Vec<Piece<R>>, Error>
where
    F: Fn(A) -> R + Copy + Send + 'static,
    A: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    if arguments.is_empty() {
        return Ok(Vec::new());
    }
    let line = Barrier::new(arguments.len())?;
    let task = move |(line, argument): (Barrier, A)| -> Result<Piece<R>, Error> {
        line.wait()?;
        Ok(traced(function, argument))
    };
    let started: Vec<_> = arguments
        .into_iter()
        .map(|argument| Process::start(task, (line.clone(), argument)))
        .collect::<Result<_, _>>()?;
    started.into_iter().map(|process| process.join()?).collect()
}

/// O mesmo, com uma thread para cada argumento.
pub fn threads<A, R>(function: impl Fn(A) -> R + Sync, arguments: Vec<A>) -> Vec<Piece<R>>
where
    A: Send,
    R: Send,
{
    let line = sync::Barrier::new(arguments.len());
    thread::scope(|scope| {
        let (line, function) = (&line, &function);
        let start = |argument| {
            scope.spawn(move || {
                line.wait();
                traced(function, argument)
            })
        };
        let started: Vec<_> = arguments.into_iter().map(start).collect();
        let answers = started.into_iter().map(|thread| match thread.join() {
            Ok(piece) => piece,
            // Um pânico aqui derruba a lição como derrubaria o programa em série.
            Err(panic) => std::panic::resume_unwind(panic),
        });
        answers.collect()
    })
}

/// Quanto levou, em segundos, do primeiro que começou ao último que terminou.
///
/// # Exemplos
///
/// ```
/// # use licoes::measure::together;
/// let pieces = together::threads(|ms| std::thread::sleep(std::time::Duration::from_millis(ms)), vec![1, 5]);
/// assert!(together::elapsed(&pieces) >= 0.005);
/// ```
pub fn elapsed<R>(pieces: &[Piece<R>]) -> f64 {
    let start = pieces.iter().map(|piece| piece.start).fold(f64::INFINITY, f64::min);
    let end = pieces.iter().map(|piece| piece.end).fold(f64::NEG_INFINITY, f64::max);
    (end - start).max(0.0)
}

//! A conferência do exercício 6: cada fatia uma vez, por vários processos que tiram da mesma fila e terminam.

use std::ops::Range;
use std::process::ExitCode;

use licoes::load::workload::{count_primes, slices};
use licoes::measure::trace::{Piece, traced};
use licoes::run::exercise::{
    Check, expect_equal, expect_no_children, expect_shared_work,
};
use multiprocessamento::{Error, Queue};
use serde::{Deserialize, Serialize};

/// Lugares da fila da conferência: poucos, para que quem põe tudo antes de haver quem tire fique esperando.
const LUGARES: usize = 2;

/// A conta de uma fatia, e como ela foi feita.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parcial(Piece<(u64, u64)>);

/// Conta os primos de uma fatia, no processo em que for chamada.
pub fn contar_fatia(fatia: Range<u64>) -> Parcial {
    Parcial(traced(|fatia: Range<u64>| (fatia.start, count_primes(fatia)), fatia))
}

/// A resposta: recebe a fila, as fatias e quantos consumidores criar.
pub trait Answer:
    Fn(Queue<Range<u64>>, Vec<Range<u64>>, usize) -> Result<Vec<Parcial>, Error>
    + Copy
    + Send
    + 'static
{
}

impl<F> Answer for F where
    F: Fn(Queue<Range<u64>>, Vec<Range<u64>>, usize) -> Result<Vec<Parcial>, Error>
        + Copy
        + Send
        + 'static
{
}

/// O que a resposta faz com estas fatias, numa fila nova.
fn ask(
    answer: impl Answer,
    slices: Vec<Range<u64>>,
    workers: usize,
) -> Result<Vec<Piece<(u64, u64)>>, String> {
    let queue = Queue::bounded(LUGARES).map_err(|error| error.to_string())?;
    let parts = answer(queue, slices, workers)
        .map_err(|error| format!("voltou com um erro: {error}"))?;
    Ok(parts.into_iter().map(|Parcial(piece)| piece).collect())
}

/// Confere que cada fatia foi contada uma vez só, e certo.
fn expect_each_once(
    pieces: &[Piece<(u64, u64)>],
    slices: &[Range<u64>],
    total: u64,
) -> Result<(), String> {
    for slice in slices {
        let times = pieces.iter().filter(|piece| piece.value.0 == slice.start).count();
        if times != 1 {
            return Err(format!("a fatia {slice:?} foi contada {times} vezes"));
        }
    }
    expect_equal(pieces.iter().map(|piece| piece.value.1).sum(), total)
}

/// Confere uma resposta.
pub fn check(answer: impl Answer) -> ExitCode {
    let mut check = Check::new(6);
    check.point_in_time("sem fatias, não há parciais, e todos terminam", move || {
        expect_equal(ask(answer, vec![], 2)?.len(), 0)
    });
    check.point_in_time("cada fatia é contada uma vez só", move || {
        let slices = slices(100_000, 40);
        expect_each_once(&ask(answer, slices.clone(), 2)?, &slices, 9_592)
    });
    check.point_in_time(
        "com mais consumidores do que fatias, todos terminam",
        move || {
            let slices = slices(1_000, 2);
            expect_each_once(&ask(answer, slices.clone(), 5)?, &slices, 168)
        },
    );
    check.point_in_time("os consumidores repartem o trabalho", move || {
        expect_shared_work(&ask(answer, slices(1_000_000, 64), 2)?, 2)
    });
    check.point_in_time(
        "quem tirou uma fatia grande não segura as pequenas",
        move || {
            let large = 0..2_000_000;
            let small = (0..20).map(|i| 2_000_000 + 100 * i..2_000_000 + 100 * (i + 1));
            let pieces = ask(answer, std::iter::once(large).chain(small).collect(), 2)?;
            let busy = pieces.iter().find(|piece| piece.value.0 == 0).map(|piece| piece.pid);
            let held = pieces.iter().filter(|piece| Some(piece.pid) == busy).count() - 1;
            if held <= 20 / 4 {
                return Ok(());
            }
            Err(format!(
                "o consumidor ocupado com a grande ficou com {held} das 20 pequenas: elas já tinham dono"
            ))
        },
    );
    check.point_in_time("nenhum processo fica para trás", move || {
        ask(answer, slices(1_000, 4), 3)?;
        expect_no_children()
    });
    check.finish()
}

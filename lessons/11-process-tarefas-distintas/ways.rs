//! As três tarefas de duas maneiras: um `Process` para cada uma, ou um `Pool` para todas.

use std::time::{Duration, Instant};

use crate::collatz::Chain;
use licoes::measure::trace::now;
use multiprocessamento::{AsyncResult, Error, Pool, Process};
use registro::record::Span;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::note::Note;
use crate::plan::{Answers, Plan, chain, picture, primes};

/// Quanto cada tarefa pode levar.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A da cadeia.
    pub short: Duration,
    /// As outras duas.
    pub long: Duration,
}

/// O que se soube de uma tarefa, e quando; sem resposta, ela foi encerrada no limite.
struct Heard<R> {
    answer: Option<R>,
    at: f64,
}

/// O que se soube das três.
pub struct Arrived {
    primes: Heard<u64>,
    chain: Heard<Chain>,
    picture: Heard<Vec<u32>>,
}

// ANCHOR: processes
/// Um processo para cada tarefa, com a prioridade e o limite dela.
pub fn by_processes(
    plan: Plan,
    notes: &[Note; 3],
    limits: Limits,
) -> Result<Arrived, Error> {
    let [a, b, c] = notes.clone();
    let start = Instant::now();
    let primes = Process::builder().name("primos").start(primes, (plan.numbers, a))?;
    let chain = Process::builder().name("cadeia").start(chain, (plan.below, b))?;
    let picture =
        Process::builder().name("desenho").nice(10).start(picture, (plan.tile, c))?;
    // Do limite mais curto ao mais longo: nenhuma espera passa do limite de outra.
    let chain = until(start + limits.short, chain)?;
    let primes = until(start + limits.long, primes)?;
    let picture = until(start + limits.long, picture)?;
    Ok(Arrived { primes, chain, picture })
}

/// A resposta do processo; nada, se o limite chegou antes. Descartado, ele morre.
fn until<R>(limit: Instant, mut process: Process<R>) -> Result<Heard<R>, Error>
where
    R: Serialize + DeserializeOwned,
{
    let left = limit.saturating_duration_since(Instant::now());
    let answer = match process.join_timeout(left) {
        Err(Error::TimedOut(_)) => None,
        answer => Some(answer?),
    };
    drop(process);
    Ok(Heard { answer, at: now() })
}
// ANCHOR_END: processes

// ANCHOR: pool
/// As três pelo mesmo pool, que tem um limite só.
pub fn by_pool(
    plan: Plan,
    notes: &[Note; 3],
    limit: Duration,
    workers: usize,
) -> Result<Arrived, Error> {
    let pool = Pool::builder().workers(workers).task_timeout(limit).build()?;
    let [a, b, c] = notes.clone();
    let primes = pool.apply_async(primes, (plan.numbers, a));
    let chain = pool.apply_async(chain, (plan.below, b));
    let picture = pool.apply_async(picture, (plan.tile, c));
    let (chain, primes) = (in_time(chain)?, in_time(primes)?);
    Ok(Arrived { primes, chain, picture: in_time(picture)? })
}

/// A resposta da tarefa; nada, se o pool a encerrou.
fn in_time<R>(answer: AsyncResult<R>) -> Result<Heard<R>, Error>
where
    R: Serialize + DeserializeOwned + 'static,
{
    let answer = match answer.get() {
        Err(Error::TaskTimedOut { .. }) => None,
        answer => Some(answer?),
    };
    Ok(Heard { answer, at: now() })
}
// ANCHOR_END: pool

/// O que uma maneira fez de uma vez.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Das duas tarefas que cabiam no limite delas, quantas responderam, e certo.
    pub right: usize,
    /// Quantas responderam errado, contando a que devia ser cancelada.
    pub wrong: usize,
    /// Quanto a que devia ser cancelada viveu, em vezes o limite dela.
    pub lived: f64,
    /// Uma faixa por tarefa: os primos, a cadeia, o desenho.
    pub spans: Vec<Span>,
}

/// Faz as três de uma maneira, e compara com as respostas certas.
pub fn attempt(
    model: &str,
    expected: &Answers,
    limits: Limits,
    way: impl FnOnce(&[Note; 3]) -> Result<Arrived, Error>,
) -> Result<Attempt, Error> {
    let (origin, notes) = (now(), [Note::new()?, Note::new()?, Note::new()?]);
    let Arrived { primes, chain, picture } = way(&notes)?;
    let verdicts = [
        primes.answer.map(|primes| primes == expected.primes.value),
        // Uma cadeia que chegasse teria feito em milissegundos o que leva dias.
        chain.answer.map(|_| false),
        picture.answer.map(|picture| picture == expected.picture.value),
    ];
    let answered =
        |right| verdicts.iter().filter(|verdict| **verdict == Some(right)).count();
    let ends = [primes.at, chain.at, picture.at];
    let lanes = notes.iter().zip(ends).enumerate();
    let lived = notes[1].start().map_or(0.0, |start| chain.at - start);
    Ok(Attempt {
        right: answered(true),
        wrong: answered(false),
        lived: lived / limits.short.as_secs_f64(),
        spans: lanes
            .filter_map(|(lane, (note, end))| note.span(model, lane, origin, end))
            .collect(),
    })
}

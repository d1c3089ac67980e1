//! Seis maneiras de somar 1 a um número que vários processos dividem.

use std::hint::black_box;
use std::sync::atomic::Ordering;

use licoes::measure::tally::Tally;
use licoes::measure::together::{self, elapsed};
use multiprocessamento::{Error, Lock, Semaphore, Value};
use serde::{Deserialize, Serialize};

/// As maneiras, pelos nomes que têm no registro. A primeira é a corrida; as outras, os consertos, e o último deles
/// é o que quase não compartilha.
pub const WAYS: [&str; 6] =
    ["load_store", "fetch_add", "value_update", "lock", "semaphore", "local_sum"];

/// Quantas somas por segundo cada maneira faz, por alto: serve para que todas levem tempos parecidos.
const PACE: [f64; 6] = [1e8, 4e7, 1e7, 2e6, 4e5, 4e8];

// ANCHOR: shared
/// O que os processos dividem. Atravessa como argumento, e do outro lado é o
/// mesmo.
#[derive(Clone, Serialize, Deserialize)]
struct Shared {
    total: Value<u64>,
    lock: Lock,
    semaphore: Semaphore,
}

/// Quantas vezes somar 1.
type Turn = (Shared, u64);
// ANCHOR_END: shared

// ANCHOR: load_store
fn load_store((shared, times): Turn) -> Result<(), Error> {
    for _ in 0..times {
        let before = shared.total.get();
        shared.total.set(before + 1);
    }
    Ok(())
}
// ANCHOR_END: load_store

// ANCHOR: atomics
fn fetch_add((shared, times): Turn) -> Result<(), Error> {
    for _ in 0..times {
        shared.total.cell().fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn value_update((shared, times): Turn) -> Result<(), Error> {
    for _ in 0..times {
        shared.total.update(|before| before + 1);
    }
    Ok(())
}
// ANCHOR_END: atomics

// ANCHOR: locks
fn lock((shared, times): Turn) -> Result<(), Error> {
    for _ in 0..times {
        let _mine = shared.lock.lock()?;
        shared.total.set(shared.total.get() + 1);
    }
    Ok(())
}

fn semaphore((shared, times): Turn) -> Result<(), Error> {
    for _ in 0..times {
        let _mine = shared.semaphore.acquire()?;
        shared.total.set(shared.total.get() + 1);
    }
    Ok(())
}
// ANCHOR_END: locks

// ANCHOR: local
fn local_sum((shared, times): Turn) -> Result<(), Error> {
    let mut mine = 0;
    for _ in 0..times {
        // Sem isto, o compilador trocaria o laço inteiro por `mine = times`.
        mine = black_box(mine) + 1;
    }
    shared.total.cell().fetch_add(mine, Ordering::Relaxed);
    Ok(())
}
// ANCHOR_END: local

/// O que cada maneira fez, na ordem de [`WAYS`], e o controle.
#[derive(Clone, Debug)]
pub struct Race {
    pub tallies: [Tally; WAYS.len()],
    /// Ler e escrever, um processo depois do outro: o mesmo laço, sem ninguém por perto.
    pub in_turn: Tally,
}

/// Corre todas `repetitions` vezes, alternadas, por cerca de `seconds` cada uma.
pub fn race(workers: usize, repetitions: usize, seconds: f64) -> Result<Race, Error> {
    let times = PACE.map(|pace| (pace * seconds / workers as f64).max(50.0) as u64);
    let expecting = |times: u64| Tally::expecting(workers as u64 * times);
    let mut race = Race { tallies: times.map(expecting), in_turn: expecting(times[0]) };
    for _ in 0..repetitions {
        let counts = [
            all_at_once(load_store, workers, times[0])?,
            all_at_once(fetch_add, workers, times[1])?,
            all_at_once(value_update, workers, times[2])?,
            all_at_once(lock, workers, times[3])?,
            all_at_once(semaphore, workers, times[4])?,
            all_at_once(local_sum, workers, times[5])?,
        ];
        race.tallies
            .iter_mut()
            .zip(counts)
            .for_each(|(tally, count)| tally.push(count));
        race.in_turn.push(one_by_one(workers, times[0])?);
    }
    Ok(race)
}

impl Shared {
    fn new() -> Result<Self, Error> {
        let (total, lock) = (Value::new(0)?, Lock::new()?);
        Ok(Shared { total, lock, semaphore: Semaphore::new(1)? })
    }
}

// ANCHOR: at_once
/// Todos somam ao mesmo tempo; devolve quanto o total vale no fim, e quanto levou.
fn all_at_once<F>(task: F, workers: usize, times: u64) -> Result<(u64, f64), Error>
where
    F: Fn(Turn) -> Result<(), Error> + Copy + Send + 'static,
{
    let shared = Shared::new()?;
    let pieces = together::processes(task, vec![(shared.clone(), times); workers])?;
    let seconds = elapsed(&pieces);
    pieces.into_iter().try_for_each(|piece| piece.value)?;
    Ok((shared.total.get(), seconds))
}
// ANCHOR_END: at_once

/// Cada processo só começa depois de o anterior terminar.
fn one_by_one(workers: usize, times: u64) -> Result<(u64, f64), Error> {
    let shared = Shared::new()?;
    let mut seconds = 0.0;
    for _ in 0..workers {
        let pieces = together::processes(load_store, vec![(shared.clone(), times)])?;
        seconds += elapsed(&pieces);
        pieces.into_iter().try_for_each(|piece| piece.value)?;
    }
    Ok((shared.total.get(), seconds))
}

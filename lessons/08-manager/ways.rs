//! Cinco maneiras de somar 1 a cada primo num total que vários dividem.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use licoes::load::workload::{count_primes, primes};
use licoes::measure::tally::Tally;
use licoes::measure::together::{self, elapsed};
use multiprocessamento::{Error, ManagedDict, Manager, Value};

/// Um dicionário que os processos dividem; nesta conta, todos somam na mesma chave.
pub type Total = ManagedDict<String, u64>;

type Slices = Vec<Range<u64>>;

/// As maneiras, pelos nomes que têm no registro, na ordem em que [`race`] as corre.
pub const WAYS: [&str; 5] =
    ["get_insert", "update", "slice_update", "shared_value", "mutex"];

// ANCHOR: get_insert
fn get_insert((slices, total): (Slices, Total)) -> Result<(), Error> {
    for _prime in slices.into_iter().flat_map(primes) {
        let before = total.get("primos")?.unwrap_or(0);
        total.insert("primos".to_owned(), before + 1)?;
    }
    Ok(())
}
// ANCHOR_END: get_insert

// ANCHOR: update
fn update((slices, total): (Slices, Total)) -> Result<(), Error> {
    for _prime in slices.into_iter().flat_map(primes) {
        total.update("primos", |before| before.unwrap_or(0) + 1)?;
    }
    Ok(())
}
// ANCHOR_END: update

// ANCHOR: slice_update
fn slice_update((slices, total): (Slices, Total)) -> Result<(), Error> {
    for slice in slices {
        let primes_here = count_primes(slice);
        total.update("primos", |before| before.unwrap_or(0) + primes_here)?;
    }
    Ok(())
}
// ANCHOR_END: slice_update

/// Corre as cinco `repetitions` vezes, alternadas; cada parte de `shares` é de um trabalhador.
pub fn race(
    manager: &Manager,
    shares: &[Slices],
    repetitions: usize,
) -> Result<[Tally; WAYS.len()], Error> {
    let expected = shares.iter().flatten().cloned().map(count_primes).sum();
    let mut tallies = WAYS.map(|_| Tally::expecting(expected));
    for _ in 0..repetitions {
        let counts = [
            served(manager, get_insert, shares)?,
            served(manager, update, shares)?,
            served(manager, slice_update, shares)?,
            in_memory(shares)?,
            between_threads(shares),
        ];
        tallies.iter_mut().zip(counts).for_each(|(tally, count)| tally.push(count));
    }
    Ok(tallies)
}

/// Um processo para cada parte; devolve quanto o total valia no fim, e quanto levou.
fn served<F>(manager: &Manager, task: F, shares: &[Slices]) -> Result<(u64, f64), Error>
where
    F: Fn((Slices, Total)) -> Result<(), Error> + Copy + Send + 'static,
{
    let total: Total = manager.dict()?;
    let pieces = together::processes(task, with(shares, &total))?;
    let seconds = elapsed(&pieces);
    pieces.into_iter().try_for_each(|piece| piece.value)?;
    Ok((total.get("primos")?.unwrap_or(0), seconds))
}

fn in_memory(shares: &[Slices]) -> Result<(u64, f64), Error> {
    let total = Value::new(0_u64)?;
    let task = |(slices, total): (Slices, Value<u64>)| {
        for _prime in slices.into_iter().flat_map(primes) {
            total.update(|before| before + 1);
        }
    };
    let pieces = together::processes(task, with(shares, &total))?;
    Ok((total.get(), elapsed(&pieces)))
}

fn between_threads(shares: &[Slices]) -> (u64, f64) {
    let total = Mutex::new(0_u64);
    let task = |slices: Slices| {
        for _prime in slices.into_iter().flat_map(primes) {
            *total.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
    };
    let pieces = together::threads(task, shares.to_vec());
    (total.into_inner().unwrap_or_else(PoisonError::into_inner), elapsed(&pieces))
}

fn with<T: Clone>(shares: &[Slices], total: &T) -> Vec<(Slices, T)> {
    shares.iter().map(|slices| (slices.clone(), total.clone())).collect()
}

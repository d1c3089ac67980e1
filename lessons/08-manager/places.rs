//! O mesmo valor em três lugares que vários trabalhadores usam, e quanto custa usá-lo em cada um.
//!
//! Servido por um [`Manager`], que é outro processo; na memória compartilhada, que é dos processos todos; e atrás
//! de um `Mutex`, que só as threads de um processo podem dividir.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use licoes::measure::together;
use licoes::measure::trace::Piece;
use multiprocessamento::{Error, ManagedCounter, Manager, SharedArray, Value};
use registro::stats::{Estimate, median};

use crate::price::per_operation;

/// Uma medida de cada lugar, com o identificador dele nos registros.
pub type InEach<T> = [(&'static str, T); 3];

/// Quanto leva somar 1, em segundos, quando ninguém mais soma.
///
/// # Erros
///
/// Os do [`Manager`], ou os do sistema que recusou a memória.
pub fn adding(
    manager: &Manager,
    repetitions: usize,
    batch: u32,
) -> Result<InEach<Estimate>, Error> {
    let (counter, value, mutex) =
        (manager.counter()?, Value::new(0_u64)?, Mutex::new(0_u64));
    let add_behind_mutex = || {
        let mut number = lock(&mutex);
        *number += 1;
        Ok(*number)
    };
    Ok(in_each(
        per_operation(repetitions, batch, || counter.add(1))?,
        sure(per_operation(repetitions, batch, || Ok(value.update(|n| n + 1)))),
        sure(per_operation(repetitions, batch, add_behind_mutex)),
    ))
}

/// Quanto leva obter uma cópia de um valor de `size` bytes, em segundos.
///
/// # Erros
///
/// Os de [`adding`].
pub fn copying(
    manager: &Manager,
    size: u32,
    repetitions: usize,
    batch: u32,
) -> Result<InEach<Estimate>, Error> {
    let size = size as usize;
    let value = vec![7_u8; size];
    let (dict, shared) = (
        manager.dict::<String, Vec<u8>>()?,
        SharedArray::<u64>::new(size.div_ceil(8))?,
    );
    dict.insert("valor".to_owned(), value.clone())?;
    let mutex = Mutex::new(HashMap::from([("valor", value)]));
    Ok(in_each(
        per_operation(repetitions, batch, || dict.get("valor"))?,
        sure(per_operation(repetitions, batch, || Ok(shared.to_vec()))),
        sure(per_operation(repetitions, batch, || Ok(lock(&mutex)["valor"].clone()))),
    ))
}

/// Quantas somas por segundo cabem em cada lugar, quando `workers` trabalhadores somam sem parar, `times` vezes
/// cada um: a mediana de `repetitions`. Com o [`Manager`] e a memória compartilhada são processos; com o `Mutex`, threads.
///
/// # Erros
///
/// Os de [`adding`], ou um processo que não pôde ser criado.
pub fn adding_at_once(
    manager: &Manager,
    workers: usize,
    times: u32,
    repetitions: usize,
) -> Result<InEach<f64>, Error> {
    let rates = (0..repetitions).map(|_| add_at_once(manager, workers, times));
    let rates = rates.collect::<Result<Vec<_>, Error>>()?;
    let middle = |place: usize| {
        median(&rates.iter().map(|rate| rate[place].1).collect::<Vec<_>>())
    };
    Ok(in_each(middle(0), middle(1), middle(2)))
}

fn add_at_once(
    manager: &Manager,
    workers: usize,
    times: u32,
) -> Result<InEach<f64>, Error> {
    let (counter, value, mutex) =
        (manager.counter()?, Value::new(0_u64)?, Mutex::new(0_u64));
    // Uma operação na memória é centenas de vezes mais curta: com as mesmas poucas, o tempo seria o da largada.
    let many = times.saturating_mul(200);
    let by_manager = |(counter, times): (ManagedCounter, u32)| -> Result<(), Error> {
        (0..times).try_for_each(|_| counter.add(1).map(drop))
    };
    let in_memory = |(value, times): (Value<u64>, u32)| {
        for _ in 0..times {
            value.update(|n| n + 1);
        }
    };
    let between_threads = |times: u32| (0..times).for_each(|_| *lock(&mutex) += 1);
    let served = together::processes(by_manager, vec![(counter, times); workers])?;
    let served_rate = rate(&served, times);
    served.into_iter().try_for_each(|piece| piece.value)?;
    Ok(in_each(
        served_rate,
        rate(&together::processes(in_memory, vec![(value, many); workers])?, many),
        rate(&together::threads(between_threads, vec![many; workers]), many),
    ))
}

fn in_each<T>(manager: T, shared: T, mutex: T) -> InEach<T> {
    [("manager", manager), ("shared_value", shared), ("mutex", mutex)]
}

fn rate<R>(pieces: &[Piece<R>], times: u32) -> f64 {
    pieces.len() as f64 * f64::from(times) / together::elapsed(pieces)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// O que não pode falhar, sem o `Result`.
fn sure<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
    }
}

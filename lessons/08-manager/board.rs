//! Um dicionário que uns processos enchem e outro lê, e o que cada um tem dele na mão.

use std::ops::Range;

use licoes::load::model::hands;
use licoes::load::workload::count_primes;
use multiprocessamento::{Error, ManagedDict, Manager, Process, Value};

use crate::claims::{Board, Notes};
use crate::ways::Total;

// ANCHOR: board
/// Anota no dicionário quantos primos há em cada fatia, e devolve o que anotou.
fn annotate(
    (slices, board): (Vec<(usize, Range<u64>)>, Total),
) -> Result<Notes, Error> {
    let annotate_one = |(number, slice)| {
        let (key, primes) = (format!("fatia {number}"), count_primes(slice));
        board.insert(key.clone(), primes)?;
        Ok((key, primes))
    };
    slices.into_iter().map(annotate_one).collect()
}

/// Lê tudo o que os outros anotaram, e deixa a soma.
fn bear_witness(board: Total) -> Result<Notes, Error> {
    let seen: Notes = board.items()?.into_iter().collect();
    board.insert("soma".to_owned(), seen.values().sum())?;
    Ok(seen)
}
// ANCHOR_END: board

/// Um processo para cada parte das fatias anota; outro, que não anotou nada, lê e soma.
pub fn fill(
    manager: &Manager,
    slices: &[Range<u64>],
    workers: usize,
    primes: u64,
) -> Result<Board, Error> {
    let board: Total = manager.dict()?;
    let numbered: Vec<_> = slices.iter().cloned().enumerate().collect();
    let writers: Vec<_> = hands(&numbered, workers)
        .map(|hand| Process::start(annotate, (hand, board.clone())))
        .collect::<Result<_, _>>()?;
    let pids = writers.iter().map(Process::pid).collect();
    let mut written = Notes::new();
    for writer in writers {
        written.extend(writer.join()??);
    }
    let seen_here = board.items()?.into_iter().collect();
    let witness = Process::start(bear_witness, board.clone())?;
    Ok(Board {
        here: std::process::id(),
        server: manager.pid(),
        writers: pids,
        witness: witness.pid(),
        written,
        seen_here,
        seen_by_witness: witness.join()??,
        sum: board.get("soma")?,
        primes,
    })
}

// ANCHOR: copies
/// Duas leituras da mesma chave, e uma terceira depois de mudar a primeira.
fn read_thrice(dict: &ManagedDict<String, Vec<u64>>) -> Result<[Vec<u64>; 3], Error> {
    dict.insert("finais".to_owned(), vec![1, 3, 7, 9])?;
    let mut first = dict.get("finais")?.unwrap_or_default();
    let second = dict.get("finais")?.unwrap_or_default();
    first.push(5);
    let third = dict.get("finais")?.unwrap_or_default();
    Ok([first, second, third])
}
// ANCHOR_END: copies

/// O que acontece a uma leitura, e ao dicionário, quando outra leitura muda.
pub fn read_and_change(manager: &Manager) -> Result<String, Error> {
    let [first, second, third] = read_thrice(&manager.dict()?)?;
    Ok(format!(
        "Duas leituras da mesma chave são duas cópias, nos endereços {:p} e {:p}.\n\
         Pus um item na primeira, que ficou com {}; a segunda tem {}, e o dicionário, {}.",
        first.as_ptr(),
        second.as_ptr(),
        first.len(),
        second.len(),
        third.len(),
    ))
}

/// O que resta de um dicionário, e de um número na memória compartilhada, sem o servidor.
pub fn outlive(manager: Manager) -> Result<String, Error> {
    let (dict, value): (Total, _) = (manager.dict()?, Value::new(4_u64)?);
    dict.insert("primos".to_owned(), 4)?;
    drop(manager);
    let answer = match dict.get("primos") {
        Ok(primes) => format!("{primes:?}"),
        Err(error) => format!("«{error}»"),
    };
    Ok(format!(
        "\nTerminado o servidor, o dicionário responde {answer}; o Value, que não tem servidor, vale {}.",
        value.get()
    ))
}

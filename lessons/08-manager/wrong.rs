//! Respostas erradas ao exercício 8.

#[path = "check.rs"]
mod check;

use std::ops::Range;

use check::{Placar, um_a_um};
use licoes::load::workload::primes;
use multiprocessamento::{Error, Pool};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "8-le-e-depois-escreve",
        main: || {
            check::check(|slices, workers, board| {
                in_a_pool(read_then_write, slices, workers, board)
            })
        },
        loses: "nenhuma soma se perde",
    },
    Wrong {
        name: "8-um-update-por-primo",
        main: || {
            check::check(|slices, workers, board| {
                in_a_pool(um_a_um, slices, workers, board)
            })
        },
        loses: "cada fatia leva cada final",
    },
    Wrong {
        name: "8-tudo-aqui",
        main: || {
            check::check(|slices, _, board| {
                slices.into_iter().try_for_each(|slice| merge((slice, board.clone())))
            })
        },
        loses: "os processos repartem a conta",
    },
    Wrong {
        name: "8-um-processo-so",
        main: || check::check(|slices, _, board| in_a_pool(merge, slices, 1, board)),
        loses: "os processos repartem a conta",
    },
];

type Task = (Range<u64>, Placar);

fn in_a_pool(
    task: impl Fn(Task) -> Result<(), Error> + Copy + Send + 'static,
    slices: Vec<Range<u64>>,
    workers: usize,
    board: &Placar,
) -> Result<(), Error> {
    let tasks = slices.into_iter().map(|slice| (slice, board.clone()));
    Pool::new(workers)?.chunk_size(1)?.map(task, tasks)?.into_iter().collect()
}

fn endings(slice: Range<u64>) -> impl Iterator<Item = (u64, u64)> {
    let mut endings = [0; 10];
    primes(slice).for_each(|prime| endings[(prime % 10) as usize] += 1);
    (0..).zip(endings).filter(|(_, count)| *count > 0)
}

fn read_then_write((slice, board): Task) -> Result<(), Error> {
    endings(slice)
        .try_for_each(|(digit, count)| board.insert(digit, board.get(digit)? + count))
}

fn merge((slice, board): Task) -> Result<(), Error> {
    endings(slice).try_for_each(|(digit, count)| {
        board.update(digit, |before| before + count).map(drop)
    })
}

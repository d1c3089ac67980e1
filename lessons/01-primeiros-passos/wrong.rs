//! Respostas erradas ao exercício 1.

#[path = "check.rs"]
mod check;

use check::Visita;
use multiprocessamento::{Error, Pool};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "1-sem-o-pool",
        main: || check::check(without_the_pool),
        loses: "as contas são feitas pelos processos do pool",
    },
    Wrong {
        name: "1-fora-de-ordem",
        main: || check::check(sorted),
        loses: "na ordem dos números",
    },
];

fn visit(x: u64) -> Visita {
    Visita { quadrado: x * x, pid: std::process::id() }
}

fn without_the_pool(_pool: &Pool, numbers: Vec<u64>) -> Result<Vec<Visita>, Error> {
    Ok(numbers.into_iter().map(visit).collect())
}

fn sorted(pool: &Pool, numbers: Vec<u64>) -> Result<Vec<Visita>, Error> {
    let mut visits = pool.map(visit, numbers)?;
    visits.sort_by_key(|visit| visit.quadrado);
    Ok(visits)
}

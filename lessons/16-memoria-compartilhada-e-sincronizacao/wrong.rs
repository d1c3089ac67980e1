//! Respostas erradas ao exercício 16.

#[path = "check.rs"]
mod check;

use check::{Cinema, com_corrida};
use multiprocessamento::Error;

use super::Wrong;

const ONCE: &str = "cada assento uma vez só";

pub(super) const WRONG: &[Wrong] = &[
    Wrong { name: "16-sem-trava", main: || check::check(com_corrida), loses: ONCE },
    Wrong {
        name: "16-solta-na-mesma-linha",
        main: || check::check(let_go),
        loses: ONCE,
    },
    Wrong {
        name: "16-trava-so-para-escrever",
        main: || check::check(too_late),
        loses: ONCE,
    },
    Wrong {
        name: "16-imprime-com-a-trava",
        main: || check::check(too_long),
        loses: "os bilhetes se imprimem ao mesmo tempo",
    },
    Wrong {
        name: "16-esquece-a-trava-fechada",
        main: || check::check(never_lets_go),
        loses: "uma bilheteria só",
    },
];

type Seat = Result<Option<usize>, Error>;

/// Uma trava sem nome se solta na linha em que foi pega.
fn let_go(cinema: &Cinema, customer: u32) -> Seat {
    let _ = cinema.trava.lock()?;
    com_corrida(cinema, customer)
}

/// Olha antes de pegar a trava.
fn too_late(cinema: &Cinema, customer: u32) -> Seat {
    let Some(seat) = cinema.livre() else { return Ok(None) };
    let held = cinema.trava.lock()?;
    cinema.ocupar(seat, customer);
    drop(held);
    cinema.imprimir(seat);
    Ok(Some(seat))
}

/// Só solta a trava depois de imprimir.
fn too_long(cinema: &Cinema, customer: u32) -> Seat {
    let _held = cinema.trava.lock()?;
    com_corrida(cinema, customer)
}

fn never_lets_go(cinema: &Cinema, customer: u32) -> Seat {
    std::mem::forget(cinema.trava.lock()?);
    com_corrida(cinema, customer)
}

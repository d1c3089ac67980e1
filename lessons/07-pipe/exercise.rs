//! Exercício 7: pingue-pongue entre dois processos.
//!
//! Complete `jogar` e `pingue_pongue` e confira com `cargo run --bin lesson-7 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use check::{Bola, rebater};
use multiprocessamento::{Connection, Error, Process, init, pipe};

fn main() -> std::process::ExitCode {
    init();
    check::check(pingue_pongue)
}

/// O que o adversário faz, no processo dele: rebate cada bola que chega, até ninguém mais jogar.
fn jogar(mesa: Connection<Bola, Bola>) -> Result<(), Error> {
    todo!("receba, rebata, devolva, até o fim")
}

/// A bola depois de `rebatidas`: a primeira é do adversário, a segunda deste processo, e assim por diante.
///
/// `rebater(bola)` rebate; `bola.rebatidas()` diz quantas já foram.
fn pingue_pongue(rebatidas: usize) -> Result<Bola, Error> {
    todo!("abra o canal, chame o adversário, jogue, e deixe-o terminar")
}

//! Exercício 10: pôr outro processo no lugar do que falhou.
//!
//! Complete `insistir` e confira com `cargo run --bin lesson-10 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use std::time::Duration;

use check::{Pedido, instavel};
use multiprocessamento::{Error, Process, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(insistir)
}

/// Roda `instavel(pedido)` num processo. Se ele morre, ou não termina em `limite`, outro
/// toma o lugar, até `vezes` processos ao todo e um por vez. Se nenhum responde, volta o
/// erro do último.
///
/// Um pânico não se repete: volta na hora.
fn insistir(pedido: Pedido, vezes: usize, limite: Duration) -> Result<u64, Error> {
    todo!("um processo; se ele morrer ou travar, outro")
}

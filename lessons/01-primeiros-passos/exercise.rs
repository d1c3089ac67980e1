//! Exercício 1: uma lista, uma função, um pool.
//!
//! Complete `visitar_todos` e confira com `cargo run --bin lesson-1 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use check::Visita;
use multiprocessamento::{Error, Pool, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(visitar_todos)
}

/// O quadrado de `x`, e o número do processo que fez a conta.
fn visitar(x: u64) -> Visita {
    Visita { quadrado: x * x, pid: std::process::id() }
}

/// As visitas a todos os `numeros`, na ordem deles, feitas pelos processos de `pool`.
fn visitar_todos(pool: &Pool, numeros: Vec<u64>) -> Result<Vec<Visita>, Error> {
    todo!("chame o pool")
}

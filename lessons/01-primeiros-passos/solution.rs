//! Exercício 1, uma solução.

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

// ANCHOR: solution
/// As visitas a todos os `numeros`, na ordem deles, feitas pelos processos de `pool`.
fn visitar_todos(pool: &Pool, numeros: Vec<u64>) -> Result<Vec<Visita>, Error> {
    pool.map(visitar, numeros)
}
// ANCHOR_END: solution

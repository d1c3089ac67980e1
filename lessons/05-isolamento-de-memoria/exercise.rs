//! Exercício 5: rodar uma função arriscada sem arriscar o programa.
//!
//! Complete `sem_risco` e confira com `cargo run --bin lesson-5 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use std::time::Duration;

use check::{Desfecho, Pedido, arriscada};
use multiprocessamento::{Process, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(sem_risco)
}

/// Roda `arriscada` para cada pedido, todos ao mesmo tempo, e devolve um desfecho para
/// cada um, na ordem dos pedidos. Quem não terminou `limite` depois do começo é encerrado.
///
/// `arriscada(pedido)` devolve uma `Resposta`. Ou entra em pânico, sai do programa, aborta, trava.
fn sem_risco(pedidos: Vec<Pedido>, limite: Duration) -> Vec<Desfecho> {
    todo!("um processo por pedido; depois, um desfecho por processo")
}

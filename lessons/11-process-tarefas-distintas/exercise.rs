//! Exercício 11: três tarefas distintas, e uma delas tem que ser cancelada.
//!
//! Complete `tres_tarefas` e confira com `cargo run --bin lesson-11 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use check::{Limites, Pedido, Relatorio, cadeia, fundo, primos};
use multiprocessamento::{Error, Process, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(tres_tarefas)
}

/// Roda as três ao mesmo tempo, cada uma no seu processo, e conta o que se soube delas.
///
/// `primos(pedido)` e `cadeia(pedido)` têm cada uma o seu limite, a partir do começo; a
/// que passa dele é encerrada, e fica `None`. `fundo(pedido)` não termina sozinha: roda
/// com *nice* 10, e é encerrada quando já se sabe das outras.
fn tres_tarefas(pedido: Pedido, limites: Limites) -> Result<Relatorio, Error> {
    todo!("três processos; duas esperas; um fim")
}

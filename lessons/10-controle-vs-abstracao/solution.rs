//! Exercício 10, uma solução.

mod check;

use std::time::Duration;

use check::{Pedido, instavel};
use multiprocessamento::{Error, Process, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(insistir)
}

// ANCHOR: solution
/// Roda `instavel(pedido)` num processo. Se ele morre, ou não termina em `limite`, outro
/// toma o lugar, até `vezes` processos ao todo e um por vez. Se nenhum responde, volta o
/// erro do último.
///
/// Um pânico não se repete: volta na hora.
fn insistir(pedido: Pedido, vezes: usize, limite: Duration) -> Result<u64, Error> {
    let mut ultimo = Error::TimedOut(limite);
    for _ in 0..vezes {
        let mut processo = Process::start(instavel, pedido.clone())?;
        match processo.join_timeout(limite) {
            Err(erro @ (Error::WorkerDied { .. } | Error::TimedOut(_))) => {
                ultimo = erro
            }
            desfecho => return desfecho,
        }
        // Aqui `processo` é descartado: o que travou morre antes de o próximo nascer.
    }
    Err(ultimo)
}
// ANCHOR_END: solution

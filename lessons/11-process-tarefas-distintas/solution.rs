//! Exercício 11, uma solução.

mod check;

use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use check::{Limites, Pedido, Relatorio, cadeia, fundo, primos};
use multiprocessamento::{Error, Process, init};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn main() -> std::process::ExitCode {
    init();
    check::check(tres_tarefas)
}

// ANCHOR: solution
/// Roda as três ao mesmo tempo, cada uma no seu processo, e conta o que se soube delas.
///
/// `primos(pedido)` e `cadeia(pedido)` têm cada uma o seu limite, a partir do começo; a
/// que passa dele é encerrada, e fica `None`. `fundo(pedido)` não termina sozinha: roda
/// com *nice* 10, e é encerrada quando já se sabe das outras.
fn tres_tarefas(pedido: Pedido, limites: Limites) -> Result<Relatorio, Error> {
    let mut fundo = Process::builder().nice(10).start(fundo, pedido.clone())?;
    let primos = Process::start(primos, pedido.clone())?;
    let cadeia = Process::start(cadeia, pedido)?;
    // Duas esperas ao mesmo tempo: nenhuma atrasa o limite da outra.
    let (primos, cadeia) = thread::scope(|escopo| {
        let primos = escopo.spawn(|| ate(limites.primos, primos));
        let cadeia = ate(limites.cadeia, cadeia);
        (primos.join().unwrap_or_else(|panico| resume_unwind(panico)), cadeia)
    });
    fundo.terminate();
    let _ = fundo.join_timeout(Duration::from_secs(1)); // o fim dela, e não uma resposta
    Ok(Relatorio { primos: primos?, cadeia: cadeia?, fundo: fundo.exit_status() })
}

/// A resposta do processo; nada, se o limite chegou antes. Então ele morre aqui,
/// ao ser descartado.
fn ate<R>(limite: Duration, mut processo: Process<R>) -> Result<Option<R>, Error>
where
    R: Serialize + DeserializeOwned,
{
    match processo.join_timeout(limite) {
        Err(Error::TimedOut(_)) => Ok(None),
        resposta => resposta.map(Some),
    }
}
// ANCHOR_END: solution

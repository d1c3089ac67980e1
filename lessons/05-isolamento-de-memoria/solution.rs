//! Exercício 5, uma solução.

mod check;

use std::time::{Duration, Instant};

use check::{Desfecho, Pedido, arriscada};
use multiprocessamento::{Error, Process, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(sem_risco)
}

// ANCHOR: solution
/// Roda `arriscada` para cada pedido, todos ao mesmo tempo, e devolve um desfecho para
/// cada um, na ordem dos pedidos. Quem não terminou `limite` depois do começo é encerrado.
fn sem_risco(pedidos: Vec<Pedido>, limite: Duration) -> Vec<Desfecho> {
    let fim = Instant::now() + limite;
    let mut processos = Vec::new();
    for pedido in pedidos {
        processos.push(Process::start(arriscada, pedido));
    }
    let mut desfechos = Vec::new();
    for processo in processos {
        let resta = fim.saturating_duration_since(Instant::now());
        // O processo que não respondeu a tempo é morto quando `and_then` o descarta.
        let resposta = processo.and_then(|mut processo| processo.join_timeout(resta));
        desfechos.push(match resposta {
            Ok(resposta) => Desfecho::Respondeu(resposta),
            Err(Error::TimedOut(_)) => Desfecho::Demorou,
            Err(erro) => Desfecho::Falhou(erro),
        });
    }
    desfechos
}
// ANCHOR_END: solution

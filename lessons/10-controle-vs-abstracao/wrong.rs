//! Respostas erradas ao exercício 10.

#[path = "check.rs"]
mod check;

use std::time::Duration;

use check::{Pedido, instavel};
use multiprocessamento::{Error, Process};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "10-espera-para-sempre",
        main: || check::check(patient),
        loses: "quem trava é encerrado",
    },
    Wrong {
        name: "10-insiste-no-panico",
        main: || check::check(stubborn),
        loses: "um pânico daria no mesmo",
    },
    Wrong {
        name: "10-uma-vez-a-mais",
        main: || check::check(generous),
        loses: "acabadas as vezes",
    },
    Wrong {
        name: "10-deixa-o-anterior-rodando",
        main: || check::check(crowded),
        loses: "nunca há dois processos ao mesmo tempo",
    },
    Wrong {
        name: "10-roda-aqui",
        main: || check::check(|request, _, _| Ok(instavel(request))),
        loses: "fora do",
    },
];

/// Espera cada processo quanto for preciso.
fn patient(request: Pedido, times: usize, limit: Duration) -> Result<u64, Error> {
    let mut last = Error::TimedOut(limit);
    for _ in 0..times {
        match Process::start(instavel, request.clone())?.join() {
            Err(error @ Error::WorkerDied { .. }) => last = error,
            outcome => return outcome,
        }
    }
    Err(last)
}

/// Começa outro depois de qualquer erro.
fn stubborn(request: Pedido, times: usize, limit: Duration) -> Result<u64, Error> {
    let mut last = Error::TimedOut(limit);
    for _ in 0..times {
        match Process::start(instavel, request.clone())?.join_timeout(limit) {
            Ok(primes) => return Ok(primes),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Conta as novas tentativas, e não os processos.
fn generous(request: Pedido, times: usize, limit: Duration) -> Result<u64, Error> {
    let mut left = times;
    loop {
        match Process::start(instavel, request.clone())?.join_timeout(limit) {
            Err(Error::WorkerDied { .. } | Error::TimedOut(_)) if left > 0 => left -= 1,
            outcome => return outcome,
        }
    }
}

/// Guarda todos até o fim: o que travou segue rodando ao lado do seguinte.
fn crowded(request: Pedido, times: usize, limit: Duration) -> Result<u64, Error> {
    let (mut started, mut last) = (Vec::new(), Error::TimedOut(limit));
    for _ in 0..times {
        let mut process = Process::start(instavel, request.clone())?;
        let outcome = process.join_timeout(limit);
        started.push(process);
        match outcome {
            Err(error @ (Error::WorkerDied { .. } | Error::TimedOut(_))) => {
                last = error
            }
            outcome => return outcome,
        }
    }
    Err(last)
}

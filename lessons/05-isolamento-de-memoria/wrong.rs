//! Respostas erradas ao exercício 5.

#[path = "check.rs"]
mod check;

use std::panic::catch_unwind;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use check::{Desfecho, Pedido, Resposta, arriscada};
use multiprocessamento::{Error, Process};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "5-pega-o-panico",
        main: || check::check(catching),
        loses: "um pânico, um exit e um abort",
    },
    Wrong {
        name: "5-espera-para-sempre",
        main: || check::check(patient),
        loses: "quem trava é encerrado",
    },
    Wrong {
        name: "5-um-limite-por-vez",
        main: || check::check(one_by_one),
        loses: "quem trava é encerrado",
    },
    Wrong {
        name: "5-deixa-rodando",
        main: || check::check(forgetful),
        loses: "nenhum processo fica rodando",
    },
];

fn outcome(answer: Result<Resposta, Error>) -> Desfecho {
    match answer {
        Ok(answer) => Desfecho::Respondeu(answer),
        Err(Error::TimedOut(_)) => Desfecho::Demorou,
        Err(error) => Desfecho::Falhou(error),
    }
}

/// Segura os pânicos, no programa principal.
fn catching(requests: Vec<Pedido>, _limit: Duration) -> Vec<Desfecho> {
    let run =
        |request| catch_unwind(|| arriscada(request)).map_err(|_| Error::Terminated);
    requests.into_iter().map(|request| outcome(run(request))).collect()
}

/// Espera cada processo quanto for preciso.
fn patient(requests: Vec<Pedido>, _limit: Duration) -> Vec<Desfecho> {
    let processes: Vec<_> = requests
        .into_iter()
        .map(|request| Process::start(arriscada, request))
        .collect();
    processes
        .into_iter()
        .map(|process| outcome(process.and_then(Process::join)))
        .collect()
}

/// Dá a cada processo o limite inteiro, a partir de quando passa a esperar por ele.
fn one_by_one(requests: Vec<Pedido>, limit: Duration) -> Vec<Desfecho> {
    let processes: Vec<_> = requests
        .into_iter()
        .map(|request| Process::start(arriscada, request))
        .collect();
    let wait = |process: Result<Process<_>, Error>| {
        process.and_then(|mut one| one.join_timeout(limit))
    };
    processes.into_iter().map(|process| outcome(wait(process))).collect()
}

/// Para de esperar pelo processo, e o deixa com uma thread que ninguém encerra.
fn forgetful(requests: Vec<Pedido>, limit: Duration) -> Vec<Desfecho> {
    let start = |request| {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            sender.send(Process::start(arriscada, request).and_then(Process::join))
        });
        receiver
    };
    let receivers: Vec<_> = requests.into_iter().map(start).collect();
    let deadline = Instant::now() + limit;
    let wait = |receiver: mpsc::Receiver<_>| {
        let left = deadline.saturating_duration_since(Instant::now());
        receiver.recv_timeout(left).unwrap_or(Err(Error::TimedOut(limit)))
    };
    receivers.into_iter().map(|receiver| outcome(wait(receiver))).collect()
}

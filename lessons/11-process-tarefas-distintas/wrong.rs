//! Respostas erradas ao exercício 11.

#[path = "check.rs"]
mod check;

use std::time::{Duration, Instant};

use check::{Limites, Pedido, Relatorio, cadeia, fundo, primos};
use multiprocessamento::{Error, Process};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "11-uma-depois-da-outra",
        main: || check::check(in_sequence),
        loses: "as três rodam ao mesmo tempo",
    },
    Wrong {
        name: "11-um-limite-para-as-duas",
        main: || {
            check::check(|request, limits| {
                side_by_side(request, [limits.primos; 2], 10, false)
            })
        },
        loses: "cada limite é o da sua tarefa",
    },
    Wrong {
        name: "11-um-limite-depois-do-outro",
        main: || {
            check::check(|request, limits| {
                side_by_side(request, both(limits), 10, false)
            })
        },
        loses: "cada limite é o da sua tarefa",
    },
    Wrong {
        name: "11-esquece-a-prioridade",
        main: || {
            check::check(|request, limits| {
                side_by_side(request, both(limits), 0, false)
            })
        },
        loses: "só a de fundo cede a vez",
    },
    Wrong {
        name: "11-encerra-cedo",
        main: || {
            check::check(|request, limits| {
                side_by_side(request, both(limits), 10, true)
            })
        },
        loses: "a de fundo é encerrada quando",
    },
    Wrong {
        name: "11-espera-a-de-fundo",
        main: || check::check(patient),
        loses: "as duas contas chegam",
    },
];

fn both(limits: Limites) -> [Duration; 2] {
    [limits.primos, limits.cadeia]
}

/// A resposta que chega até `deadline`.
fn until<R>(deadline: Instant, mut process: Process<R>) -> Result<Option<R>, Error>
where
    R: Serialize + DeserializeOwned,
{
    match process.join_timeout(deadline.saturating_duration_since(Instant::now())) {
        Err(Error::TimedOut(_)) => Ok(None),
        answer => answer.map(Some),
    }
}

/// Começa uma quando a outra acaba.
fn in_sequence(request: Pedido, limits: Limites) -> Result<Relatorio, Error> {
    let mut background = Process::builder().nice(10).start(fundo, request.clone())?;
    let primes = Process::start(primos, request.clone())?;
    let primes = until(Instant::now() + limits.primos, primes)?;
    let chain = Process::start(cadeia, request)?;
    let chain = until(Instant::now() + limits.cadeia, chain)?;
    background.terminate();
    let _ = background.join_timeout(Duration::from_secs(1));
    Ok(Relatorio { primos: primes, cadeia: chain, fundo: background.exit_status() })
}

/// As três juntas; espera pelos primos, e só depois olha a cadeia.
fn side_by_side(
    request: Pedido,
    [primes_limit, chain_limit]: [Duration; 2],
    nice: i32,
    hasty: bool,
) -> Result<Relatorio, Error> {
    let start = Instant::now();
    let mut background = Process::builder().nice(nice).start(fundo, request.clone())?;
    let primes = Process::start(primos, request.clone())?;
    let chain = Process::start(cadeia, request)?;
    if hasty {
        std::thread::sleep(Duration::from_millis(50));
        background.terminate();
    }
    let primes = until(start + primes_limit, primes)?;
    let chain = until(start + chain_limit, chain)?;
    background.terminate();
    let _ = background.join_timeout(Duration::from_secs(1));
    Ok(Relatorio { primos: primes, cadeia: chain, fundo: background.exit_status() })
}

/// Espera que a de fundo termine.
fn patient(request: Pedido, limits: Limites) -> Result<Relatorio, Error> {
    let background = Process::builder().nice(10).start(fundo, request.clone())?;
    let primes = Process::start(primos, request.clone())?;
    let chain = Process::start(cadeia, request)?;
    background.join()?;
    let start = Instant::now();
    Ok(Relatorio {
        primos: until(start + limits.primos, primes)?,
        cadeia: until(start + limits.cadeia, chain)?,
        fundo: None,
    })
}

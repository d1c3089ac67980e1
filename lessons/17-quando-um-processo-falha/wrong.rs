//! Respostas erradas ao exercício 17.

#[path = "check.rs"]
mod check;

use check::{Pedido, Resposta, fragil};
use multiprocessamento::{Error, Pool};

use super::Wrong;

const POISON: &str = "de quem sempre mata se desiste";

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "17-um-desfecho-para-todos",
        main: || check::check(all_or_nothing),
        loses: POISON,
    },
    Wrong {
        name: "17-nao-repete",
        main: || check::check(never_again),
        loses: "quem morreu uma vez é refeito",
    },
    Wrong {
        name: "17-insiste-para-sempre",
        main: || check::check(stubborn),
        loses: POISON,
    },
    Wrong {
        name: "17-refaz-tudo",
        main: || check::check(from_the_start),
        loses: "só se refaz o que se perdeu",
    },
    Wrong { name: "17-um-bloco-so", main: || check::check(one_chunk), loses: POISON },
    Wrong {
        name: "17-um-processo-so",
        main: || check::check(|requests, _, retries| one_by_one(requests, 1, retries)),
        loses: "os processos repartem o trabalho",
    },
];

type Outcomes = Result<Vec<Result<Resposta, Error>>, Error>;

fn pool(workers: usize, retries: usize) -> Result<Pool, Error> {
    Pool::builder().workers(workers).retries(retries).build()
}

fn one_by_one(requests: Vec<Pedido>, workers: usize, retries: usize) -> Outcomes {
    Ok(pool(workers, retries)?.imap(fragil, requests).collect())
}

/// A primeira falha é a resposta de todos.
fn all_or_nothing(requests: Vec<Pedido>, workers: usize, retries: usize) -> Outcomes {
    Ok(pool(workers, retries)?.map(fragil, requests)?.into_iter().map(Ok).collect())
}

fn never_again(requests: Vec<Pedido>, workers: usize, _retries: usize) -> Outcomes {
    one_by_one(requests, workers, 0)
}

/// Refaz o que falta até não faltar nada.
fn stubborn(requests: Vec<Pedido>, workers: usize, _retries: usize) -> Outcomes {
    let mut outcomes = one_by_one(requests.clone(), workers, 0)?;
    while let Some(missing) = outcomes.iter().position(Result::is_err) {
        outcomes[missing] = pool(workers, 0)?.apply(fragil, requests[missing].clone());
    }
    Ok(outcomes)
}

/// Se algo se perdeu, começa de novo.
fn from_the_start(requests: Vec<Pedido>, workers: usize, retries: usize) -> Outcomes {
    let mut outcomes = one_by_one(requests.clone(), workers, 0)?;
    for _ in 0..retries {
        if outcomes.iter().any(Result::is_err) {
            outcomes = one_by_one(requests.clone(), workers, 0)?;
        }
    }
    Ok(outcomes)
}

/// Quem divide o bloco com um veneno se perde com ele.
fn one_chunk(requests: Vec<Pedido>, workers: usize, retries: usize) -> Outcomes {
    let size = requests.len().max(1);
    Ok(pool(workers, retries)?.chunk_size(size)?.imap(fragil, requests).collect())
}

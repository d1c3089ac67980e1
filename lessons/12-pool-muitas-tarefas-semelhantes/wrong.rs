//! Respostas erradas ao exercício 12.

#[path = "check.rs"]
mod check;

use check::{Contagem, Fatia, contar};
use multiprocessamento::{Error, Pool};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "12-na-ordem-em-que-terminam",
        main: || check::check(unordered, first, soon),
        loses: "as contagens certas, na ordem das fatias",
    },
    Wrong {
        name: "12-uma-tarefa-por-mensagem",
        main: || check::check(one_by_one, first, soon),
        loses: "as tarefas viajam em blocos",
    },
    Wrong {
        name: "12-num-bloco-so",
        main: || check::check(in_one_block, first, soon),
        loses: "as tarefas viajam em blocos, repartidos",
    },
    Wrong {
        name: "12-a-que-terminar-antes",
        main: || check::check(all, fastest, soon),
        loses: "e não a que terminar antes",
    },
    Wrong {
        name: "12-le-a-entrada-toda",
        main: || check::check(all, read_it_all, soon),
        loses: "lida só até pouco além da resposta",
    },
    Wrong {
        name: "12-cada-um-na-sua-vez",
        main: || check::check(all, first, in_turn),
        loses: "uma fatia demorada não segura as outras",
    },
];

type Input = Box<dyn Iterator<Item = Fatia>>;

fn all(pool: &Pool, slices: Vec<Fatia>) -> Result<Vec<Contagem>, Error> {
    pool.map(contar, slices)
}

fn unordered(pool: &Pool, slices: Vec<Fatia>) -> Result<Vec<Contagem>, Error> {
    pool.chunk_size(100)?.imap_unordered(contar, slices).collect()
}

fn one_by_one(pool: &Pool, slices: Vec<Fatia>) -> Result<Vec<Contagem>, Error> {
    pool.imap(contar, slices).collect()
}

fn in_one_block(pool: &Pool, slices: Vec<Fatia>) -> Result<Vec<Contagem>, Error> {
    pool.chunk_size(slices.len().max(1))?.map(contar, slices)
}

fn enough(least: u64) -> impl Fn(&Result<Contagem, Error>) -> bool {
    move |answer| answer.as_ref().map_or(true, |answer| answer.value >= least)
}

fn first(pool: &Pool, least: u64, slices: Input) -> Result<Option<Contagem>, Error> {
    pool.imap(contar, slices).find(enough(least)).transpose()
}

fn fastest(pool: &Pool, least: u64, slices: Input) -> Result<Option<Contagem>, Error> {
    pool.imap_unordered(contar, slices).find(enough(least)).transpose()
}

fn read_it_all(
    pool: &Pool,
    least: u64,
    slices: Input,
) -> Result<Option<Contagem>, Error> {
    Ok(pool.map(contar, slices)?.into_iter().find(|answer| answer.value >= least))
}

fn soon(
    pool: &Pool,
    slices: Vec<Fatia>,
    deliver: &mut dyn FnMut(Contagem),
) -> Result<(), Error> {
    pool.imap_unordered(contar, slices).try_for_each(|answer| answer.map(&mut *deliver))
}

fn in_turn(
    pool: &Pool,
    slices: Vec<Fatia>,
    deliver: &mut dyn FnMut(Contagem),
) -> Result<(), Error> {
    pool.imap(contar, slices).try_for_each(|answer| answer.map(&mut *deliver))
}

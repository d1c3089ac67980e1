//! Respostas erradas ao exercício 2.

#[path = "check.rs"]
mod check;

use std::ops::Range;

use check::{Parcial, Total, contar_fatia};
use multiprocessamento::{Error, Process};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "2-no-programa-principal",
        main: || check::check(in_the_main_program),
        loses: "cada fatia é contada num processo só dela",
    },
    Wrong {
        name: "2-um-depois-do-outro",
        main: || check::check(one_after_the_other),
        loses: "os processos trabalham ao mesmo tempo",
    },
    Wrong {
        name: "2-espera-para-sempre",
        main: || check::check(waits_forever),
        loses: "sem fatias, o total é zero",
    },
];

fn total(parts: Vec<Parcial>) -> Total {
    Total { primos: parts.iter().map(|part| part.primos).sum(), parciais: parts }
}

fn in_the_main_program(slices: Vec<Range<u64>>) -> Result<Total, Error> {
    Ok(total(slices.into_iter().map(contar_fatia).collect()))
}

fn waits_forever(_slices: Vec<Range<u64>>) -> Result<Total, Error> {
    let (_kept, never) = std::sync::mpsc::channel::<Total>();
    Ok(never.recv().expect("ninguém manda"))
}

fn one_after_the_other(slices: Vec<Range<u64>>) -> Result<Total, Error> {
    let part = |slice| Process::start(contar_fatia, slice)?.join();
    Ok(total(slices.into_iter().map(part).collect::<Result<_, _>>()?))
}

//! Respostas erradas ao exercício 13.

#[path = "check.rs"]
mod check;

use check::Caso;
use licoes::load::model::Model;

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "13-sempre-o-pool",
        main: || check::check(|_case| Model::ProcessPool),
        loses: "cinquenta tarefas de um microssegundo",
    },
    Wrong {
        name: "13-esquece-o-risco",
        main: || check::check(by_size_only),
        loses: "uma tarefa que pode derrubar o processo",
    },
    Wrong {
        name: "13-processos-para-muitos-dados",
        main: || check::check(by_bytes),
        loses: "cada uma com 256 KiB de dados",
    },
];

fn by_size_only(case: &Caso) -> Model {
    let work = case.tarefas as f64 * case.tarefa.max(case.mais_longa);
    if work < 500e-6 || case.trabalhadores < 2 { Model::Serial } else { Model::Rayon }
}

/// Isola o que não pede isolamento, e paga para levar os dados.
fn by_bytes(case: &Caso) -> Model {
    match (case.pode_derrubar, case.bytes) {
        (true, _) | (_, 1..) => Model::Processes,
        _ => Model::Serial,
    }
}

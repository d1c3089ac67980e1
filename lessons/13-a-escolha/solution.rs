//! Exercício 13, uma solução.

mod check;

use check::Caso;
use licoes::load::model::Model;

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    check::check(escolher)
}

// ANCHOR: solution
/// Segundos de trabalho abaixo dos quais não se pagam nem as threads.
const POUCO: f64 = 500e-6;

/// O modelo com que fazer o trabalho: a árvore do capítulo, onde as threads computam juntas.
fn escolher(caso: &Caso) -> Model {
    if caso.pode_derrubar {
        // Parecidas, cada processo leva a sua parte; desiguais, quem fica livre pega a próxima.
        let parecidas = caso.mais_longa < 2.0 * caso.tarefa;
        return if parecidas { Model::Processes } else { Model::ProcessPool };
    }
    let trabalho = caso.tarefas as f64 * caso.tarefa;
    if trabalho < POUCO { Model::Serial } else { Model::Rayon }
}
// ANCHOR_END: solution

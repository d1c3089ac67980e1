//! Exercício 13: que modelo escolher?
//!
//! Complete `escolher` e confira com `cargo run --bin lesson-13 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use check::Caso;
use licoes::load::model::Model;

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    check::check(escolher)
}

/// O modelo com que fazer o trabalho: `Model::Serial`, `Threads`, `ThreadPool`, `Rayon`, `ProcessPool` ou `Processes`.
fn escolher(caso: &Caso) -> Model {
    todo!("olhe primeiro o que o contexto proíbe, e depois o tamanho do trabalho")
}

//! Exercício 9: de que tamanho deve ser cada bloco?
//!
//! Complete `tamanho_do_bloco` e confira com `cargo run --bin lesson-9 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use check::Custos;

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    check::check(tamanho_do_bloco)
}

/// Quantas tarefas mandar de cada vez a cada trabalhador, para que o todo termine logo.
///
/// Quem fica livre leva o próximo bloco. Um bloco tem pelo menos uma tarefa.
fn tamanho_do_bloco(custos: Custos, tarefas: usize, trabalhadores: usize) -> usize {
    todo!("blocos grandes poupam mensagens; blocos pequenos encurtam o fim")
}

//! Exercício 18: quantos ranks um rank 0 consegue alimentar?
//!
//! Complete `ranks_que_valem` e confira com `cargo run --bin lesson-18 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use check::{Custos, Trabalho};

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    check::check(ranks_que_valem)
}

/// Quantos ranks pôr a trabalhar: o menor número com que o todo termina quase tão cedo quanto com
/// qualquer outro. Pelo menos um.
///
/// O rank 0 não conta: ele só entrega as tarefas, uma de cada vez, uma mensagem para cada. Não espera
/// a resposta de uma para entregar outra: um rank pode ter até oito nas mãos. «Quase» é até 10 % mais
/// tarde; e a conferência aceita até metade a mais de ranks do que o menor número.
fn ranks_que_valem(custos: Custos, trabalho: Trabalho) -> usize {
    todo!("quantas tarefas o rank 0 entrega enquanto um rank faz uma?")
}

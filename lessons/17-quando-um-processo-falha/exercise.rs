//! Exercício 17: um trabalho que sobrevive.
//!
//! Complete `sobreviver` e confira com `cargo run --bin lesson-17 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use check::{Pedido, Resposta, fragil};
use multiprocessamento::{Error, Pool, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(sobreviver)
}

/// Faz cada pedido com `fragil`, em tantos processos quantos são os `trabalhadores`, e devolve um
/// desfecho para cada um, na ordem dos pedidos.
///
/// `fragil` pode levar consigo o processo em que roda. Um pedido que se perdeu é refeito até
/// `repeticoes` vezes; se nem assim responde, o desfecho dele é o erro, e os outros chegam.
fn sobreviver(
    pedidos: Vec<Pedido>,
    trabalhadores: usize,
    repeticoes: usize,
) -> Result<Vec<Result<Resposta, Error>>, Error> {
    todo!(
        "um pool que repete o que se perdeu; um desfecho por pedido, e não um para todos"
    )
}

//! Exercício 6: um produtor, vários consumidores, e um fim.
//!
//! Complete `consumir` e `contar` e confira com `cargo run --bin lesson-6 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use std::ops::Range;

use check::{Parcial, contar_fatia};
use multiprocessamento::{Error, Process, Queue, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(contar)
}

/// O que cada consumidor faz, no seu processo: tira fatias da fila até ela acabar.
///
/// `contar_fatia(fatia)` conta uma fatia e devolve uma `Parcial`.
fn consumir(fila: Queue<Range<u64>>) -> Vec<Parcial> {
    todo!("tire, conte, guarde, até o fim da fila")
}

/// As parciais de todas as `fatias`, em qualquer ordem, contadas por `consumidores` processos que tiram da `fila`.
///
/// A fila tem poucos lugares, e todos os consumidores têm que terminar.
fn contar(
    fila: Queue<Range<u64>>,
    fatias: Vec<Range<u64>>,
    consumidores: usize,
) -> Result<Vec<Parcial>, Error> {
    todo!(
        "comece os consumidores, ponha as fatias na fila, diga que acabou, junte as parciais"
    )
}

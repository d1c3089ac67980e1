//! Exercício 6, uma solução.

mod check;

use std::ops::Range;

use check::{Parcial, contar_fatia};
use multiprocessamento::{Error, Process, Queue, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(contar)
}

// ANCHOR: solution
/// O que cada consumidor faz, no seu processo: tira fatias da fila até ela acabar.
fn consumir(fila: Queue<Range<u64>>) -> Vec<Parcial> {
    let mut parciais = Vec::new();
    while let Ok(fatia) = fila.get() {
        parciais.push(contar_fatia(fatia));
    }
    parciais
}

/// As parciais de todas as `fatias`, em qualquer ordem, contadas por `consumidores` processos que tiram da `fila`.
fn contar(
    fila: Queue<Range<u64>>,
    fatias: Vec<Range<u64>>,
    consumidores: usize,
) -> Result<Vec<Parcial>, Error> {
    let mut processos = Vec::new();
    for _ in 0..consumidores {
        processos.push(Process::start(consumir, fila.clone())?);
    }
    for fatia in &fatias {
        fila.put(fatia)?;
    }
    fila.close()?;
    let mut parciais = Vec::new();
    for processo in processos {
        parciais.extend(processo.join()?);
    }
    Ok(parciais)
}
// ANCHOR_END: solution

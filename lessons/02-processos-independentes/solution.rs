//! Exercício 2, uma solução.

mod check;

use std::ops::Range;

use check::{Total, contar_fatia};
use multiprocessamento::{Error, Process, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(contar)
}

// ANCHOR: solution
/// O total de primos de todas as `fatias`, com um processo por fatia, todos ao mesmo tempo.
fn contar(fatias: Vec<Range<u64>>) -> Result<Total, Error> {
    let mut processos = Vec::new();
    for fatia in fatias {
        processos.push(Process::start(contar_fatia, fatia)?);
    }
    let mut total = Total { primos: 0, parciais: Vec::new() };
    for processo in processos {
        let parcial = processo.join()?;
        total.primos += parcial.primos;
        total.parciais.push(parcial);
    }
    Ok(total)
}
// ANCHOR_END: solution

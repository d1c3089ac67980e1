//! Exercício 15, uma solução.

mod check;

use std::ops::Range;
use std::path::absolute;

use check::{Resposta, ajuste_atual, contar};
use multiprocessamento::{Process, StartMethod, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(num_filho)
}

// ANCHOR: solution
/// Conta a fatia num processo nascido por `metodo`, com o ajuste que o pai tem agora.
fn num_filho(metodo: StartMethod, fatia: Range<u64>) -> Resposta {
    // Aqui ainda é o pai: a global e a pasta atual são as dele.
    let mut ajuste = ajuste_atual();
    ajuste.excluidos = absolute(ajuste.excluidos)?;
    let filho =
        Process::builder().start_method(metodo).start(contar, (fatia, ajuste))?;
    Ok(filho.join()?)
}
// ANCHOR_END: solution

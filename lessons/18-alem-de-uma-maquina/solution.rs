//! Exercício 18, uma solução.

mod check;

use check::{Custos, Trabalho};

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    check::check(ranks_que_valem)
}

// ANCHOR: solution
/// Quantos ranks pôr a trabalhar.
///
/// Se cada tarefa ocupa o rank 0 por 10 µs e um rank por 1 ms, o rank 0 entrega 100
/// enquanto a primeira é feita. Então o primeiro rank já está livre, e a próxima é
/// dele: um rank 101 só esperaria.
fn ranks_que_valem(custos: Custos, trabalho: Trabalho) -> usize {
    // A latência não entra: enquanto uma mensagem viaja, o rank 0 já cuida de outra,
    // e o rank que a espera tem mais tarefas nas mãos. Ela só contaria se a ida e a
    // volta durassem mais do que elas.
    let ocupado = custos.entrega + trabalho.bytes as f64 / custos.banda;
    // Se nada leva tempo, 0 / 0 não é um número, e `as usize` faz dele 0.
    let alimentados = (trabalho.segundos / ocupado) as usize;
    alimentados.clamp(1, trabalho.tarefas.max(1))
}
// ANCHOR_END: solution

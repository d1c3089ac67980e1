//! Exercício 9, uma solução.

mod check;

use check::Custos;

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    check::check(tamanho_do_bloco)
}

// ANCHOR: solution
/// Quantas tarefas mandar de cada vez a cada trabalhador, para que o todo termine logo.
///
/// Se cada trabalhador recebe a sua parte em `r` blocos, paga `r` mensagens, e a espera pelo último bloco é de até um
/// bloco, `parte · tarefa / r`. O primeiro preço sobe com `r`, o segundo desce; a soma é menor onde os dois são iguais.
fn tamanho_do_bloco(custos: Custos, tarefas: usize, trabalhadores: usize) -> usize {
    let parte = tarefas as f64 / trabalhadores as f64;
    let blocos = (parte * custos.tarefa / custos.mensagem).sqrt().round().max(1.0);
    let tamanho = (parte / blocos).ceil() as usize;
    tamanho.max(1)
}
// ANCHOR_END: solution

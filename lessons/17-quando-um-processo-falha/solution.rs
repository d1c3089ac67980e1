//! Exercício 17, uma solução.

mod check;

use check::{Pedido, Resposta, fragil};
use multiprocessamento::{Error, Pool, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(sobreviver)
}

// ANCHOR: solution
/// Faz cada pedido com `fragil`, em tantos processos quantos são os
/// `trabalhadores`, e devolve um desfecho para cada um, na ordem dos pedidos.
fn sobreviver(
    pedidos: Vec<Pedido>,
    trabalhadores: usize,
    repeticoes: usize,
) -> Result<Vec<Result<Resposta, Error>>, Error> {
    let pool = Pool::builder().workers(trabalhadores).retries(repeticoes).build()?;
    // `map` pararia na primeira falha; `imap` põe um `Err` no lugar dela, e
    // segue. E entrega um pedido por vez: num bloco, um veneno levaria consigo
    // os vizinhos.
    let desfechos = pool.imap(fragil, pedidos).collect();
    pool.join();
    Ok(desfechos)
}
// ANCHOR_END: solution

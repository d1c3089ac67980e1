//! Exercício 12, uma solução.

mod check;

use check::{Contagem, Fatia, contar};
use multiprocessamento::{Error, Pool, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(todas, a_primeira_com, assim_que_puder)
}

// ANCHOR: solution
/// Conta em todas as fatias, que são muitas e curtas, e devolve as contagens na ordem delas.
fn todas(pool: &Pool, fatias: Vec<Fatia>) -> Result<Vec<Contagem>, Error> {
    pool.map(contar, fatias)
}

/// Na ordem de uma entrada sem fim, a primeira contagem com pelo menos `minimo` primos.
///
/// Quem para de consumir, para de ler: o iterador descartado cancela o que ninguém começou.
fn a_primeira_com(
    pool: &Pool,
    minimo: u64,
    fatias: Box<dyn Iterator<Item = Fatia>>,
) -> Result<Option<Contagem>, Error> {
    for contagem in pool.imap(contar, fatias) {
        let contagem = contagem?;
        if contagem.value >= minimo {
            return Ok(Some(contagem));
        }
    }
    Ok(None)
}

/// Dá cada contagem a `entregar` assim que ela fica pronta, seja qual for a ordem.
fn assim_que_puder(
    pool: &Pool,
    fatias: Vec<Fatia>,
    entregar: &mut dyn FnMut(Contagem),
) -> Result<(), Error> {
    for contagem in pool.imap_unordered(contar, fatias) {
        entregar(contagem?);
    }
    Ok(())
}
// ANCHOR_END: solution

//! Exercício 12: três pedidos, cada um com a sua chamada.
//!
//! Complete as três funções e confira com `cargo run --bin lesson-12 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use check::{Contagem, Fatia, contar};
use multiprocessamento::{Error, Pool};

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    check::check(todas, a_primeira_com, assim_que_puder)
}

/// Conta em todas as fatias, que são muitas e curtas, e devolve as contagens na ordem delas.
fn todas(pool: &Pool, fatias: Vec<Fatia>) -> Result<Vec<Contagem>, Error> {
    todo!("as tarefas curtas devem viajar em blocos")
}

/// Na ordem de uma entrada sem fim, a primeira contagem com pelo menos `minimo` primos.
fn a_primeira_com(
    pool: &Pool,
    minimo: u64,
    fatias: Box<dyn Iterator<Item = Fatia>>,
) -> Result<Option<Contagem>, Error> {
    todo!("a entrada deve ser lida só até pouco além da resposta")
}

/// Dá cada contagem a `entregar` assim que ela fica pronta, seja qual for a ordem.
fn assim_que_puder(
    pool: &Pool,
    fatias: Vec<Fatia>,
    entregar: &mut dyn FnMut(Contagem),
) -> Result<(), Error> {
    todo!("uma fatia demorada não deve fazer esperar as que já estão prontas")
}

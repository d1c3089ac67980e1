//! Exercício 16, uma solução.

mod check;

use check::Cinema;
use multiprocessamento::{Error, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(vender)
}

// ANCHOR: solution
/// Vende a `cliente` o primeiro assento livre, imprime o bilhete e devolve qual é
/// o assento; `None` se não há mais nenhum.
fn vender(cinema: &Cinema, cliente: u32) -> Result<Option<usize>, Error> {
    let Some(assento) = reservar(cinema, cliente)? else {
        return Ok(None);
    };
    cinema.imprimir(assento);
    Ok(Some(assento))
}

/// Olha e escreve, com a trava na mão; ela se solta no fim da função.
fn reservar(cinema: &Cinema, cliente: u32) -> Result<Option<usize>, Error> {
    let _minha = cinema.trava.lock()?;
    let assento = cinema.livre();
    if let Some(assento) = assento {
        cinema.ocupar(assento, cliente);
    }
    Ok(assento)
}
// ANCHOR_END: solution

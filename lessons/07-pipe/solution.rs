//! Exercício 7, uma solução.

mod check;

use check::{Bola, rebater};
use multiprocessamento::{Connection, Error, Process, init, pipe};

fn main() -> std::process::ExitCode {
    init();
    check::check(pingue_pongue)
}

// ANCHOR: solution
/// O que o adversário faz, no processo dele: rebate cada bola que chega, até ninguém mais jogar.
fn jogar(mesa: Connection<Bola, Bola>) -> Result<(), Error> {
    while let Ok(bola) = mesa.recv() {
        mesa.send(&rebater(bola))?;
    }
    Ok(())
}

/// A bola depois de `rebatidas`: a primeira é do adversário, a segunda deste processo, e assim por diante.
fn pingue_pongue(rebatidas: usize) -> Result<Bola, Error> {
    let (meu, dele) = pipe()?;
    let adversario = Process::start(jogar, dele)?;
    let mut bola = Bola::nova();
    while bola.rebatidas() < rebatidas {
        meu.send(&bola)?;
        bola = meu.recv()?;
        if bola.rebatidas() < rebatidas {
            bola = rebater(bola);
        }
    }
    drop(meu);
    adversario.join()??;
    Ok(bola)
}
// ANCHOR_END: solution

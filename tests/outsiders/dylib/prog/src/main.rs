//! Tarefas do programa, e tarefas da biblioteca dinâmica.

use meio::multiprocessamento::{Error, Pool, Process, init};

fn quadrado(x: u64) -> u64 {
    x * x
}

fn main() -> Result<(), Error> {
    init();
    println!("{}", Process::start(quadrado, 12)?.join()?);
    println!("{:?}", Pool::new(2)?.map(quadrado, 0..5)?);
    println!("{:?}", Pool::new(2)?.map(meio::metade, 0..5)?);
    println!("{:?}", meio::metades(5)?);
    Ok(())
}

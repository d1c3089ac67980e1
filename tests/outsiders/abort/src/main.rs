//! O que se vê de um pânico num programa em que ele aborta.

use multiprocessamento::{Error, Pool, ThreadPool, init};

fn main() -> Result<(), Error> {
    init();
    let terceiro = |lista: Vec<u8>| lista[2];
    if std::env::args().nth(1).is_none() {
        println!("{}", Pool::new(1)?.apply(terceiro, vec![1, 2]).unwrap_err());
        return Ok(());
    }
    // Aqui quem aborta é este programa.
    ThreadPool::new(1)?.apply(terceiro, vec![1, 2]).map(|_| ())
}

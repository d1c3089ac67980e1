pub use multiprocessamento;

/// Uma tarefa que mora na biblioteca dinâmica.
pub fn metade(x: u64) -> u64 {
    x / 2
}

/// Uma chamada que parte de dentro dela.
pub fn metades(ate: u64) -> Result<Vec<u64>, multiprocessamento::Error> {
    multiprocessamento::Pool::new(2)?.map(metade, 0..ate)
}

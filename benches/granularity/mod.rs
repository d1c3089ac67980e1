//! As partes desta bancada: quem compete, e o que se mede depois do criterion.

pub mod contender;
pub mod many;
#[cfg(feature = "mpi")]
pub mod mpi;
pub mod paused;
pub mod primes;
#[cfg(feature = "mpi")]
mod reference;
mod scale;
pub mod sweep;

/// A tarefa que não faz nada: o que sobra é a entrega.
///
/// A `black_box` fica: sem ela o compilador vê que a rayon só copia um vetor em outro, e copia.
pub fn nothing(x: u64) -> u64 {
    std::hint::black_box(x)
}

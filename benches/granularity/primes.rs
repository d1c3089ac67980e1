//! A carga da lição 3, com quem já nasceu: o pool de processos contra a rayon.

use std::time::{Duration, Instant};

use licoes::load::model::rayon_threads;
use licoes::load::workload::{count_primes, slices};
use multiprocessamento::Pool;
use rayon::prelude::*;
use registro::format::integer;

use crate::floor;

const LIMIT: u64 = 1_000_000;
const SLICES: usize = 64;
const REPETITIONS: usize = 41;

/// As mesmas fatias, uma a uma, em alternância.
pub fn against_rayon(workers: usize) {
    let slices = slices(LIMIT, SLICES);
    let pool = Pool::new(workers).expect("processos");
    let pool = pool.chunk_size(1).expect("um item por bloco");
    let threads = rayon_threads(workers).expect("threads");
    let by_pool = || pool.map(count_primes, slices.iter().cloned()).expect("nenhuma falha");
    let by_rayon = || -> Vec<u64> {
        threads.install(|| slices.par_iter().with_max_len(1).cloned().map(count_primes).collect())
    };
    // Também serve para acordar os dois.
    assert_eq!(by_pool(), by_rayon());
    println!();
    let label = format!("primos abaixo de {} em {SLICES} fatias: Pool por memória / rayon", integer(LIMIT));
    floor::ratio_of(&label, REPETITIONS, || timed(by_pool), || timed(by_rayon));
}

fn timed(work: impl FnOnce() -> Vec<u64>) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

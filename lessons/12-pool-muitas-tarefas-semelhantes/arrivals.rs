//! Quando cada resposta chega à mão de quem pediu.

use std::ops::Range;

use licoes::load::workload::count_primes;
use licoes::measure::trace::now;
use multiprocessamento::{Error, Pool};
use registro::stats::median;

/// Os três jeitos de pedir, na ordem em que se medem.
pub const CALLS: [&str; 3] = ["map", "imap", "imap_unordered"];

/// Uma tarefa longa à frente de muitas curtas.
fn tasks() -> Vec<Range<u64>> {
    const LONG: u64 = 250_000;
    const SHORT: u64 = 8_000;
    let short = |index| LONG + SHORT * index..LONG + SHORT * (index + 1);
    std::iter::once(0..LONG).chain((0..63).map(short)).collect()
}

// ANCHOR: calls
/// Segundos, desde o pedido, até cada resposta estar na mão, na ordem em que vieram.
fn arrivals(pool: &Pool, call: &str) -> Result<Vec<f64>, Error> {
    let start = now();
    let in_hand = |answer: Result<u64, Error>| answer.map(|_primes| now() - start);
    match call {
        "imap" => pool.imap(count_primes, tasks()).map(in_hand).collect(),
        "imap_unordered" => {
            pool.imap_unordered(count_primes, tasks()).map(in_hand).collect()
        }
        _ => {
            pool.map(count_primes, tasks())?.into_iter().map(Ok).map(in_hand).collect()
        }
    }
}
// ANCHOR_END: calls

/// A mediana de cada chegada, em milissegundos, por jeito de pedir, na ordem de [`CALLS`].
pub fn medians(pool: &Pool, repetitions: usize) -> Result<Vec<Vec<f64>>, Error> {
    let mut taken = vec![Vec::new(); CALLS.len()];
    for _ in 0..repetitions {
        for (call, taken) in CALLS.iter().zip(&mut taken) {
            taken.push(arrivals(pool, call)?);
        }
    }
    let middle = |runs: Vec<Vec<f64>>| {
        let nth = |index| runs.iter().map(|run| 1e3 * run[index]).collect::<Vec<_>>();
        (0..runs[0].len()).map(|index| median(&nth(index))).collect()
    };
    Ok(taken.into_iter().map(middle).collect())
}

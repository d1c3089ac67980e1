//! Dois contadores, cada um de um dono só, cada vez mais longe um do outro.

use std::sync::atomic::Ordering;

use licoes::measure::together::{self, elapsed};
use multiprocessamento::{Error, SharedArray};
use registro::stats::median;

/// Bytes entre o começo de um contador e o do outro.
pub const DISTANCES: [usize; 6] = [8, 32, 56, 80, 104, 128];

/// Segundos por soma em cada distância, na ordem de [`DISTANCES`].
pub type Prices = [f64; DISTANCES.len()];

/// Uma rodada de cada um.
pub struct Round {
    pub processes: Prices,
    pub threads: Prices,
}

// ANCHOR: bump
/// Soma 1, muitas vezes, ao contador que está em `place`. Mais ninguém toca nele.
fn bump((counters, place, times): (SharedArray<u64>, usize, u64)) {
    for _ in 0..times {
        counters.cells()[place].fetch_add(1, Ordering::Relaxed);
    }
}

/// Segundos por soma, com dois processos ao mesmo tempo, cada um no seu contador.
fn by_processes(distance: usize, times: u64) -> Result<f64, Error> {
    let tasks = owners(distance, times)?;
    Ok(elapsed(&together::processes(bump, tasks)?) / times as f64)
}

/// O mesmo, com duas threads.
fn by_threads(distance: usize, times: u64) -> Result<f64, Error> {
    let tasks = owners(distance, times)?;
    Ok(elapsed(&together::threads(bump, tasks)) / times as f64)
}

fn owners(
    distance: usize,
    times: u64,
) -> Result<Vec<(SharedArray<u64>, usize, u64)>, Error> {
    let counters = SharedArray::new(64)?;
    Ok(vec![(counters.clone(), 0, times), (counters, distance / 8, times)])
}
// ANCHOR_END: bump

/// Mede todas as distâncias `repetitions` vezes, alternadas, com `times` somas de cada um.
pub fn measure(repetitions: usize, times: u64) -> Result<Vec<Round>, Error> {
    let mut rounds = Vec::new();
    for _ in 0..repetitions {
        let (mut processes, mut threads) = (Prices::default(), Prices::default());
        for (index, distance) in DISTANCES.into_iter().enumerate() {
            processes[index] = by_processes(distance, times)?;
            threads[index] = by_threads(distance, times)?;
        }
        rounds.push(Round { processes, threads });
    }
    Ok(rounds)
}

/// A distância, de quem são os contadores, e quanto custa cada soma, na mediana.
pub fn medians(rounds: &[Round]) -> Vec<(f64, &'static str, f64)> {
    let of = |prices: &dyn Fn(&Round) -> f64| {
        median(&rounds.iter().map(prices).collect::<Vec<_>>())
    };
    let at = |(index, distance): (usize, usize)| {
        let (processes, threads) =
            (of(&|round| round.processes[index]), of(&|round| round.threads[index]));
        let distance = distance as f64;
        [(distance, "processes", processes), (distance, "threads", threads)]
    };
    DISTANCES.into_iter().enumerate().flat_map(at).collect()
}

//! A carga comum em dois estágios: um processo peneira, o outro confirma.

use std::ops::Range;

use licoes::measure::trace::{Piece, now, spans, traced};
use multiprocessamento::{Connection, Error, Process, pipe};
use registro::record::Span;

/// Até que parte dos divisores o primeiro estágio experimenta, em cada divisão do trabalho. A do meio divide a conta
/// mais ou menos ao meio: os primeiros divisores são experimentados em mais números do que os últimos.
const CUTS: [f64; 5] = [0.03, 0.1, 0.27, 0.45, 0.65];

// ANCHOR: stages
/// O primeiro estágio: deixa passar os que nenhum divisor menor do que `cut` divide.
fn sift(slice: Range<u64>, cut: u64) -> Vec<u64> {
    let odd = slice.filter(|n| *n == 2 || n % 2 == 1 && *n > 1);
    odd.filter(|&n| survives(n, 3..cut)).collect()
}

/// O segundo: conta os que nenhum dos outros divide.
fn confirm(candidates: Vec<u64>, cut: u64) -> u64 {
    candidates.into_iter().filter(|&n| survives(n, cut..u64::MAX)).count() as u64
}
// ANCHOR_END: stages

/// Se nenhum ímpar de `divisors`, até a raiz de `n`, divide `n`.
fn survives(n: u64, divisors: Range<u64>) -> bool {
    let mut divisor = divisors.start;
    while divisor < divisors.end && divisor * divisor <= n {
        if n % divisor == 0 {
            return false;
        }
        divisor += 2;
    }
    true
}

// ANCHOR: processes
/// O primeiro processo: peneira cada fatia e passa adiante o que restou.
fn sift_all(
    (slices, cut, next): (Vec<Range<u64>>, u64, Connection<Vec<u64>, ()>),
) -> Result<Vec<Piece<Vec<u64>>>, Error> {
    let mut pieces = Vec::new();
    for slice in slices {
        let mut sifted = traced(|slice| sift(slice, cut), slice);
        next.send(&std::mem::take(&mut sifted.value))?;
        pieces.push(sifted);
    }
    Ok(pieces)
}

/// O segundo: confirma o que chega, até o primeiro terminar.
fn confirm_all((previous, cut): (Connection<(), Vec<u64>>, u64)) -> Vec<Piece<u64>> {
    let mut pieces = Vec::new();
    while let Ok(candidates) = previous.recv() {
        pieces.push(traced(|candidates| confirm(candidates, cut), candidates));
    }
    pieces
}
// ANCHOR_END: processes

/// Uma passagem da carga pelos dois estágios.
pub struct Run {
    /// Quantos primos o segundo estágio contou.
    pub primes: u64,
    /// O tempo serial sobre o dos dois estágios.
    pub speedup: f64,
    first: Vec<Piece<Vec<u64>>>,
    second: Vec<Piece<u64>>,
}

impl Run {
    fn of(slices: &[Range<u64>], cut: u64) -> Result<Run, Error> {
        let (next, previous) = pipe()?;
        let second = Process::start(confirm_all, (previous, cut))?;
        let first = Process::start(sift_all, (slices.to_vec(), cut, next))?;
        let (first, second) = (first.join()??, second.join()?);
        let primes = second.iter().map(|piece| piece.value).sum();
        Ok(Run { primes, speedup: 0.0, first, second })
    }

    /// Do começo da primeira fatia ao fim da última, em segundos.
    fn seconds(&self) -> f64 {
        let end = self.second.iter().map(|piece| piece.end).fold(0.0, f64::max);
        end - self.start()
    }

    fn start(&self) -> f64 {
        self.first.iter().map(|piece| piece.start).fold(f64::INFINITY, f64::min)
    }

    /// A parte do trabalho que coube ao primeiro estágio, de 0 a 1.
    pub fn first_share(&self) -> f64 {
        busy(&self.first) / (busy(&self.first) + busy(&self.second))
    }

    /// A aceleração que o estágio mais lento permite: ninguém espera por mais ninguém.
    pub fn allowed(&self) -> f64 {
        1.0 / self.first_share().max(1.0 - self.first_share())
    }

    /// Os trechos dos dois, para a linha do tempo.
    pub fn spans(&self) -> Vec<Span> {
        let mut both = spans("pipe", &self.first, self.start());
        let second = spans("pipe", &self.second, self.start());
        both.extend(second.into_iter().map(|span| Span { worker: 1, ..span }));
        both
    }
}

fn busy<R>(pieces: &[Piece<R>]) -> f64 {
    pieces.iter().map(|piece| piece.cpu_seconds).sum()
}

/// A carga com o trabalho dividido de várias maneiras entre os estágios; de cada uma, a repetição típica.
pub fn sweep(
    slices: &[Range<u64>],
    limit: u64,
    repetitions: usize,
) -> Result<Vec<Run>, Error> {
    let cuts = CUTS.map(|part| 3 + 2 * (part * (limit as f64).sqrt() / 2.0) as u64);
    let mut runs = CUTS.map(|_| Vec::new());
    for _ in 0..repetitions {
        let start = now();
        for slice in slices.iter().cloned() {
            confirm(sift(slice, cuts[2]), cuts[2]);
        }
        let serial = now() - start;
        for (cut, runs) in cuts.into_iter().zip(&mut runs) {
            let run = Run::of(slices, cut)?;
            runs.push(Run { speedup: serial / run.seconds(), ..run });
        }
    }
    Ok(runs.into_iter().filter_map(typical).collect())
}

fn typical(mut runs: Vec<Run>) -> Option<Run> {
    runs.sort_by(|a, b| a.speedup.total_cmp(&b.speedup));
    let middle = runs.len() / 2;
    runs.into_iter().nth(middle)
}

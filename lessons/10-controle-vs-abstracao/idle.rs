//! Quanto cada trabalhador ficou parado.

use std::collections::BTreeMap;
use std::fmt;

use licoes::measure::trace::{self, Piece};
use registro::format::seconds;
use registro::record::Span;

/// Um trabalho repartido uma vez.
#[derive(Clone, Debug)]
pub struct Round {
    /// Da primeira fatia que começou à última que terminou, em segundos.
    pub seconds: f64,
    /// De cada trabalhador, os segundos em que ele não tinha uma fatia na mão, do que mais trabalhou ao que menos.
    pub idle: Vec<f64>,
    /// Quantos primos se contaram.
    pub primes: u64,
    /// Quem fez cada fatia.
    pub spans: Vec<Span>,
}

impl Round {
    /// O que `workers` trabalhadores fizeram; um que não fez fatia nenhuma esteve parado o tempo todo.
    pub fn of(model: &str, pieces: &[Piece<u64>], workers: usize) -> Self {
        let start =
            pieces.iter().map(|piece| piece.start).fold(f64::INFINITY, f64::min);
        let end = pieces.iter().map(|piece| piece.end).fold(start, f64::max);
        let mut busy: BTreeMap<u32, f64> = BTreeMap::new();
        for piece in pieces {
            *busy.entry(piece.pid).or_default() += piece.end - piece.start;
        }
        let mut idle: Vec<f64> =
            busy.values().map(|busy| (end - start - busy).max(0.0)).collect();
        idle.resize(workers.max(idle.len()), end - start);
        idle.sort_by(f64::total_cmp);
        Round {
            seconds: end - start,
            idle,
            primes: pieces.iter().map(|piece| piece.value).sum(),
            spans: trace::spans(model, pieces, start),
        }
    }

    /// De 0 a 1: do tempo de todos os trabalhadores, a parte em que estiveram parados.
    pub fn share(&self) -> f64 {
        self.idle.iter().sum::<f64>() / (self.seconds * self.idle.len() as f64)
    }
}

/// Quanto parou o que menos parou, e o que mais.
impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [least, most] = [self.idle.first(), self.idle.last()]
            .map(|idle| idle.copied().unwrap_or(0.0));
        write!(f, "um trabalhador, {}; outro, {}", seconds(least), seconds(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_is_what_is_left_of_the_longest() {
        let piece = |pid, start, end, cpu_seconds| Piece {
            value: 5,
            pid,
            tid: pid,
            cpu: 0,
            start,
            end,
            cpu_seconds,
        };
        let pieces = [piece(1, 10.0, 12.0, 2.0), piece(2, 10.0, 11.0, 1.0)];
        let round = Round::of("blocks", &pieces, 3);
        assert_eq!((round.seconds, round.primes), (2.0, 10));
        assert_eq!(round.idle, [0.0, 1.0, 2.0], "o terceiro não fez nada");
        assert_eq!(round.share(), 0.5);
    }
}

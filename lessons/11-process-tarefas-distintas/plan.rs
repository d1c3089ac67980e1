//! Três tarefas que não se parecem, e um pedido errado entre elas.

use std::ops::Range;

use crate::collatz::{Chain, longest_chain};
use crate::mandelbrot::{Tile, escape_times};
use licoes::load::workload::count_primes;
use licoes::measure::trace::{Piece, traced};
use multiprocessamento::{Error, Process};

use crate::note::Note;

/// O que se pede a cada tarefa.
#[derive(Clone, Debug)]
pub struct Plan {
    pub numbers: Range<u64>,
    pub below: u64,
    pub tile: Tile,
}

/// Tarefas de algumas dezenas de milissegundos: longas perto do que custa matar um processo, e curtas para que se possa
/// repetir.
const LEAST: u64 = 400_000;
const MOST: u64 = 650_000;

impl Plan {
    /// Três tarefas de durações parecidas, maiores ou menores conforme a carga que o leitor pediu.
    pub fn new(limit: u64) -> Self {
        let size = limit.clamp(LEAST, MOST);
        let tile = Tile::whole(58, 25, (size / 11) as u32);
        Plan { numbers: 0..size, below: size / 4, tile }
    }

    /// O mesmo plano, com zeros a mais no pedido da cadeia: ela levaria dias.
    pub fn mistaken(&self) -> Self {
        Plan { below: 1_000_000_000_000, ..self.clone() }
    }
}

// ANCHOR: tasks
pub fn primes((numbers, note): (Range<u64>, Note)) -> u64 {
    note.around(|| count_primes(numbers))
}

pub fn chain((below, note): (u64, Note)) -> Chain {
    note.around(|| longest_chain(below))
}

pub fn picture((tile, note): (Tile, Note)) -> Vec<u32> {
    note.around(|| escape_times(tile))
}
// ANCHOR_END: tasks

/// As respostas certas, cada uma com o seu tipo, e o que cada tarefa custa sem ninguém por perto.
#[derive(Debug)]
pub struct Answers {
    pub primes: Piece<u64>,
    pub chain: Piece<Chain>,
    pub picture: Piece<Vec<u32>>,
}

/// Quantas vezes se mede cada tarefa sozinha: os limites saem daí, e um susto não pode entrar neles.
const ROUNDS: usize = 3;

impl Answers {
    /// Uma tarefa de cada vez.
    fn one_at_a_time(plan: &Plan) -> Result<Self, Error> {
        let Plan { numbers, below, tile } = plan.clone();
        let count = |numbers| traced(count_primes, numbers);
        Ok(Answers {
            primes: Process::start(count, numbers)?.join()?,
            chain: Process::start(|below| traced(longest_chain, below), below)?
                .join()?,
            picture: Process::start(|tile| traced(escape_times, tile), tile)?.join()?,
        })
    }

    /// O mesmo, algumas vezes: as da vez em que nada atrapalhou.
    pub fn undisturbed(plan: &Plan) -> Result<Self, Error> {
        let mut best = Answers::one_at_a_time(plan)?;
        for _ in 1..ROUNDS {
            let again = Answers::one_at_a_time(plan)?;
            if again.seconds() < best.seconds() {
                best = again;
            }
        }
        Ok(best)
    }

    fn seconds(&self) -> f64 {
        self.shortest_and_longest().iter().sum()
    }

    /// Segundos da mais curta e da mais longa das duas tarefas que ninguém vai cancelar.
    pub fn shortest_and_longest(&self) -> [f64; 2] {
        let primes = self.primes.end - self.primes.start;
        let picture = self.picture.end - self.picture.start;
        [primes.min(picture), primes.max(picture)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mandelbrot::draw;

    /// Os começos recordistas: a cadeia mais longa abaixo de cada potência de dez.
    ///
    /// Fonte: sequências A006877 (os começos) e A006878 (os passos) da OEIS.
    const LONGEST: [(u64, Chain); 5] = [
        (100, Chain { start: 97, steps: 118 }),
        (1_000, Chain { start: 871, steps: 178 }),
        (10_000, Chain { start: 6_171, steps: 261 }),
        (100_000, Chain { start: 77_031, steps: 350 }),
        (1_000_000, Chain { start: 837_799, steps: 524 }),
    ];

    #[test]
    fn the_longest_chains_are_the_known_ones() {
        for (limit, chain) in LONGEST {
            assert_eq!(longest_chain(limit), chain, "abaixo de {limit}");
        }
        assert_eq!(longest_chain(0), Chain { start: 1, steps: 0 });
    }

    #[test]
    fn the_page_shows_the_picture_the_lesson_draws() {
        let tile = Plan::new(MOST).tile;
        let page = include_str!("mandelbrot.txt");
        assert_eq!(draw(&escape_times(tile), tile), page.trim_end());
    }
}

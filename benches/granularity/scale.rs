//! O que as varreduras de tamanhos dividem: os tamanhos, quantas tarefas cabem numa medida, e como se mostra onde a
//! eficiência cai à metade.

use licoes::measure::granularity::{Crossing, Curve, Sample, Size, turns_per_second};
use registro::format::decimal;

pub const REPETITIONS: usize = 9;

/// Segundos de uma medida, em série ou em paralelo.
pub const BUDGET: f64 = 20e-3;

/// Com tarefas demais mediríamos a memória dos vetores, e não a entrega.
const MOST: f64 = 1_000_000.0;
/// Menos do que isto por trabalhador, e esperar o último pesaria mais do que a entrega.
const FEWEST: f64 = 16.0;

const LARGEST: f64 = 1e-4;
const PER_DECADE: f64 = 5.0;

/// Os tamanhos do primeiro passo ao último, em segundos: cinco por década, a partir de 100 µs.
pub fn sizes(steps: std::ops::RangeInclusive<i32>) -> Vec<f64> {
    steps.map(|step| LARGEST * 10_f64.powf(-f64::from(step) / PER_DECADE)).collect()
}

/// Uma curva por medir, com estes tamanhos.
pub fn curve(model: &str, sizes: &[f64]) -> Curve {
    let size = |&seconds: &f64| Size { seconds, samples: Vec::new() };
    Curve { model: model.to_owned(), sizes: sizes.iter().map(size).collect() }
}

/// O que todos dividem: a velocidade da tarefa, e quantos a fazem.
pub struct Bench {
    rate: f64,
    pub workers: usize,
}

impl Bench {
    pub fn new(workers: usize) -> Self {
        Bench { rate: turns_per_second(), workers }
    }

    /// Quantas voltas tem uma tarefa de `size` segundos.
    pub fn turns(&self, size: f64) -> u64 {
        (size * self.rate).round() as u64
    }

    /// Quantas tarefas cabem em `budget` segundos, se cada uma leva `each`.
    pub fn fitting(&self, budget: f64, each: f64) -> usize {
        (budget / each).clamp(FEWEST * self.workers as f64, MOST) as usize
    }

    /// Quantas cabem quando elas se repartem, e cada uma custa `cost` além do trabalho dela.
    pub fn fitting_shared(&self, budget: f64, task: f64, cost: f64) -> usize {
        self.fitting(budget, task / self.workers as f64 + cost)
    }

    pub fn efficiency(&self, sample: &Sample) -> f64 {
        sample.speedup() / self.workers as f64
    }

    /// A METG(50 %) de uma curva em cada repetição; nada, na que não passa pelos 50 %.
    #[cfg(feature = "mpi")]
    pub fn metgs(&self, curve: &Curve) -> Vec<Option<f64>> {
        curve.crossings(Sample::task_seconds, |sample| self.efficiency(sample), 0.5)
    }

    /// A METG(50 %) de uma curva, como se lê.
    pub fn metg(&self, curve: &Curve) -> String {
        let micros = |seconds: f64| decimal(seconds * 1e6, 3);
        match curve.crossing(Sample::task_seconds, |sample| self.efficiency(sample), 0.5) {
            Crossing::At(metg) => {
                format!("{} µs ({} a {})", micros(metg.median), micros(metg.low), micros(metg.high))
            }
            Crossing::Below(size) => format!("menos de {} µs", micros(size)),
            Crossing::Above(size) => format!("mais de {} µs", micros(size)),
        }
    }
}

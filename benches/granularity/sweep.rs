//! A eficiência por tamanho da tarefa, e onde ela cai à metade.
//!
//! Uma sondagem rápida diz mais ou menos onde cada modelo cruza os 50 %; só em volta dali ele é medido. A repetição é o
//! laço de fora: cada uma passa por todos os tamanhos, e em cada tamanho pelo serial e por todos os modelos. Assim um
//! minuto ruim da máquina cai sobre todos.

use std::hint::black_box;
use std::time::Instant;

use licoes::measure::crew::Task;
use licoes::measure::granularity::{Curve, Sample, spin};
use registro::format::{count, percent, seconds};

use super::contender::{Contender, Hired};
use super::scale::{self, BUDGET, Bench, REPETITIONS};

const SCOUTING_BUDGET: f64 = 5e-3;
const SCOUTINGS: usize = 4;

/// O último passo: 1,6 ns.
const LAST: i32 = 24;

/// Passos de cada lado do cruzamento: de umas seis vezes maior a umas seis vezes menor.
const AROUND: usize = 4;

/// Uma página nova custa mais do que centenas das menores tarefas. Depois de soltar um vetor deste tamanho, a glibc guarda
/// para a próxima vez os que são menores.
const KEPT: usize = 30 << 20;

/// Mede e mostra a tabela e as METG(50 %).
pub fn efficiency(workers: usize) {
    let sizes = scale::sizes(0..=LAST);
    drop(black_box(vec![1_u8; KEPT]));
    let bench = Bench::new(workers);
    let scout = |contender| Runner::scout(contender, spin, &sizes, &bench);
    let mut runners: Vec<_> = Contender::ALL.into_iter().map(scout).collect();
    for repetition in 0..REPETITIONS {
        for (step, &size) in sizes.iter().enumerate() {
            let mut measuring: Vec<_> = runners.iter_mut().filter(|runner| runner.covers(step)).collect();
            if measuring.is_empty() {
                continue;
            }
            let task = serial(size, BUDGET, &bench);
            // Quem vem logo depois do serial muda de uma repetição para a outra.
            let first = repetition % measuring.len();
            measuring.rotate_left(first);
            measuring.into_iter().for_each(|runner| runner.measure(step, size, task, &bench));
        }
    }
    table(&runners, &sizes, &bench);
    crossings(&runners, &bench);
}

/// Segundos de uma tarefa de `size` em série, medidos agora.
fn serial(size: f64, budget: f64, bench: &Bench) -> f64 {
    let items = vec![bench.turns(size); bench.fitting(budget, size)];
    let start = Instant::now();
    let answers = black_box(items.iter().copied().map(spin).collect::<Vec<u64>>());
    let elapsed = start.elapsed().as_secs_f64();
    elapsed / answers.len() as f64
}

/// Um modelo, os passos em que ele é medido e o que já se mediu.
struct Runner<F> {
    contender: Contender,
    hired: Hired<F>,
    first: usize,
    curve: Curve,
    /// O que a última tarefa custou além do trabalho dela: diz quantas cabem na medida seguinte.
    cost: f64,
}

impl<F: Task> Runner<F> {
    /// Procura, do maior tamanho ao menor, onde o modelo cai à metade, e escolhe os passos em volta.
    fn scout(contender: Contender, function: F, sizes: &[f64], bench: &Bench) -> Self {
        let hired = contender.hire(function, bench.workers).expect("os trabalhadores");
        let curve = scale::curve(contender.label(), &[]);
        let mut runner = Runner { contender, hired, first: 0, curve, cost: 0.0 };
        // Depressa por onde é fácil: o dobro do passo, e poucas medidas. Um susto da máquina só piora uma medida: vale a
        // melhor, e a primeira de todas, que acorda os trabalhadores e traz as páginas deles, nunca é ela.
        let halved = (0..sizes.len()).step_by(2).find(|&step| {
            let attempt = |_| {
                let task = serial(sizes[step], SCOUTING_BUDGET, bench);
                bench.efficiency(&runner.sample(task, sizes[step], SCOUTING_BUDGET, bench))
            };
            (0..SCOUTINGS).map(attempt).fold(0.0, f64::max) < 0.5
        });
        let halved = halved.unwrap_or(sizes.len() - 1);
        runner.first = halved.saturating_sub(AROUND + 1);
        let last = (halved + AROUND).min(sizes.len() - 1);
        runner.curve = scale::curve(contender.label(), &sizes[runner.first..=last]);
        runner
    }

    fn covers(&self, step: usize) -> bool {
        (self.first..self.first + self.curve.sizes.len()).contains(&step)
    }

    fn measure(&mut self, step: usize, size: f64, task: f64, bench: &Bench) {
        let sample = self.sample(task, size, BUDGET, bench);
        self.curve.sizes[step - self.first].samples.push(sample);
    }

    /// Uma medida, com `task` segundos por tarefa em série.
    fn sample(&mut self, task: f64, size: f64, budget: f64, bench: &Bench) -> Sample {
        let items = vec![bench.turns(size); bench.fitting_shared(budget, task, self.cost)];
        let start = Instant::now();
        let answers = self.hired.map(&items).expect("nenhuma falha");
        let parallel = start.elapsed().as_secs_f64();
        assert_eq!(answers.len(), items.len());
        let sample = Sample { tasks: items.len(), serial: task * items.len() as f64, parallel };
        self.cost = sample.task_cost(bench.workers).max(0.0);
        sample
    }
}

fn table<F>(runners: &[Runner<F>], sizes: &[f64], bench: &Bench) {
    println!(
        "\nEficiência (mediana) por tempo da tarefa em série, com {}:",
        count(bench.workers, "trabalhador", "trabalhadores")
    );
    (1..).zip(runners).for_each(|(column, runner)| println!("  ({column}) {}", runner.contender.label()));
    print!("{:>9}", "tarefa");
    (1..=runners.len()).for_each(|column| print!("{:>7}", format!("({column})")));
    println!();
    for (step, &size) in sizes.iter().enumerate() {
        let cell = |runner: &Runner<F>| {
            let sizes = &runner.curve.sizes;
            let measured = step.checked_sub(runner.first).and_then(|index| sizes.get(index));
            measured.map(|size| size.estimate(|sample| bench.efficiency(sample)).median)
        };
        let cells: Vec<Option<f64>> = runners.iter().map(cell).collect();
        if cells.iter().any(Option::is_some) {
            print!("{:>9}", seconds(size));
            cells.into_iter().for_each(|cell| print!("{:>7}", cell.map_or_else(String::new, percent)));
            println!();
        }
    }
}

fn crossings<F>(runners: &[Runner<F>], bench: &Bench) {
    println!("\nMETG(50 %), {}:", count(REPETITIONS, "repetição", "repetições"));
    for (column, runner) in (1..).zip(runners) {
        println!("({column}) {}: {}", runner.contender.label(), bench.metg(&runner.curve));
    }
}

//! O `MpiPool` contra o mestre em C: até que tamanho de tarefa cada um ainda rende, e a razão entre os dois.
//!
//! Os dois ficam de pé o tempo todo, e quem não está sendo medido cochila. A repetição é o laço de fora; em cada tamanho os
//! dois se alternam.

use std::ops::RangeInclusive;
use std::process::Command;

use licoes::measure::granularity::{Curve, Sample, Size, spin};
use multiprocessamento::{Error, MpiJob, MpiPool};
use registro::format::{count, percent, seconds, times};
use registro::stats::Estimate;

use super::reference::Reference;
use super::scale::{self, BUDGET, Bench, REPETITIONS};

/// De 25 µs a 100 ns.
const STEPS: RangeInclusive<i32> = 3..=15;

/// Quem entrega tarefas por MPI.
trait Job {
    /// Mede `tasks` tarefas de `turns` voltas.
    fn sample(&mut self, turns: u64, tasks: usize) -> Result<Sample, String>;
}

impl Job for Reference {
    fn sample(&mut self, turns: u64, tasks: usize) -> Result<Sample, String> {
        Reference::sample(self, turns, tasks)
    }
}

impl Job for MpiJob {
    fn sample(&mut self, turns: u64, tasks: usize) -> Result<Sample, String> {
        let sample = self.call(measure, (turns, tasks)).and_then(|sample| sample);
        sample.map_err(|error| error.to_string())
    }
}

/// No rank 0.
fn measure((turns, tasks): (u64, usize)) -> Result<Sample, Error> {
    let pool = MpiPool::new()?;
    let one_by_one = pool.chunk_size(1)?;
    let deliver = |items: &[u64]| one_by_one.map(spin, items.iter().copied());
    let items = vec![turns; tasks];
    // O despertar fica fora do relógio, como no programa em C.
    deliver(&items[..pool.workers()])?;
    Sample::take(spin, &items, tasks.div_ceil(pool.workers()), false, deliver)
}

/// Quanto a bancada pode levar: um rank que não responde a prenderia.
const LIMIT_S: &str = "600";

/// O mesmo para os dois, com cada rank preso a um núcleo, como em `MpiJob::launch_bound`; aqui quem os prende é o `mpirun`,
/// que o programa em C só tem a ele.
fn mpirun(workers: usize) -> Command {
    let mut mpirun = Command::new("mpirun");
    mpirun
        .args(["--oversubscribe", "--map-by", "core", "--bind-to", "core:overload-allowed"])
        .args(["--timeout", LIMIT_S, "-n", &(workers + 1).to_string()])
        // Root é comum num contêiner, e o Open MPI o recusa se ninguém disser que é de propósito.
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    mpirun
}

/// Mede e mostra a tabela, as METG(50 %) e o custo de uma tarefa vazia.
pub fn against_c(workers: usize) {
    println!();
    let sizes = scale::sizes(STEPS);
    let side = |label: &'static str, job: Result<Box<dyn Job>, String>| match job {
        Ok(job) => Some(Side::new(label, job, &sizes)),
        Err(reason) => {
            println!("MPI: {label} fica de fora: {reason}");
            None
        }
    };
    let reference = Reference::start(mpirun(workers)).map(|reference| Box::new(reference) as Box<dyn Job>);
    let ours = MpiJob::launch(mpirun(workers)).map(|job| Box::new(job) as Box<dyn Job>);
    let ours = ours.map_err(|error| error.to_string());
    let sides = [side("a referência em C", reference), side("o MpiPool", ours)];
    let mut sides: Vec<Side> = sides.into_iter().flatten().collect();
    let bench = Bench::new(workers);
    for repetition in 0..REPETITIONS {
        // Depois do último tamanho, a tarefa vazia.
        for place in 0..=sizes.len() {
            for turn in 0..sides.len() {
                let next = (repetition + place + turn) % sides.len();
                sides[next].measure(place, &bench);
            }
        }
    }
    if !sides.is_empty() {
        table(&sides, &bench);
        summary(&sides, &bench);
    }
}

/// Um dos dois, e o que já se mediu dele.
struct Side {
    label: &'static str,
    job: Box<dyn Job>,
    curve: Curve,
    empty: Size,
    /// O que a última tarefa custou além do trabalho dela: diz quantas cabem na medida seguinte.
    cost: f64,
}

impl Side {
    fn new(label: &'static str, job: Box<dyn Job>, sizes: &[f64]) -> Self {
        let empty = Size { seconds: 0.0, samples: Vec::new() };
        Side { label, job, curve: scale::curve(label, sizes), empty, cost: 0.0 }
    }

    fn measure(&mut self, place: usize, bench: &Bench) {
        let size = self.curve.sizes.get_mut(place).unwrap_or(&mut self.empty);
        let tasks = bench.fitting_shared(BUDGET, size.seconds, self.cost);
        let sample = self.job.sample(bench.turns(size.seconds), tasks).expect("nenhuma falha");
        self.cost = sample.task_cost(bench.workers).max(0.0);
        size.samples.push(sample);
    }
}

/// Segundos que cada tarefa levou, repartida.
fn parallel(sample: &Sample) -> f64 {
    sample.parallel / sample.tasks as f64
}

/// A grandeza no segundo sobre a mesma no primeiro, repetição a repetição.
fn ratio(first: &Size, second: &Size, quantity: impl Fn(&Sample) -> f64) -> Estimate {
    let ratio = |(first, second)| quantity(second) / quantity(first);
    Estimate::of(&first.samples.iter().zip(&second.samples).map(ratio).collect::<Vec<_>>())
}

fn table(sides: &[Side], bench: &Bench) {
    println!(
        "MPI, uma tarefa por bloco, {}: eficiência (mediana) por tempo da tarefa em série, e a razão do tempo:",
        count(bench.workers, "trabalhador", "trabalhadores")
    );
    print!("{:>9}", "tarefa");
    sides.iter().for_each(|side| print!("{:>19}", side.label));
    println!();
    for (place, size) in sides[0].curve.sizes.iter().enumerate() {
        print!("{:>9}", seconds(size.seconds));
        for side in sides {
            let efficiency = side.curve.sizes[place].estimate(|sample| bench.efficiency(sample));
            print!("{:>19}", percent(efficiency.median));
        }
        if let [reference, ours] = sides {
            let [reference, ours] = [reference, ours].map(|side| &side.curve.sizes[place]);
            print!("   {}", times(ratio(reference, ours, parallel)));
        }
        println!();
    }
}

fn summary(sides: &[Side], bench: &Bench) {
    println!("METG(50 %), {}:", count(REPETITIONS, "repetição", "repetições"));
    sides.iter().for_each(|side| println!("{}: {}", side.label, bench.metg(&side.curve)));
    if let [reference, ours] = sides {
        let both = bench.metgs(&reference.curve).into_iter().zip(bench.metgs(&ours.curve));
        let ratios: Vec<f64> = both.filter_map(|(reference, ours)| Some(ours? / reference?)).collect();
        match ratios.len() {
            0 => println!("MpiPool / C: em nenhuma repetição os dois passam pelos 50 %"),
            crossed => println!(
                "MpiPool / C: {}, em {}",
                times(Estimate::of(&ratios)),
                count(crossed, "repetição", "repetições")
            ),
        }
    }
    println!("Tarefa vazia:");
    for side in sides {
        let Estimate { median, low, high } = side.empty.estimate(|sample| sample.task_cost(bench.workers));
        println!("{}: {} ({} a {})", side.label, seconds(median), seconds(low), seconds(high));
    }
    if let [reference, ours] = sides {
        println!("MpiPool / C: {}", times(ratio(&reference.empty, &ours.empty, parallel)));
    }
}

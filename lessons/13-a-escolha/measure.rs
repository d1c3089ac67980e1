//! O que o conselheiro precisa saber: os preços desta máquina, e o que custa cada tarefa.

use licoes::load::model::Model;
use licoes::measure::together;
use licoes::measure::trace::now;
use multiprocessamento::{Error, Process};
use serde_bytes::ByteBuf;

use crate::adviser::{Job, Machine, Price};
use crate::cases::Case;
use crate::choice::{Context, Task, run, work};

/// Quantas vezes se mede cada preço. Vale a menor: um susto da máquina só aumenta o tempo.
const TIMES: usize = 9;

/// Mede o que cada modelo cobra quando as tarefas não fazem nada.
pub fn machine(workers: usize, turns_per_second: f64) -> Result<Machine, Error> {
    let prices = Model::ALL.map(|model| price(model, workers)).into_iter();
    let turns = (10e-3 * turns_per_second) as u64;
    Ok(Machine {
        workers,
        gain: gain(workers, turns),
        prices: prices.collect::<Result<_, _>>()?,
    })
}

// ANCHOR: price
/// O preço de um modelo, por diferença: só nascer; com muitas tarefas; com dados.
fn price(model: Model, workers: usize) -> Result<Price, Error> {
    const MANY: usize = 2_000;
    const HEAVY: usize = 16;
    const BYTES: usize = 128 << 10;
    let nothing = vec![Task::of(0); workers];
    let many = vec![Task::of(0); MANY];
    let heavy = vec![Task { turns: 0, data: ByteBuf::from(vec![7; BYTES]) }; HEAVY];
    let [start, with_many, with_data] =
        [&nothing, &many, &heavy].map(|tasks| least(model, tasks, workers));
    let start = start?;
    let each = |total: f64, count: usize| ((total - start) / count as f64).max(0.0);
    Ok(Price {
        model,
        birth: start / workers as f64,
        delivery: each(with_many?, MANY),
        byte: each(with_data?, HEAVY * BYTES),
    })
}
// ANCHOR_END: price

fn least(model: Model, tasks: &[Task], workers: usize) -> Result<f64, Error> {
    let mut least = f64::INFINITY;
    for _ in 0..TIMES {
        let start = now();
        run(model, |_task| 0, tasks, workers)?;
        least = least.min(now() - start);
    }
    Ok(least)
}

/// Quantos trabalhadores sozinhos valem `workers` juntos: no ideal, tantos quantos são.
fn gain(workers: usize, turns: u64) -> f64 {
    let spin = |turns| work(Task::of(turns));
    let least = |workers| {
        let once =
            |_| together::elapsed(&together::threads(spin, vec![turns; workers]));
        (0..TIMES).map(once).fold(f64::INFINITY, f64::min)
    };
    (workers as f64 * least(1) / least(workers)).clamp(1.0, workers as f64)
}

// ANCHOR: sample
/// Quantas tarefas se fazem para conhecer as outras.
const SAMPLE: usize = 16;

/// Conhece um trabalho por uma amostra das suas tarefas, tiradas da lista toda.
pub fn job(case: &Case) -> Result<Job, Error> {
    let tasks = &case.tasks;
    let count = SAMPLE.min(tasks.len());
    // Numa lista que se repete, um salto redondo cairia sempre no mesmo ponto.
    let pick = |index: usize| tasks[index * 7919 % tasks.len()].clone();
    let sample: Vec<Task> = (0..count).map(pick).collect();
    // Medir também é rodar: a tarefa que pode derrubar o programa se mede fora dele.
    let seconds = match case.context {
        Context::Risky => Process::start(durations, sample)?.join()?,
        _ => durations(sample),
    };
    let bytes = tasks.iter().map(|task| task.data.len()).sum::<usize>();
    Ok(Job {
        tasks: tasks.len(),
        mean: seconds.iter().sum::<f64>() / count as f64,
        longest: seconds.iter().copied().fold(0.0, f64::max),
        bytes: bytes as f64 / tasks.len() as f64,
        context: case.context,
    })
}
// ANCHOR_END: sample

/// Segundos de cada tarefa, a menor de três vezes.
fn durations(sample: Vec<Task>) -> Vec<f64> {
    let once = |task: &Task| {
        let task = task.clone();
        let start = now();
        std::hint::black_box(work(task));
        now() - start
    };
    let least = |task| (0..3).map(|_| once(task)).fold(f64::INFINITY, f64::min);
    sample.iter().map(least).collect()
}

//! Lição 9: o que custa um trabalhador, o que custa uma tarefa, e a partir de quando compensa.

mod claims;
mod python;

use std::process::ExitCode;

use claims::Figures;
use multiprocessamento::workbook::birth::{
    WAYS, idle_process_kib, idle_thread_kib, lifetimes,
};
use multiprocessamento::workbook::granularity::{
    Crossing, Curve, Sample, Sweep, from_scratch,
};
use multiprocessamento::workbook::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::workbook::machine::Watch;
use multiprocessamento::workbook::model::Model;
use multiprocessamento::workbook::stats::Estimate;
use multiprocessamento::{StartMethod, init};

const INFO: Info =
    Info { number: 9, title: "Overhead", hints: include_str!("hints.md") };

/// Segundos de uma tarefa, e de um trabalho inteiro, do maior ao menor.
const TASKS: [f64; 10] = [1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7, 3e-8];
const TOTALS: [f64; 7] = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4];

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

// ANCHOR: story
fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;
    let options = lesson.options().clone();
    let (workers, repetitions) = (options.workers, options.repetitions);
    let watch = Watch::start();

    // Antes da primeira tarefa: nascer, e existir.
    let births = lifetimes(8 * repetitions)?;
    for (index, way) in WAYS.into_iter().enumerate() {
        let seconds: Vec<f64> = births.iter().map(|round| round[index]).collect();
        lesson.metric("spawn_us", way, 1e6 * Estimate::of(&seconds).median, "us");
    }
    let memory = idle_memory(lesson, repetitions)?;

    // Cada tarefa: a mesma conta em pedaços cada vez menores, com os trabalhadores já nascidos.
    let (count, budget) = if options.quick { (7, 0.005) } else { (10, 0.01) };
    let sweep = Sweep { sizes: &TASKS[..count], workers, repetitions, budget };
    let mut curves = sweep.curves(&Model::ALL[1..], |done| {
        lesson.progress("process_pool", done, count);
    })?;
    curves.extend(python::measure(lesson)?);
    for curve in &curves {
        task_sizes(lesson, curve);
    }

    // E o trabalho inteiro: criar os trabalhadores só para ele compensa?
    let by_threads = from_scratch(Model::Threads, &TOTALS, workers, repetitions)?;
    let whole = from_scratch(Model::ProcessPool, &TOTALS, workers, repetitions)?;
    whole_jobs(lesson, &by_threads);
    whole_jobs(lesson, &whole);

    let others = watch.others();
    lesson.note_others(others);
    lesson.say(&claims::advice(workers, &curves, &whole));
    let figures = Figures { births, memory, whole, others };
    lesson.claim(claims::a_process_takes_longer(&figures));
    lesson.claim(claims::a_process_takes_more_memory(&figures));
    lesson.claim(claims::only_big_work_pays(&figures));
    Ok(())
}
// ANCHOR_END: story

/// KiB de cada trabalhador parado: thread, forkserver e spawn, uma linha por repetição.
fn idle_memory(
    lesson: &mut Lesson,
    repetitions: usize,
) -> Result<Vec<[f64; 3]>, Failure> {
    let round = |_| -> Result<[f64; 3], Failure> {
        let forkserver = idle_process_kib(StartMethod::ForkServer)?;
        Ok([idle_thread_kib()?, forkserver, idle_process_kib(StartMethod::Spawn)?])
    };
    let rounds: Vec<[f64; 3]> =
        (0..repetitions).map(round).collect::<Result<_, _>>()?;
    for (index, way) in ["threads", "forkserver", "spawn"].into_iter().enumerate() {
        let kib: Vec<f64> = rounds.iter().map(|round| round[index]).collect();
        lesson.metric("pss_kib", way, Estimate::of(&kib).median, "KiB");
    }
    Ok(rounds)
}

/// A curva de eficiência de um modelo, o custo de uma tarefa e a METG(50 %).
fn task_sizes(lesson: &mut Lesson, curve: &Curve) {
    let workers = lesson.options().workers;
    let efficiency = |sample: &Sample| sample.speedup() / workers as f64;
    for size in &curve.sizes {
        let x = (1e6 * size.seconds, "µs por tarefa");
        let y = (size.estimate(efficiency).median, "eficiência");
        lesson.point("efficiency_by_task", &curve.model, x, y);
    }
    let cost = 1e6 * curve.task_cost(workers).median;
    lesson.metric("task_us", &curve.model, cost, "us");
    if let Crossing::At(metg) = claims::metg(curve, workers) {
        lesson.metric("metg50_us", &curve.model, 1e6 * metg.median, "us");
    }
}

/// A aceleração de um trabalho inteiro, contando criar e desfazer os trabalhadores.
fn whole_jobs(lesson: &mut Lesson, curve: &Curve) {
    for size in &curve.sizes {
        let x = (1e3 * size.seconds, "ms de trabalho");
        let y = (size.estimate(Sample::speedup).median, "aceleração");
        lesson.point("speedup_by_work", &curve.model, x, y);
    }
    if let Crossing::At(even) = claims::break_even(curve) {
        lesson.metric("break_even", &curve.model, even.median, "s");
    }
}

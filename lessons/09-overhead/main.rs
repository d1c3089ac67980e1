//! Lição 9: o que custa um trabalhador, o que custa uma tarefa, e a partir de quando compensa.

mod claims;
mod curves;
mod legend;
mod python;
mod steps;

use std::process::ExitCode;

use claims::Figures;
use licoes::load::model::Model;
use licoes::measure::birth::{WAYS, idle_process_kib, idle_thread_kib, lifetimes};
use licoes::measure::granularity::{Sweep, from_scratch};
use licoes::measure::machine::{Watch, cores};
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::{StartMethod, init};
use registro::stats::Estimate;

const INFO: Info = Info {
    number: 9,
    title: "Overhead",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

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
    let (sizes, budget) =
        if options.quick { (&TASKS[2..9], 0.005) } else { (&TASKS[..], 0.01) };
    let sweep = Sweep { sizes, workers, repetitions, budget };
    let mut curves = sweep.curves(curves::crews(workers)?, |done| {
        lesson.progress("process_pool", done, sizes.len());
    })?;
    curves.extend(python::measure(lesson)?);
    for curve in &curves {
        curves::task_sizes(lesson, curve);
    }

    // A mesma entrega, degrau por degrau, do soquete à memória.
    let steps = steps::measure(workers, repetitions, budget)?;

    // E o trabalho inteiro: criar os trabalhadores só para ele compensa?
    let by_threads = from_scratch(Model::Threads, &TOTALS, workers, repetitions)?;
    let whole = from_scratch(Model::ProcessPool, &TOTALS, workers, repetitions)?;
    curves::whole_jobs(lesson, &by_threads);
    curves::whole_jobs(lesson, &whole);
    steps::record(lesson, &steps);

    let others = watch.others();
    lesson.note_others(others);
    lesson.say(&claims::advice(workers, &curves, &whole));
    let at_once = cores().min(workers);
    let figures = Figures { births, memory, whole, at_once, others };
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

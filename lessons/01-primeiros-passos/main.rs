//! Lição 1: o mesmo trabalho com um `Pool` e com processos feitos à mão.

mod claims;
mod legend;

use std::ops::Range;
use std::process::ExitCode;

use licoes::load::workload::count_primes;
use licoes::measure::compare::time_both;
use licoes::measure::source::lines;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::{Error, Pool, Process, init};

const INFO: Info = Info {
    number: 1,
    title: "Primeiros passos",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

// ANCHOR: main
fn main() -> ExitCode {
    init(); // num processo filho, o programa não passa daqui
    lesson::run(INFO, story)
}
// ANCHOR_END: main

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;

    let (slices, workers) = (lesson.slices(), lesson.options().workers);
    // As duas maneiras se parecem tanto que só com o dobro das repetições o intervalo decide.
    let timing = time_both(
        2 * lesson.options().repetitions,
        || with_pool(&slices, workers),
        || with_processes(&slices, workers),
    )?;
    let source = include_str!("main.rs");
    let lines = [lines(source, "pool"), lines(source, "processes")];
    lesson.metric("lines", "process_pool", lines[0] as f64, "linhas");
    lesson.metric("lines", "processes", lines[1] as f64, "linhas");

    lesson.claim(claims::pool_is_enough(&timing, lines));
    lesson.claim(claims::whole_module());
    Ok(())
}

// ANCHOR: pool
fn with_pool(slices: &[Range<u64>], workers: usize) -> Result<u64, Error> {
    let pool = Pool::new(workers)?;
    let counts = pool.chunk_size(1)?.map(count_primes, slices.to_vec())?;
    Ok(counts.iter().sum())
}
// ANCHOR_END: pool

// ANCHOR: processes
fn count_share(share: Vec<Range<u64>>) -> u64 {
    share.into_iter().map(count_primes).sum()
}

fn with_processes(slices: &[Range<u64>], workers: usize) -> Result<u64, Error> {
    let mut running = Vec::new();
    for worker in 0..workers {
        let share = slices.iter().skip(worker).step_by(workers);
        running.push(Process::start(count_share, share.cloned().collect())?);
    }
    let mut total = 0;
    for process in running {
        total += process.join()?;
    }
    Ok(total)
}
// ANCHOR_END: processes

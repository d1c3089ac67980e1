//! Lição 3: quantos núcleos trabalham ao mesmo tempo, e quanto isso rende.

mod claims;
mod legend;

use std::process::ExitCode;
use std::time::Duration;

use licoes::load::model::Model;
use licoes::load::workload::{count_primes, slices};
use licoes::measure::compare::{Comparison, Contestant};
use licoes::measure::machine::cores;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::init;

const INFO: Info = Info {
    number: 3,
    title: "Paralelismo real",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};
const SWEPT: [Model; 2] = [Model::ProcessPool, Model::Threads];

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

// ANCHOR: story
fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;

    // A mesma carga com 1, 2, … trabalhadores, até o dobro dos núcleos.
    let heavy = lesson.measure(count_primes, &lesson.slices(), &sweep(2 * cores()))?;
    plot(lesson, "speedup_by_workers", &heavy);
    for model in SWEPT {
        if let Some(fraction) = claims::amdahl_serial_fraction(&heavy, model, cores()) {
            lesson.metric("amdahl_serial_fraction", model.id(), fraction, "");
        }
    }

    // Dois contrastes: uma tarefa que só espera, e uma conta pequena demais.
    let waiting = lesson.measure(wait, &[5; 8], &sweep(8))?;
    plot(lesson, "io_speedup_by_workers", &waiting);
    let light = lesson.measure(
        count_primes,
        &slices(1_000, 64),
        &[(Model::ProcessPool, cores())],
    )?;

    let at_all_cores = claims::Figures::of(&heavy, &light, cores());
    lesson.metric(
        "busy_cores",
        "process_pool",
        at_all_cores.busy_cores.median,
        "núcleos",
    );
    lesson.metric(
        "light_speedup",
        "process_pool",
        at_all_cores.light_speedup.median,
        "",
    );
    lesson.claim(claims::different_cores_at_once(&at_all_cores));
    lesson.claim(claims::all_cores(&at_all_cores));
    lesson.claim(claims::pays_for_heavy_work(&at_all_cores));
    Ok(())
}
// ANCHOR_END: story

/// Cada modelo com 1, 2, 3, 4 e depois o dobro a cada passo, até `most` trabalhadores.
fn sweep(most: usize) -> Vec<Contestant> {
    let doubling = std::iter::successors(Some(8), |workers| Some(workers * 2));
    let mut counts: Vec<usize> =
        (1..=4).chain(doubling.take_while(|workers| *workers < most)).collect();
    counts.retain(|workers| *workers < most);
    counts.extend([most, cores()].into_iter().filter(|workers| *workers <= most));
    counts.sort_unstable();
    counts.dedup();
    counts.iter().flat_map(|&workers| SWEPT.map(|model| (model, workers))).collect()
}

/// Espera como quem espera um disco ou uma rede, sem usar o processador.
fn wait(milliseconds: u64) -> u64 {
    std::thread::sleep(Duration::from_millis(milliseconds));
    1
}

fn plot(lesson: &mut Lesson, series: &str, comparison: &Comparison) {
    for measured in comparison.measured.iter().skip(1) {
        let speedup = comparison.speedup(measured).median;
        let workers = measured.workers as f64;
        lesson.point(
            series,
            measured.model.id(),
            (workers, "trabalhadores"),
            (speedup, "aceleração"),
        );
    }
}

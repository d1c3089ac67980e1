//! Lição 10: repartir à mão ou deixar que o Pool reparta; e o que só um Process deixa fazer.

mod accident;
mod claims;
mod control;
mod idle;
mod legend;
mod share;
mod ways;

use std::process::ExitCode;

use claims::Figures;
use licoes::load::workload::count_primes;
use licoes::measure::machine::cores;
use licoes::measure::source::lines;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::init;
use registro::format::integer;
use share::slices_of;

const INFO: Info = Info {
    number: 10,
    title: "Controle vs. abstração",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

// ANCHOR: story
fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;
    let (slices, workers) = (slices_of(lesson.options()), lesson.options().workers);
    let primes = slices.iter().cloned().map(count_primes).sum();

    // As mesmas fatias, divididas à mão de dois jeitos, e entregues pelo Pool.
    let shares = share::measure(lesson, &slices)?;
    let lines = written(lesson);

    // Um trabalhador morre no meio: o que o Pool faz sozinho.
    let mut recoveries = Vec::new();
    for _ in 0..lesson.options().repetitions {
        recoveries.push(accident::of_a_worker(&slices, workers)?);
    }
    let replaced = recoveries.iter().map(|recovery| recovery.replaced).sum::<u64>();
    lesson.say(&format!(
        "\nUm kill -9 no meio, {} vezes: o Pool pôs {} processos no lugar, e entregou {} primos.",
        recoveries.len(),
        replaced,
        integer(recoveries[0].primes)
    ));

    // E o que só se faz com cada processo na mão.
    let controls = control::all()?;
    lesson.say("\nUm Process, e o que se pode fazer com ele:");
    for (control, outcome) in &controls {
        lesson.say(&format!("  {control}: {outcome}"));
    }

    let figures =
        Figures { shares, recoveries, primes, lines, workers, cores: cores() };
    lesson.claim(claims::process_gives_control(&controls));
    lesson.claim(claims::pool_hides_and_hands_out(&figures));
    Ok(())
}
// ANCHOR_END: story

/// As linhas que cada maneira pede a quem a escreve: à mão, e pelo Pool.
fn written(lesson: &mut Lesson) -> [usize; 2] {
    let source = include_str!("ways.rs");
    let by_hand = lines(source, "blocks") + lines(source, "by_hand");
    let by_pool = lines(source, "by_pool");
    lesson.metric("lines", "processes", by_hand as f64, "linhas");
    lesson.metric("lines", "process_pool", by_pool as f64, "linhas");
    [by_hand, by_pool]
}

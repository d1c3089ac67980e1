//! Lição 15: três jeitos de um processo nascer, o que cada um copia, custa e proíbe.

mod claims;
mod inheritance;
mod legend;
mod locked;

use std::process::ExitCode;

use claims::Births;
use inheritance::Family;
use licoes::measure::birth::{METHODS, lifetimes_by_memory};
use licoes::measure::machine::Watch;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use locked::{Attempt, Outcomes};
use multiprocessamento::init;
use registro::stats::median;

const INFO: Info = Info {
    number: 15,
    title: "Métodos de início",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

/// MiB que o pai ocupa.
const SIZES: [usize; 5] = [8, 64, 128, 192, 256];

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

// ANCHOR: story
fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;
    let families = what_is_inherited(lesson)?;
    let births = what_it_costs(lesson)?;
    let (attempts, here) = what_it_forbids(lesson)?;
    lesson.claim(claims::fork_copies_the_rest_begin_anew(&families));
    lesson.claim(claims::only_fork_pays_for_memory(&births));
    lesson.claim(claims::a_fork_with_threads_can_hang(&attempts, &here));
    Ok(())
}
// ANCHOR_END: story

/// O que cada filho vê do que o pai mudou.
fn what_is_inherited(lesson: &mut Lesson) -> Result<Vec<Family>, Failure> {
    let repetitions = lesson.options().repetitions.min(16);
    let families = (0..repetitions)
        .map(|_| inheritance::family())
        .collect::<Result<Vec<_>, _>>()?;
    let Family { parent, children } = &families[0];
    lesson.say(&format!("\nDepois de mudar tudo, o pai vê: {parent}."));
    let seen = METHODS.iter().map(|(_, id)| *id).zip(children);
    for (who, view) in [("", parent)].into_iter().chain(seen) {
        if !who.is_empty() {
            lesson.say(&format!("  {who}: {view}."));
        }
        lesson.metric("seen_global", who, view.global as f64, "");
        lesson.metric("seen_items", who, view.list.len() as f64, "");
        lesson.metric("seen_files", who, view.open_files as f64, "");
    }
    Ok(families)
}

/// Quanto custa nascer, com o pai usando cada vez mais memória.
fn what_it_costs(lesson: &mut Lesson) -> Result<Births, Failure> {
    let (mebibytes, births) = match lesson.options().quick {
        true => (SIZES[..3].to_vec(), 5),
        false => (SIZES.to_vec(), 12),
    };
    let repetitions = lesson.options().repetitions;
    let (watch, mut seconds) = (Watch::start(), Vec::new());
    for done in 1..=repetitions {
        seconds.push(lifetimes_by_memory(&mebibytes, births)?);
        lesson.progress("fork", done, repetitions);
    }
    let births = Births { mebibytes, seconds, others: watch.others() };
    lesson.note_others(births.others);
    for (index, (_, method)) in METHODS.iter().enumerate() {
        for (size, mebibytes) in births.mebibytes.iter().enumerate() {
            let times = births.seconds.iter().map(|sizes| sizes[size][index]);
            let time = 1e3 * median(&times.collect::<Vec<_>>());
            let x = (*mebibytes as f64, "MiB no pai");
            let y = (time, "ms para nascer e terminar");
            lesson.point("birth_by_memory", method, x, y);
        }
    }
    lesson.metric("mebibyte_us", "fork", claims::price_of_a_mebibyte(&births), "us");
    Ok(births)
}

/// O que acontece se outra thread tem uma trava na mão.
fn what_it_forbids(lesson: &mut Lesson) -> Result<(Vec<Attempt>, Outcomes), Failure> {
    let (attempts, here) = (locked::in_python(lesson), locked::in_rust()?);
    lesson.say("\nUm filho tenta pegar uma trava que outra thread do pai tem na mão:");
    for (outcome, (_, method)) in here.iter().zip(METHODS) {
        let shown = match outcome {
            Ok(()) => "pegou a sua, e terminou".to_owned(),
            Err(error) => error.to_string(),
        };
        lesson.say(&format!("  aqui, por {method}: {shown}."));
        let of_python = attempts.iter().filter(|one| one.held && one.method == method);
        let (finished, hung): (Vec<_>, Vec<_>) =
            of_python.partition(|one| one.finished);
        let all = finished.len() + hung.len();
        if all > 0 {
            let hung = hung.len();
            lesson
                .say(&format!("  no Python, por {method}: {hung} de {all} travaram."));
            lesson.metric("hung", method, hung as f64, "");
            lesson.metric("attempts", method, all as f64, "");
        }
    }
    Ok((attempts, here))
}

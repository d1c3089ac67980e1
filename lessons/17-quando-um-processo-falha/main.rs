//! Lição 17: cinco falhas, um Ctrl-C e uma tempestade, no pool daqui e no do Python.

mod claims;
mod fall;
mod fault;
mod interrupt;
mod legend;
mod python;
mod shooter;
mod storm;

use std::process::ExitCode;

use fall::Fall;
use licoes::python::Python;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::init;
use python::{Outcome, Seen};
use registro::stats::median;
use storm::Storm;

const INFO: Info = Info {
    number: 17,
    title: "Quando um processo falha",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

fn main() -> ExitCode {
    init();
    interrupt::run_if_asked().unwrap_or_else(|| lesson::run(INFO, story))
}

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;
    let falls = fail_here(lesson)?;
    let python = fail_in_python(lesson);
    press_ctrl_c(lesson, python.as_ref())?;
    let storms = face_storms(lesson)?;

    let rounds = python.map_or(Vec::new(), |seen| seen.rounds);
    lesson.claim(claims::pythons_pool_waits(&rounds, &falls));
    lesson.claim(claims::only_the_running_task_is_lost(&falls));
    lesson.claim(claims::a_storm_loses_nothing(&storms));
    Ok(())
}

/// Cada falha, no pool daqui.
fn fail_here(lesson: &mut Lesson) -> Result<Vec<Fall>, Failure> {
    let workers = lesson.options().workers.clamp(2, 4);
    let rounds = (lesson.options().repetitions / 2).clamp(1, 3);
    let falls = fall::every_fault(workers, rounds)?;
    lesson.say("\nUma tarefa de muitas falha, no pool daqui:");
    for fall in falls.chunks(rounds).filter_map(<[Fall]>::first) {
        lesson.say(&format!("  {fall}."));
        let fault = fall.fault.id();
        lesson.fate(fault, "process_pool", fall.fate);
        lesson.told(fault, "process_pool", usize::from(fall.told.is_some()));
        lesson.metric(&format!("{fault}_s"), "process_pool", fall.seconds, "s");
    }
    Ok(falls)
}

/// As mesmas falhas no `Pool` do Python; nada, sem Python.
fn fail_in_python(lesson: &mut Lesson) -> Option<Seen> {
    let seen = match Python::all(&lesson.options().pythons).first() {
        Some(python) => python::every_fault(python),
        None => Err("nenhum foi encontrado".to_owned()),
    };
    let missing = |reason: &String| lesson.say(&format!("\nPool do Python: {reason}."));
    let seen = seen.inspect_err(missing).ok()?;
    lesson.say(&format!("\nNo Pool do Python {}:", seen.version));
    for round in seen.each_fault() {
        lesson.say(&format!("  {round}."));
        lesson.fate(&round.fault, "python_pool", round.fate());
        let told = round.outcome == Outcome::Raised;
        lesson.told(&round.fault, "python_pool", usize::from(told));
        if let Some(limit) = round.waited_in_vain() {
            lesson.metric(&format!("{}_s", round.fault), "python_pool", limit, "s");
        }
    }
    Some(seen)
}

/// Um Ctrl-C no meio de uma conta longa.
fn press_ctrl_c(lesson: &mut Lesson, python: Option<&Seen>) -> Result<(), Failure> {
    let here = interrupt::press()?;
    let there = python.map(|seen| &seen.interrupted);
    lesson.say("\nUm Ctrl-C no meio de uma conta longa:");
    for (model, seen) in [("process_pool", here.as_ref()), ("python_pool", there)] {
        let Some(seen) = seen else { continue };
        lesson.say(&format!("  {}: {seen}.", lesson.label(model)));
        lesson.metric("left_after_ctrl_c", model, seen.left as f64, "processos");
        lesson.metric("lines_after_ctrl_c", model, seen.lines as f64, "linhas");
    }
    Ok(())
}

/// O mesmo trabalho, sob cada vez mais tiros.
fn face_storms(lesson: &mut Lesson) -> Result<Vec<Storm>, Failure> {
    let workers = lesson.options().workers.clamp(2, 4);
    let storms = storm::worse_and_worse(workers, lesson.options())?;
    for same in &storms {
        let middle =
            |of: fn(&Storm) -> f64| median(&same.iter().map(of).collect::<Vec<_>>());
        let x = (middle(|storm| storm.deaths as f64), "processos mortos");
        let y = (1e3 * middle(|storm| storm.seconds), "ms ao todo");
        lesson.point("time_by_deaths", "process_pool", x, y);
    }
    let storms = storms.concat();
    if let Some(worst) = storms.last() {
        lesson.say(&format!("\nNa última tempestade, {worst}."));
        lesson.metric("tasks", "", worst.asked as f64, "");
        lesson.metric("charged", "", worst.charged as f64, "");
        lesson.metric("right_places", "", worst.places as f64, "");
    }
    Ok(storms)
}

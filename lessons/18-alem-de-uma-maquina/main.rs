//! Lição 18: a mesma carga e a mesma chamada em ranks do MPI, num host e em dois.

#[cfg(feature = "mpi")]
mod beyond;
#[cfg(not(feature = "mpi"))]
#[path = "without.rs"]
mod beyond;
mod claims;
mod legend;

use std::process::ExitCode;

use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::init;

const INFO: Info = Info {
    number: 18,
    title: "Além de uma máquina",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;
    let figures = beyond::measure(lesson)?;
    lesson.claim(claims::the_same_answers(&figures));
    lesson.claim(claims::no_faster_on_one_machine(&figures));
    lesson.claim(claims::another_host_is_farther(&figures));
    lesson.claim(claims::a_dead_rank_takes_all(&figures));
    lesson.claim(claims::one_master_saturates(&figures));
    Ok(())
}

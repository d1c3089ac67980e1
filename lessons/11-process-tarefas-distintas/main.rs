//! Lição 11: três tarefas que não se parecem, cada uma com o seu limite e a sua prioridade.

mod claims;
mod collatz;
mod legend;
mod mandelbrot;
mod note;
mod plan;
mod priority;
mod show;
mod ways;

use std::process::ExitCode;
use std::time::Duration;

use claims::Figures;
use licoes::measure::machine::Watch;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::init;
use plan::{Answers, Plan};
use ways::{Limits, attempt, by_pool, by_processes};

const INFO: Info = Info {
    number: 11,
    title: "Process: tarefas distintas",
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
    let (workers, repetitions) =
        (lesson.options().workers, lesson.options().repetitions);

    // Cada uma sozinha: a resposta certa, e quanto custa.
    let plan = Plan::new(lesson.options().limit);
    let expected = Answers::undisturbed(&plan)?;
    show::answers(lesson, &plan, &expected);

    // As três juntas, com um pedido errado: o da cadeia não vai terminar.
    let [shortest, longest] = expected.shortest_and_longest();
    let limits = Limits {
        short: Duration::from_secs_f64(shortest / 2.0),
        long: Duration::from_secs_f64(longest * 5.0),
    };
    let (plan, watch) = (plan.mistaken(), Watch::start());
    let mut figures = Figures::default();
    for done in 1..=repetitions {
        let run = |model, limit: Option<Duration>| {
            attempt(model, &expected, limits, |notes| match limit {
                None => by_processes(plan.clone(), notes, limits),
                Some(limit) => by_pool(plan.clone(), notes, limit, workers),
            })
        };
        figures.processes.push(run("own_limits", None)?);
        figures.pool_short.push(run("short_limit", Some(limits.short))?);
        figures.pool_long.push(run("long_limit", Some(limits.long))?);
        figures.with_priority.push(priority::with_processes()?);
        figures.without.push(priority::with_a_pool()?);
        lesson.progress("own_limits", done, repetitions);
    }
    figures.others = watch.others();
    lesson.note_others(figures.others);
    show::outcomes(lesson, &figures, limits, workers);
    lesson.claim(claims::suits_distinct_tasks(&figures));
    Ok(())
}
// ANCHOR_END: story

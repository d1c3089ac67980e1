//! Lição 13: um conselheiro que mede, recomenda um modelo, e presta contas do conselho.

mod adviser;
mod cases;
mod choice;
mod claims;
mod legend;
mod measure;

use std::process::ExitCode;

use adviser::advise;
use cases::Case;
use choice::Race;
use claims::Outcome;
use licoes::measure::granularity::turns_per_second;
use licoes::measure::machine::{Watch, cores};
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::init;
use registro::format::{percent, seconds};

const INFO: Info = Info {
    number: 13,
    title: "A escolha",
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
    let workers = lesson.options().workers;
    let watch = Watch::start();

    // Antes de aconselhar, o conselheiro conhece a máquina, e depois cada trabalho.
    let turns = turns_per_second();
    let machine = measure::machine(workers, turns)?;
    show_prices(lesson, &machine);

    let mut outcomes = Vec::new();
    let cases = cases::all(workers, turns);
    for (index, case) in cases.iter().enumerate() {
        let advice = advise(&measure::job(case)?, &machine);
        // Dado o conselho, todos os que servem fazem o trabalho.
        let race =
            Race::of(&case.tasks, case.context, workers, lesson.options().repetitions)?;
        lesson.progress(advice.id(), index + 1, cases.len());
        outcomes.push(Outcome { name: case.name, advice, race });
    }
    for (case, outcome) in cases.iter().zip(&outcomes) {
        account_for(lesson, case, outcome);
    }
    lesson.metric("median_regret", "", 100.0 * claims::median_regret(&outcomes), "%");

    lesson.say(&format!("\nA regra, em palavras:\n\n{}", adviser::TREE));
    let others = watch.others();
    lesson.note_others(others);
    let at_once = cores().min(workers);
    lesson.claim(claims::depends_on_the_task(&outcomes, at_once, others));
    Ok(())
}
// ANCHOR_END: story

/// O que cada modelo cobra nesta máquina, além do trabalho.
fn show_prices(lesson: &mut Lesson, machine: &adviser::Machine) {
    for price in &machine.prices {
        let model = price.model.id();
        lesson.metric("birth_us", model, 1e6 * price.birth, "us");
        lesson.metric("delivery_us", model, 1e6 * price.delivery, "us");
        lesson.metric("carry_us", model, 1e6 * price.byte * f64::from(1 << 20), "us");
    }
    lesson.metric("gain", "", machine.gain, "");
}

/// Presta contas: o conselho, o melhor, e a diferença.
fn account_for(
    lesson: &mut Lesson,
    case: &Case,
    Outcome { advice, race, .. }: &Outcome,
) {
    for (model, _) in &race.seconds {
        let milliseconds = 1e3 * race.median(*model).unwrap_or(f64::NAN);
        lesson.metric(&format!("case_{}", case.id), model.id(), milliseconds, "ms");
    }
    let regret = race.regret(*advice);
    lesson.metric(&format!("advice_{}", case.id), advice.id(), 100.0 * regret, "%");
    let time = |model| seconds(race.median(model).unwrap_or(f64::NAN));
    let best = race.best();
    let verdict = match best == *advice {
        true => "o mais rápido".to_owned(),
        false => format!(
            "{} a mais do que {}, que levou {}",
            percent(regret),
            best.label(),
            time(best)
        ),
    };
    lesson.say(&format!(
        "  {}: {}, {}; {verdict}.",
        case.name,
        advice.label(),
        time(*advice)
    ));
}

//! Lição 16: a memória que é de todos, o que se perde nela, e quanto custa não perder.

mod claims;
mod legend;
mod neighbours;
mod race;
mod sieve;
mod tools;

use std::process::ExitCode;

use licoes::measure::machine::{Watch, cores};
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::{Pool, init};
use neighbours::Round;
use registro::format::seconds;
use registro::stats::median;

const INFO: Info = Info {
    number: 16,
    title: "Memória compartilhada e sincronização",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;
    let watch = Watch::start();
    let race = run_the_race(lesson)?;
    let near_and_far = push_apart(lesson)?;
    let others = watch.others();
    let sieves = make_sieves(lesson)?;
    give_the_signals(lesson)?;

    lesson.note_others(others);
    lesson.claim(claims::racing_loses(&race, cores(), others));
    lesson.claim(claims::sharing_less_is_the_cheapest_repair(&race, others));
    lesson.claim(claims::neighbours_disturb(&near_and_far, cores(), others));
    lesson.claim(claims::a_shared_sieve_is_not_copied(&sieves));
    Ok(())
}

/// Vários processos somam 1, sem parar, ao mesmo número.
fn run_the_race(lesson: &mut Lesson) -> Result<race::Race, Failure> {
    let workers = lesson.options().workers.clamp(2, 4);
    let seconds = if lesson.options().quick { 0.01 } else { 0.02 };
    let race = race::race(workers, lesson.options().repetitions, seconds)?;
    lesson.say(&format!(
        "\n{workers} processos somam 1, ao mesmo tempo, ao mesmo número:"
    ));
    for (way, tally) in race::WAYS.iter().zip(&race.tallies) {
        lesson.say(&format!("  {}: {}.", lesson.label(way), tally.describe("soma")));
        lesson.metric("lost_updates", way, tally.lost(), "");
        // Ao lado do semáforo, nenhuma das outras barras se veria.
        let metric = if *way == "semaphore" { "semaphore_ns" } else { "increment_ns" };
        lesson.metric(metric, way, tally.price() * 1e9, "ns");
    }
    lesson.metric("sums", "", race.in_turn.expected as f64, "somas");
    let in_turn = race.in_turn.describe("soma");
    lesson.say(&format!("  um processo por vez, ler e escrever: {in_turn}."));
    Ok(race)
}

/// Dois contadores, cada um do seu processo, cada vez mais longe um do outro.
fn push_apart(lesson: &mut Lesson) -> Result<Vec<Round>, Failure> {
    let times = if lesson.options().quick { 200_000 } else { 500_000 };
    let rounds = neighbours::measure(lesson.options().repetitions, times)?;
    lesson.say("\nDois contadores, cada um de um dono só, e os bytes entre eles:");
    for (distance, model, price) in neighbours::medians(&rounds) {
        let (x, y) = ((distance, "bytes de distância"), (1e9 * price, "ns por soma"));
        lesson.point("increment_by_distance", model, x, y);
    }
    Ok(rounds)
}

/// A peneira num processo só, na memória de todos e em pedaços que viajam.
fn make_sieves(lesson: &mut Lesson) -> Result<sieve::Sieves, Failure> {
    let readers = lesson.options().workers.clamp(2, 4);
    let pool = Pool::new(lesson.options().workers)?;
    let sieves = sieve::measure(&pool, readers, lesson.options().repetitions)?;
    let alone = seconds(median(&sieves.alone));
    lesson.say(&format!(
        "\nUma peneira, que um processo só faz em {alone}, feita por vários:"
    ));
    lesson.metric("sieve", "serial", median(&sieves.alone), "s");
    for (model, made) in sieves.shared_by_many() {
        lesson.metric("sieve", model, median(&made.seconds), "s");
        lesson.metric("sieve_size", model, median(&made.sizes), "vezes");
        lesson.say(&format!("  {}: {made}.", lesson.label(model)));
    }
    Ok(sieves)
}

/// Uma largada, e uma porta de poucas vagas.
fn give_the_signals(lesson: &mut Lesson) -> Result<(), Failure> {
    const PEOPLE: u32 = 6;
    lesson.say(&format!("\n{PEOPLE} processos esperam a largada e entram numa sala:"));
    for places in [PEOPLE, 2] {
        let visits = tools::everyone_visits(PEOPLE as usize, places)?;
        lesson.say(&format!("  {visits}."));
        lesson.metric(&format!("most_inside_{places}"), "", visits.most as f64, "");
    }
    Ok(())
}

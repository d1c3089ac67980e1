//! Lição 8: uma estrutura que outro processo guarda, e quanto custa cada pedido.

mod board;
mod claims;
mod legend;
mod places;
mod price;
mod ways;

use std::process::ExitCode;

use licoes::load::model::hands;
use licoes::load::workload::slices;
use licoes::measure::tally::Tally;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::{Manager, init};
use registro::format::seconds;
use ways::WAYS;

const INFO: Info = Info {
    number: 8,
    title: "Manager",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    let primes = lesson.compare_models()?.measured[0].checksum;
    let manager = Manager::start()?;

    let board =
        board::fill(&manager, &lesson.slices(), lesson.options().workers, primes)?;
    lesson.say(&format!("\nNo dicionário, {board}."));
    lesson.say(&board::read_and_change(&manager)?);

    let [get_insert, update, ..] = sum_at_once(lesson, &manager)?;
    prices(lesson, &manager)?;
    lesson.say(&board::outlive(manager)?);
    lesson.claim(claims::processes_share_a_structure(&board, &get_insert, &update));
    Ok(())
}

/// Cada primo soma 1 no mesmo total, com vários trabalhadores ao mesmo tempo.
fn sum_at_once(lesson: &mut Lesson, manager: &Manager) -> Result<[Tally; 5], Failure> {
    let limit = if lesson.options().quick { 5_000 } else { 20_000 };
    let workers = lesson.options().workers.clamp(2, 4);
    let shares: Vec<_> = hands(&slices(limit, 64), workers).collect();
    let tallies = ways::race(manager, &shares, lesson.options().repetitions)?;
    lesson.say(&format!(
        "\n{workers} trabalhadores somam 1 a cada primo, no mesmo total:"
    ));
    for (way, tally) in WAYS.iter().zip(&tallies) {
        lesson.say(&format!("  {}: {}", lesson.label(way), tally.describe("primo")));
        lesson.metric("lost_updates", way, tally.lost(), "");
        lesson.metric("increment_us", way, tally.price() * 1e6, "us");
    }
    Ok(tallies)
}

/// O preço de uma soma e o de uma cópia, no Manager e em memória que já é de quem a usa.
fn prices(lesson: &mut Lesson, manager: &Manager) -> Result<(), Failure> {
    let repetitions = lesson.options().repetitions;
    let batch = if lesson.options().quick { 100 } else { 400 };

    lesson.say("\nSomar 1, sem mais ninguém:");
    for (place, price) in places::adding(manager, repetitions, batch)? {
        lesson.metric("operation_us", place, price.median * 1e6, "us");
        lesson.say(&format!("  {}: {}", lesson.label(place), seconds(price.median)));
    }

    lesson.say("\nObter uma cópia de um valor, pelo tamanho dele:");
    for size in [8, 1 << 10, 64 << 10, 1 << 20] {
        // Uma cópia grande dura o bastante para que poucas cheguem ao relógio.
        let batch = (batch * 1_000 / (size / 64 + 1_000)).max(4);
        for (place, price) in places::copying(manager, size, repetitions, batch)? {
            let rate = f64::from(size) / f64::from(1 << 20) / price.median;
            let x = (f64::from(size), "bytes");
            lesson.point("latency_by_size", place, x, (price.median * 1e6, "µs"));
            lesson.point("throughput_by_size", place, x, (rate, "MiB/s"));
        }
    }

    lesson.say("\nVários somando ao mesmo tempo, cada um sem parar:");
    for workers in [1, 2, 4] {
        let rates = places::adding_at_once(manager, workers, batch, repetitions)?;
        for (place, rate) in rates {
            let x = (workers as f64, "trabalhadores");
            let y = (rate / 1e3, "somas por ms");
            lesson.point("operations_by_workers", place, x, y);
        }
    }
    Ok(())
}

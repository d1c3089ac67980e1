//! Lição 6: uma fila cheia, e trabalhadores alimentados por uma fila.

mod claims;
mod legend;
mod pressure;

use std::ops::Range;
use std::process::ExitCode;
use std::time::Duration;

use claims::{Passage, Plan};
use licoes::load::workload::count_primes;
use licoes::measure::exchange::{self, by_queue};
use licoes::measure::machine::{Watch, cores};
use licoes::measure::trace::{Piece, now, traced};
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::{Error, Process, Queue, init};
use registro::format::seconds;

const INFO: Info = Info {
    number: 6,
    title: "Queue",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    let total = lesson.compare_models()?.measured[0].checksum;

    full_queue(lesson)?;
    exchange::chart(lesson, "queue", by_queue)?;

    let (slices, workers) = (lesson.slices(), lesson.options().workers);
    let watch = Watch::start();
    let mut passages = Vec::new();
    for _ in 0..lesson.options().repetitions {
        passages.push(feed(&slices, workers)?);
    }
    let others = watch.others();
    passages.sort_by(|a, b| a.seconds().total_cmp(&b.seconds()));
    let typical = &passages[passages.len() / 2];
    lesson.spans(&typical.spans());
    lesson.metric("feed", "queue", typical.seconds(), "s");
    lesson.say(&format!("Fatias que cada um tirou da fila: {:?}.", typical.hands()));

    let plan = Plan { slices: slices.len(), total, workers, cores: cores(), others };
    lesson.claim(claims::fed_by_a_queue(&passages, &plan));
    Ok(())
}

/// A falha, e o conserto com o seu preço: uma fila que ninguém esvazia, e uma esvaziada devagar.
fn full_queue(lesson: &mut Lesson) -> Result<(), Failure> {
    let full = pressure::overfill()?;
    lesson.metric("accepted", "queue", full.accepted as f64, "itens");
    lesson.metric("refused_after", "queue", full.waited, "s");
    lesson.say(&format!(
        "\nNinguém tira: entraram {} itens; o seguinte esperou {} e voltou com um erro: {}.",
        full.accepted,
        seconds(full.waited),
        full.error
    ));
    let (free, slow) =
        (pressure::flow(Duration::ZERO)?, pressure::flow(pressure::PAUSE)?);
    slow.draw(lesson);
    lesson.metric("free_put", "queue", free.put(), "s");
    lesson.metric("slow_put", "queue", slow.put(), "s");
    lesson.say(&format!(
        "Cada put leva {} com um consumidor que não descansa, e {} com um que descansa {}.",
        seconds(free.put()),
        seconds(slow.put()),
        seconds(pressure::PAUSE.as_secs_f64())
    ));
    Ok(())
}

// ANCHOR: feed
fn feed(slices: &[Range<u64>], workers: usize) -> Result<Passage, Error> {
    let start = now();
    let orders = Queue::bounded(2 * workers)?;
    let answers = Queue::bounded(slices.len())?; // cabem todas as respostas
    let mut running = Vec::new();
    for _ in 0..workers {
        running.push(Process::start(work, (orders.clone(), answers.clone()))?);
    }
    for order in slices.iter().cloned().enumerate() {
        orders.put(&order)?;
    }
    orders.close()?; // o fim, para todos de uma vez
    for worker in running {
        worker.join()??;
    }
    answers.close()?;
    Ok(Passage { start, answers: std::iter::from_fn(|| answers.get().ok()).collect() })
}
// ANCHOR_END: feed

// ANCHOR: work
type Order = (usize, Range<u64>);
type Answer = (usize, Piece<u64>);

/// O que cada trabalhador faz, no seu processo: tira da fila até ela acabar.
fn work((orders, answers): (Queue<Order>, Queue<Answer>)) -> Result<(), Error> {
    while let Ok((number, slice)) = orders.get() {
        answers.put(&(number, traced(count_primes, slice)))?;
    }
    Ok(())
}
// ANCHOR_END: work

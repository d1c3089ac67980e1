//! Lição 2: quem vê o que quem escreve.

mod claims;
mod legend;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use claims::{Counter, Twins, Visit};
use licoes::measure::trace::traced;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::{Error, Process, StartMethod, init};

const INFO: Info = Info {
    number: 2,
    title: "Processos independentes",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    let comparison = lesson.compare_models()?;

    lesson.say(&format!(
        "\nO contador deste processo ({}) começa em {START}.",
        std::process::id()
    ));
    COUNTER.store(START, Ordering::SeqCst);
    let counter = Counter {
        start: START,
        threads: visits_by_threads(lesson.options().workers),
        after_threads: COUNTER.load(Ordering::SeqCst),
        processes: visits_by_processes(lesson.options().workers)?,
        after_processes: COUNTER.load(Ordering::SeqCst),
        twins: original_and_copy()?,
    };
    for visit in counter.threads.iter().chain(&counter.processes) {
        lesson.say(&format!("  {visit}"));
    }
    lesson.say(&format!(
        "Aqui, o contador vale {} depois das threads e {} depois dos processos.",
        counter.after_threads, counter.after_processes
    ));
    lesson.say(&format!("Num processo copiado, {}.", counter.twins));
    lesson.metric("counter", "", START as f64, "");
    lesson.metric("counter", "threads", counter.after_threads as f64, "");
    lesson.metric("counter", "processes", counter.after_processes as f64, "");

    lesson.claim(claims::threads_share_a_process(std::process::id(), &comparison));
    lesson.claim(claims::processes_are_separate(std::process::id(), &counter));
    Ok(())
}

// ANCHOR: counter
static COUNTER: AtomicU64 = AtomicU64::new(0);
const START: u64 = 100;

/// Soma 1 ao contador do processo em que roda, e conta o que viu.
fn visit(_worker: usize) -> Visit {
    add_and_look(1)
}

fn add_and_look(amount: u64) -> Visit {
    let piece =
        traced(|amount| COUNTER.fetch_add(amount, Ordering::SeqCst) + amount, amount);
    Visit {
        pid: piece.pid,
        tid: piece.tid,
        seen: piece.value,
        address: &raw const COUNTER as usize,
    }
}
// ANCHOR_END: counter

// ANCHOR: threads
fn visits_by_threads(workers: usize) -> Vec<Visit> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..workers).map(|worker| scope.spawn(move || visit(worker))).collect();
        threads.into_iter().flat_map(|thread| thread.join()).collect()
    })
}
// ANCHOR_END: threads

// ANCHOR: processes
fn visits_by_processes(workers: usize) -> Result<Vec<Visit>, Error> {
    let processes: Vec<_> = (0..workers)
        .map(|worker| Process::start(visit, worker))
        .collect::<Result<_, _>>()?;
    processes.into_iter().map(Process::join).collect()
}
// ANCHOR_END: processes

// ANCHOR: copy
/// Um processo e a sua cópia: o mesmo contador, no mesmo endereço, e cada um com o seu.
fn original_and_copy() -> Result<Twins, Error> {
    let twins = |(): ()| -> Result<Twins, Error> {
        COUNTER.store(START, Ordering::SeqCst);
        let fork = Process::builder().start_method(StartMethod::Fork);
        let copy = fork.start(add_and_look, 1)?.join()?;
        Ok(Twins { copy, original: add_and_look(0) })
    };
    // `fork` só copia um processo de uma thread: este já teve outras, um recém-criado não.
    Process::start(twins, ())?.join()?
}
// ANCHOR_END: copy

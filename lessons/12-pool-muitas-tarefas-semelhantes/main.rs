//! Lição 12: uma função sobre uma lista, os três jeitos de a pedir, e o tamanho do bloco.

mod arrivals;
mod chunks;
mod claims;
mod endless;
mod legend;
mod one_each;
mod python;

use std::process::ExitCode;

use claims::Figures;
use licoes::measure::compare::Versus;
use licoes::measure::machine::{Watch, cores};
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::{Pool, init};

const INFO: Info = Info {
    number: 12,
    title: "Pool: muitas tarefas semelhantes",
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
    let watch = Watch::start();
    let pool = Pool::new(lesson.options().workers)?;
    let python = python::measure(lesson);
    let rounds = chunk_sizes(lesson, &pool, &python)?;
    let crowds = a_process_for_each(lesson)?;
    answers_in_hand(lesson, &pool)?;
    a_slow_consumer(lesson, &pool, &python)?;

    // O tempo de processador dos trabalhadores só passa por nosso depois de recolhidos.
    pool.join();
    let at_once = cores().min(lesson.options().workers);
    let figures = Figures { rounds, crowds, at_once, others: watch.others() };
    lesson.note_others(figures.others);
    lesson.claim(claims::suits_many_similar_tasks(&figures));
    Ok(())
}
// ANCHOR_END: story

/// As mesmas tarefas, em blocos de cada tamanho: o tempo, contado em tempos seriais.
fn chunk_sizes(
    lesson: &mut Lesson,
    pool: &Pool,
    python: &python::Measures,
) -> Result<Vec<chunks::Round>, Failure> {
    let rounds = chunks::sweep(lesson, pool)?;
    let workers = lesson.options().workers;
    for (model, automatic, rounds) in [
        ("process_pool", "automatic_chunk", &rounds),
        ("python_pool", "python_automatic_chunk", &python.rounds),
    ] {
        let Some(curve) = chunks::Curve::of(rounds, workers) else { continue };
        let x = |size: usize| (size as f64, "tarefas por chunk");
        let y = |time: f64| (time, "vezes o tempo serial");
        for (size, time) in curve.sized {
            lesson.point("time_by_chunk", model, x(size), y(time.median));
        }
        let (size, time) = curve.automatic;
        lesson.point("time_by_chunk", automatic, x(size), y(time.median));
    }
    Ok(rounds)
}

/// Um processo novo por tarefa contra um pool, cada vez com mais tarefas.
fn a_process_for_each(lesson: &mut Lesson) -> Result<Vec<(usize, Versus)>, Failure> {
    let crowds = one_each::compare(lesson.options())?;
    for (count, versus) in &crowds {
        let count = *count as f64;
        for (model, time) in ["processes", "process_pool"].iter().zip(versus.seconds) {
            let y = (1e6 * time / count, "µs por tarefa");
            lesson.point("time_by_tasks", model, (count, "tarefas"), y);
        }
    }
    Ok(crowds)
}

/// Quando cada resposta chega à mão de quem pediu, por `map`, `imap` e `imap_unordered`.
fn answers_in_hand(lesson: &mut Lesson, pool: &Pool) -> Result<(), Failure> {
    let medians = arrivals::medians(pool, lesson.options().repetitions)?;
    for (call, wait) in arrivals::CALLS.into_iter().zip(&medians) {
        let last = wait.len() - 1;
        for answer in (0..=last).step_by(last / 7) {
            let (x, y) = (1.0 + answer as f64, (wait[answer], "ms de espera"));
            lesson.point("arrival_by_answer", call, (x, "respostas na mão"), y);
        }
        lesson.metric("first_answer_ms", call, wait[0], "ms");
        lesson.metric("all_answers_ms", call, wait[last], "ms");
    }
    Ok(())
}

/// A memória de quem consome devagar as respostas a uma entrada sem fim.
fn a_slow_consumer(
    lesson: &mut Lesson,
    pool: &Pool,
    python: &python::Measures,
) -> Result<(), Failure> {
    let own = endless::consume(pool)?;
    for (model, looks) in [("process_pool", &own), ("python_pool", &python.looks)] {
        for look in looks {
            let x = (look.consumed as f64, "respostas consumidas");
            lesson.point("memory_by_answers", model, x, (look.mib, "MiB a mais"));
        }
        let Some(last) = looks.last() else { continue };
        lesson.metric("read_ahead", model, last.ahead() as f64, "itens");
    }
    Ok(())
}

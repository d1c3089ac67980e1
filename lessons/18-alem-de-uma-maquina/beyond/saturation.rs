//! Até quantos ranks um rank 0 alimenta, com mais ranks do que núcleos.
//!
//! As tarefas dormem, em vez de ocupar um núcleo: dezesseis ranks que dormem cabem em dois núcleos. E cada uma custa ao
//! rank 0 um preparo, que ocupa o núcleo dele, como ler um arquivo ou montar um argumento. Se uma tarefa leva `t` e o
//! rank 0 gasta `h` com cada uma, `P` ranks terminam `P / t` tarefas por segundo, e ele entrega `1 / h`: a aceleração é
//! a menor de `P` e `t / h`.

use std::hint::black_box;
use std::thread::sleep;
use std::time::{Duration, Instant};

use licoes::measure::granularity::{spin, turns_per_second};
use licoes::run::lesson::Lesson;
use multiprocessamento::{Error, MpiPool};
use registro::stats::{Estimate, median};

use super::team;
use crate::claims::Scaling;

const RANKS: [usize; 5] = [1, 2, 4, 8, 16];

/// O que uma tarefa dorme, e o que ela custa ao rank 0.
const TASK: Duration = Duration::from_millis(2);
const PREPARATION: f64 = 250e-6;

/// Quantas tarefas para cada rank: bastantes para que esperar o último não pese.
const EACH: usize = 40;

// ANCHOR: saturate
fn rest(_prepared: u64) {
    sleep(TASK);
}

/// No rank 0: os segundos de uma tarefa, de preparar e entregar uma, e do trabalho inteiro.
fn hand_out((turns, tasks): (u64, usize)) -> Result<[f64; 3], Error> {
    let pool = MpiPool::new()?;
    let one_each = pool.chunk_size(1)?;
    let prepared = || (0..tasks).map(|_| spin(turns));
    let alone = || {
        (0..16).for_each(rest);
        Ok(())
    };
    let one_task = timed(alone)? / 16.0;
    // O mesmo preparo e a mesma entrega, de tarefas vazias: o que resta é o rank 0.
    let nothing = |prepared: u64| {
        black_box(prepared);
    };
    one_each.map(nothing, 0..64)?; // quem cochilava acorda
    let empty = timed(|| one_each.map(nothing, prepared()))?;
    let whole = timed(|| one_each.map(rest, prepared()))?;
    Ok([one_task, empty / tasks as f64, whole])
}
// ANCHOR_END: saturate

fn timed<R>(work: impl FnOnce() -> Result<R, Error>) -> Result<f64, Error> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Mede e registra a aceleração com cada número de ranks, ao lado da que um rank só deixa prever.
pub fn measure(lesson: &mut Lesson) -> Result<Vec<Scaling>, Error> {
    let repetitions = (lesson.options().repetitions / 2).max(3);
    let turns = (PREPARATION * turns_per_second()) as u64;
    let mut limit = None;
    let mut scaling = Vec::new();
    for (done, ranks) in (1..).zip(RANKS) {
        let mut job = team::ranks(ranks)?;
        let (mut measured, mut limits) = (Vec::new(), Vec::new());
        for _ in 0..repetitions {
            let tasks = EACH * ranks;
            let [one_task, hand_out, whole] = job.call(hand_out, (turns, tasks))??;
            measured.push(tasks as f64 * one_task / whole);
            limits.push(one_task / hand_out);
        }
        let measured = Estimate::of(&measured);
        let predicted = limit.get_or_insert(median(&limits)).min(ranks as f64);
        let x = (ranks as f64, "ranks");
        lesson.point("speedup_by_ranks", "mpi", x, (measured.median, "aceleração"));
        lesson.point("speedup_by_ranks", "mpi_predicted", x, (predicted, "aceleração"));
        lesson.progress("mpi", done, RANKS.len());
        scaling.push(Scaling { ranks, measured, predicted });
    }
    lesson.metric("saturates_at", "mpi", limit.unwrap_or_default(), "ranks");
    Ok(scaling)
}

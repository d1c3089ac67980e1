//! As mesmas fatias por qualquer um dos modelos. Cada linha é entregue assim que fica pronta.

use std::ops::Range;
use std::sync::mpsc;
use std::thread;

use licoes::load::model::{self, Model, hands, rayon_threads};
use multiprocessamento::{Connection, Error, Pool, Process, ThreadPool, pipe};

use super::table::{Row, count};

type Slice = Range<u64>;

// ANCHOR: run
/// Conta as fatias com `workers` trabalhadores; `ready` recebe as linhas, à medida que
/// ficam prontas.
pub fn run(
    model: Model,
    slices: &[Slice],
    workers: usize,
    mut ready: impl FnMut(Row),
) -> Result<(), Error> {
    let all = slices.iter().cloned();
    match model {
        Model::Serial => all.map(count).for_each(ready),
        Model::Threads => threads(slices, workers, ready),
        Model::ThreadPool => {
            let pool = ThreadPool::new(workers)?;
            for row in pool.chunk_size(1)?.imap_unordered(count, all) {
                ready(row?);
            }
        }
        Model::Rayon => rayon(slices, workers, ready)?,
        Model::ProcessPool => {
            let pool = Pool::new(workers)?;
            for row in pool.chunk_size(1)?.imap_unordered(count, all) {
                ready(row?);
            }
        }
        Model::Processes => processes(slices, workers, ready)?,
        // O capítulo 18.
        Model::Mpi => {
            model::run(model, count, slices, workers)?.into_iter().for_each(ready)
        }
    }
    Ok(())
}
// ANCHOR_END: run

fn threads(slices: &[Slice], workers: usize, ready: impl FnMut(Row)) {
    let (sender, rows) = mpsc::channel();
    thread::scope(|scope| {
        for hand in hands(slices, workers) {
            let sender = sender.clone();
            scope.spawn(move || {
                hand.into_iter().map(count).try_for_each(|row| sender.send(row))
            });
        }
        drop(sender); // o canal acaba quando a última thread acaba
        rows.into_iter().for_each(ready);
    });
}

fn rayon(
    slices: &[Slice],
    workers: usize,
    ready: impl FnMut(Row),
) -> Result<(), Error> {
    let pool = rayon_threads(workers)?;
    let (sender, rows) = mpsc::channel();
    pool.in_place_scope(|scope| {
        for slice in slices.iter().cloned() {
            let sender = sender.clone();
            // Só não há quem receba se este programa já desistiu.
            scope.spawn(move |_| drop(sender.send(count(slice))));
        }
        drop(sender);
        rows.into_iter().for_each(ready);
    });
    Ok(())
}

// ANCHOR: processes
/// Cada processo leva a sua mão de fatias, e devolve as linhas por um pipe só dele.
fn processes(
    slices: &[Slice],
    workers: usize,
    mut ready: impl FnMut(Row),
) -> Result<(), Error> {
    type Hand = (Vec<Slice>, Connection<Row, ()>);
    let work = |(hand, out): Hand| {
        hand.into_iter().map(count).try_for_each(|row| out.send(&row))
    };
    let mut running = Vec::new();
    for hand in hands(slices, workers) {
        let (rows, out) = pipe::<(), Row>()?;
        running.push((Process::start(work, (hand, out))?, rows));
    }
    // As fatias foram repartidas como cartas; as linhas se recolhem do mesmo jeito.
    for turn in 0..slices.len() {
        match running[turn % workers].1.recv() {
            Ok(row) => ready(row),
            // O canal acabou antes da hora: o `join` diz como o processo morreu.
            Err(lost) => {
                return running.swap_remove(turn % workers).0.join()?.and(Err(lost));
            }
        }
    }
    running.into_iter().try_for_each(|(process, _)| process.join()?)
}
// ANCHOR_END: processes

//! Respostas erradas ao exercício 6.

#[path = "check.rs"]
mod check;

use std::ops::Range;

use check::{Parcial, contar_fatia};
use multiprocessamento::{Error, Process, Queue};

use super::Wrong;

type Slices = Vec<Range<u64>>;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "6-um-fim-so",
        main: || check::check(one_end_marker),
        loses: "sem fatias, não há parciais, e todos terminam",
    },
    Wrong {
        name: "6-poe-tudo-antes",
        main: || check::check(puts_before_anyone_takes),
        loses: "cada fatia é contada uma vez só",
    },
    Wrong {
        name: "6-tira-para-ver-se-ha",
        main: || check::check(takes_to_see_if_there_is_one),
        loses: "cada fatia é contada uma vez só",
    },
    Wrong {
        name: "6-um-trabalha",
        main: || check::check(one_does_it_all),
        loses: "os consumidores repartem o trabalho",
    },
    Wrong {
        name: "6-sem-a-fila",
        main: || check::check(shares_set_beforehand),
        loses: "quem tirou uma fatia grande não segura as pequenas",
    },
    Wrong {
        name: "6-deixa-processos",
        main: || check::check(leaves_its_processes),
        loses: "nenhum processo fica para trás",
    },
];

fn consume(queue: Queue<Range<u64>>) -> Vec<Parcial> {
    std::iter::from_fn(|| queue.get().ok()).map(contar_fatia).collect()
}

type Parts = Result<Vec<Parcial>, Error>;

fn start<F>(
    consume: F,
    queue: &Queue<Range<u64>>,
    workers: usize,
) -> Vec<Process<Vec<Parcial>>>
where
    F: Fn(Queue<Range<u64>>) -> Vec<Parcial> + Copy + Send + 'static,
{
    (0..workers)
        .map(|_| Process::start(consume, queue.clone()).expect("um processo"))
        .collect()
}

fn put_all(queue: &Queue<Range<u64>>, slices: &Slices) -> Result<(), Error> {
    slices.iter().try_for_each(|slice| queue.put(slice))
}

fn gather(running: Vec<Process<Vec<Parcial>>>) -> Parts {
    let parts =
        running.into_iter().map(Process::join).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.into_iter().flatten().collect())
}

/// Uma fatia vazia é o fim, como o `None` do Python; e só um consumidor a recebe.
fn one_end_marker(queue: Queue<Range<u64>>, slices: Slices, workers: usize) -> Parts {
    let until_marker = |queue: Queue<Range<u64>>| -> Vec<Parcial> {
        let taken = std::iter::from_fn(|| queue.get().ok());
        taken.take_while(|slice| !slice.is_empty()).map(contar_fatia).collect()
    };
    let running = start(until_marker, &queue, workers);
    put_all(&queue, &slices)?;
    queue.put(&(0..0))?;
    gather(running)
}

fn puts_before_anyone_takes(
    queue: Queue<Range<u64>>,
    slices: Slices,
    workers: usize,
) -> Parts {
    put_all(&queue, &slices)?;
    queue.close()?;
    gather(start(consume, &queue, workers))
}

/// O `get` que só queria saber se havia mais uma ficou com ela.
fn takes_to_see_if_there_is_one(
    queue: Queue<Range<u64>>,
    slices: Slices,
    workers: usize,
) -> Parts {
    let every_other = |queue: Queue<Range<u64>>| -> Vec<Parcial> {
        let mut parts = Vec::new();
        while queue.get().is_ok() {
            parts.extend(queue.get().map(contar_fatia));
        }
        parts
    };
    let running = start(every_other, &queue, workers);
    put_all(&queue, &slices)?;
    queue.close()?;
    gather(running)
}

/// Os outros tiram uma fatia cada um: há tantos PIDs quantos se pediram.
fn one_does_it_all(queue: Queue<Range<u64>>, slices: Slices, workers: usize) -> Parts {
    let just_one =
        |queue: Queue<Range<u64>>| queue.get().map(contar_fatia).into_iter().collect();
    let mut running = start(just_one, &queue, workers - 1);
    running.extend(start(consume, &queue, 1));
    put_all(&queue, &slices)?;
    queue.close()?;
    gather(running)
}

fn shares_set_beforehand(
    _queue: Queue<Range<u64>>,
    slices: Slices,
    workers: usize,
) -> Parts {
    let share = |worker| slices.iter().skip(worker).step_by(workers).cloned().collect();
    let count = |share: Slices| share.into_iter().map(contar_fatia).collect();
    gather(
        (0..workers)
            .map(|worker| Process::start(count, share(worker)))
            .collect::<Result<_, _>>()?,
    )
}

fn leaves_its_processes(
    queue: Queue<Range<u64>>,
    slices: Slices,
    workers: usize,
) -> Parts {
    let sleep = |()| std::thread::sleep(std::time::Duration::from_secs(60));
    std::mem::forget(Process::start(sleep, ())?);
    let running = start(consume, &queue, workers);
    put_all(&queue, &slices)?;
    queue.close()?;
    gather(running)
}

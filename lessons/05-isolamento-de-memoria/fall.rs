//! Uma tarefa que derruba o processo em que está, e o que sobra das outras.

use std::fmt;
use std::ops::Range;
use std::thread;

use licoes::load::workload::count_primes;
use licoes::system::crash::abort_quietly;
use multiprocessamento::{Error, Pool, Process, Value};
use registro::fate::Fate;
use serde::{Deserialize, Serialize};

// ANCHOR: task
/// Uma fatia da carga comum; a fatal derruba o processo em que cair.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Task {
    slice: Range<u64>,
    fatal: bool,
}

/// O que um trabalhador recebe de uma vez, e a caixa-preta: quantas já se contaram,
/// anotado fora da memória do processo, para que se saiba depois da queda.
type Hand = (Vec<Task>, Value<u64>);

fn count_hand((tasks, black_box): Hand) -> Vec<u64> {
    let count = |task: Task| {
        if task.fatal {
            abort_quietly();
        }
        let primes = count_primes(task.slice);
        black_box.update(|counted| counted + 1);
        primes
    };
    tasks.into_iter().map(count).collect()
}
// ANCHOR_END: task

/// O que se soube depois da queda.
#[derive(Clone, Copy, Debug)]
pub struct Fall {
    pub fate: Fate,
    /// Quantas respostas estavam na mão de quem abortou.
    pub in_hand: usize,
    /// Quantas já estavam contadas, e se perderam assim mesmo.
    pub counted_and_lost: usize,
}

/// A tarefa `fatal` aborta, com threads, com processos e com um pool.
pub fn of_each_model(
    slices: Vec<Range<u64>>,
    fatal: usize,
    workers: usize,
) -> Result<[Fall; 3], Error> {
    let task = |(number, slice)| Task { slice, fatal: number == fatal };
    let tasks: Vec<_> = slices.into_iter().enumerate().map(task).collect();
    Ok([
        with_threads(&tasks, workers)?,
        with_processes(&tasks, workers)?,
        with_a_pool(&tasks, workers)?,
    ])
}

// ANCHOR: threads
/// Uma thread por mão, num processo criado para ser sacrificado.
fn with_threads(tasks: &[Task], workers: usize) -> Result<Fall, Error> {
    let black_box = Value::new(0)?;
    let work = |hands: Vec<Hand>| -> Vec<u64> {
        thread::scope(|scope| {
            let start = |hand| scope.spawn(|| count_hand(hand));
            let threads: Vec<_> = hands.into_iter().map(start).collect();
            threads.into_iter().flat_map(|thread| thread.join()).flatten().collect()
        })
    };
    let answers = Process::start(work, deal(tasks, workers, &black_box))?.join();
    autopsy(tasks, workers, &black_box, vec![answers])
}
// ANCHOR_END: threads

// ANCHOR: processes
/// Um processo por mão.
fn with_processes(tasks: &[Task], workers: usize) -> Result<Fall, Error> {
    let black_box = Value::new(0)?;
    let start = |hand| Process::start(count_hand, hand);
    let hands = deal(tasks, workers, &black_box).into_iter();
    let processes = hands.map(start).collect::<Result<Vec<_>, _>>()?;
    let answers = processes.into_iter().map(Process::join).collect();
    autopsy(tasks, workers, &black_box, answers)
}
// ANCHOR_END: processes

// ANCHOR: pool
/// Um pool, que põe uma tarefa em cada mão.
fn with_a_pool(tasks: &[Task], workers: usize) -> Result<Fall, Error> {
    let black_box = Value::new(0)?;
    let pool = Pool::new(workers)?;
    let one_by_one = deal(tasks, tasks.len(), &black_box);
    let answers = pool.chunk_size(1)?.imap(count_hand, one_by_one).collect();
    let fall = autopsy(tasks, tasks.len(), &black_box, answers)?;
    Ok(Fall { fate: Fate { processes: workers, ..fall.fate }, ..fall })
}
// ANCHOR_END: pool

/// Reparte como cartas: a mão `h` leva as tarefas `h`, `h + hands`, …
fn deal(tasks: &[Task], hands: usize, black_box: &Value<u64>) -> Vec<Hand> {
    let hand = |hand| tasks.iter().skip(hand).step_by(hands).cloned().collect();
    (0..hands).map(|number| (hand(number), black_box.clone())).collect()
}

/// O que sobrou de `tasks`, repartidas em tantas mãos. Só a morte é dado; outra falha é da lição.
fn autopsy(
    tasks: &[Task],
    hands: usize,
    black_box: &Value<u64>,
    answers: Vec<Result<Vec<u64>, Error>>,
) -> Result<Fall, Error> {
    let (processes, mut right, mut died) = (answers.len(), 0, 0);
    for answer in answers {
        match answer {
            Ok(counts) => right += counts.len(),
            Err(Error::WorkerDied { .. }) => died += 1,
            Err(other) => return Err(other),
        }
    }
    let fatal = tasks.iter().position(|task| task.fatal).unwrap_or(0);
    Ok(Fall {
        fate: Fate { asked: tasks.len(), right, wrong: 0, processes, died },
        in_hand: tasks.iter().skip(fatal % hands).step_by(hands).count(),
        counted_and_lost: (black_box.get() as usize).saturating_sub(right),
    })
}

impl fmt::Display for Fall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fall { fate, counted_and_lost, .. } = self;
        write!(
            f,
            "chegaram {} de {} respostas; processos mortos: {} de {}; já contadas, e perdidas: {counted_and_lost}",
            fate.right, fate.asked, fate.died, fate.processes,
        )
    }
}

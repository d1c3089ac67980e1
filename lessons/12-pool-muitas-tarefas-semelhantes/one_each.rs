//! Um processo novo para cada tarefa, contra um pool que serve a todas.

use std::collections::VecDeque;
use std::ops::Range;

use licoes::load::workload::count_primes;
use licoes::measure::compare::{Versus, time_both};
use licoes::run::options::Options;
use multiprocessamento::{Error, Pool, Process};

use crate::chunks::similar;

const COUNTS: [usize; 5] = [1, 4, 16, 64, 256];
const NUMBERS: u64 = 250;

/// O que se compara é o preço de nascer; mais trabalhadores só mudariam quantas tarefas são muitas.
const MOST_WORKERS: usize = 4;

/// Com cada quantidade de tarefas, o tempo de um processo por tarefa contra o de um pool. Os dois começam do zero:
/// criar os trabalhadores e desfazê-los entra na conta.
pub fn compare(options: &Options) -> Result<Vec<(usize, Versus)>, Error> {
    let Options { workers, repetitions, quick, .. } = *options;
    let workers = workers.min(MOST_WORKERS);
    // Centenas de processos levam tempo: quem pediu uma medida curta para antes.
    let counts = if quick || repetitions < 5 { &COUNTS[..4] } else { &COUNTS };
    let one = |count: &usize| {
        let tasks = similar(*count, NUMBERS);
        let alone = || one_process_each(&tasks, workers);
        Ok((*count, time_both(repetitions, alone, || one_pool(&tasks, workers))?))
    };
    counts.iter().map(one).collect()
}

// ANCHOR: one_each
/// Um processo para cada tarefa; nunca mais de `workers` ao mesmo tempo.
fn one_process_each(tasks: &[Range<u64>], workers: usize) -> Result<Vec<u64>, Error> {
    let (mut running, mut answers) = (VecDeque::new(), Vec::new());
    for task in tasks {
        if running.len() == workers {
            answers.extend(running.pop_front().map(Process::join).transpose()?);
        }
        running.push_back(Process::start(count_primes, task.clone())?);
    }
    for process in running {
        answers.push(process.join()?);
    }
    Ok(answers)
}

fn one_pool(tasks: &[Range<u64>], workers: usize) -> Result<Vec<u64>, Error> {
    Pool::new(workers)?.map(count_primes, tasks.to_vec())
}
// ANCHOR_END: one_each

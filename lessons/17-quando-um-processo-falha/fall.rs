//! Uma tarefa que falha no meio de muitas, num pool, e o que chega das outras.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use licoes::load::workload::{count_primes, slices};
use licoes::measure::trace::now;
use multiprocessamento::{Error, Pool, Value};
use registro::fate::Fate;
use registro::format::seconds;
use serde::{Deserialize, Serialize};

use crate::fault::{EXIT_CODE, Fault};

// ANCHOR: task
/// Uma fatia. A fatal anota em que processo está, numa memória que lhe
/// sobrevive, e falha.
#[derive(Clone, Serialize, Deserialize)]
struct Task {
    slice: Range<u64>,
    fatal: Option<(Fault, Value<u32>)>,
}

fn count(task: Task) -> u64 {
    if let Some((fault, black_box)) = task.fatal {
        black_box.set(std::process::id());
        fault.commit();
    }
    count_primes(task.slice)
}
// ANCHOR_END: task

/// O que se soube depois da falha.
#[derive(Clone, Debug)]
pub struct Fall {
    pub fault: Fault,
    pub fate: Fate,
    /// A tarefa que falhou, e as que ficaram sem resposta.
    pub fatal: usize,
    pub lost: Vec<usize>,
    /// O processo em que a falha aconteceu; 0, se ela não chegou a acontecer.
    pub ran_in: u32,
    /// O que o pool respondeu no lugar da tarefa que falhou.
    pub told: Option<Error>,
    /// Se, depois de tudo, o pool ainda faz uma conta.
    pub goes_on: bool,
    /// Quanto tudo levou, em segundos.
    pub seconds: f64,
}

/// Aqui se contam respostas: a mesma carga, mais curta, basta.
const LIMIT: u64 = 100_000;
const ANSWERS: usize = 64;

/// O tempo de cada tarefa: muito mais do que uma leva, mesmo numa máquina ocupada.
const TASK_LIMIT: Duration = Duration::from_millis(400);

/// Cada falha, `rounds` vezes; em cada uma, noutra tarefa.
pub fn every_fault(workers: usize, rounds: usize) -> Result<Vec<Fall>, Error> {
    let slices = slices(LIMIT, ANSWERS);
    let mut falls = Vec::new();
    for fault in Fault::ALL {
        for round in 0..rounds {
            let fatal = (2 * round + 1) * ANSWERS / (2 * rounds);
            falls.push(suffer(&slices, fatal, fault, workers)?);
        }
    }
    Ok(falls)
}

// ANCHOR: suffer
/// Entrega as fatias a um pool; a de número `fatal` comete a falha.
fn suffer(
    slices: &[Range<u64>],
    fatal: usize,
    fault: Fault,
    workers: usize,
) -> Result<Fall, Error> {
    let black_box = Value::new(0)?;
    let task = |(number, slice): (usize, &Range<u64>)| Task {
        slice: slice.clone(),
        fatal: (number == fatal).then(|| (fault, black_box.clone())),
    };
    let tasks: Vec<Task> = slices.iter().enumerate().map(task).collect();

    let pool = Pool::builder().workers(workers).task_timeout(TASK_LIMIT).build()?;
    let start = now();
    let answers: Vec<Result<u64, Error>> = pool.imap(count, tasks).collect();
    // ANCHOR_END: suffer
    let seconds = now() - start;
    let died = pool.stats().restarts as usize;
    let goes_on = pool.apply(count_primes, 0..100).is_ok_and(|primes| primes == 25);

    let is_right = |number: usize| {
        answers[number]
            .as_ref()
            .is_ok_and(|primes| *primes == count_primes(slices[number].clone()))
    };
    let lost: Vec<usize> =
        (0..answers.len()).filter(|number| answers[*number].is_err()).collect();
    let right = (0..answers.len()).filter(|number| is_right(*number)).count();
    let (asked, wrong) = (slices.len(), answers.len() - lost.len() - right);
    Ok(Fall {
        fault,
        fate: Fate { asked, right, wrong, processes: workers, died },
        fatal,
        lost,
        ran_in: black_box.get(),
        told: answers.into_iter().nth(fatal).and_then(Result::err),
        goes_on,
        seconds,
    })
}

impl Fall {
    /// Se o erro diz que falha foi e, quando ela levou um processo, qual.
    pub fn is_told(&self) -> bool {
        let Some(told) = &self.told else { return false };
        match (self.fault, told) {
            (Fault::Panic, Error::Panicked { message, location }) => {
                message == "de propósito" && location.contains("fault.rs")
            }
            (Fault::Stuck, Error::TaskTimedOut { pid, .. }) => *pid == self.ran_in,
            (fault, Error::WorkerDied { pid, status }) => {
                let how = match fault {
                    Fault::Exit => status.code() == Some(EXIT_CODE),
                    Fault::Abort => status.signal_name() == Some("SIGABRT"),
                    Fault::Kill => status.signal_name() == Some("SIGKILL"),
                    Fault::Panic | Fault::Stuck => false,
                };
                how && *pid == self.ran_in
            }
            _ => false,
        }
    }
}

impl fmt::Display for Fall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fall { fault, fate, told, .. } = self;
        let told = told.as_ref().map_or("nada".to_owned(), ToString::to_string);
        write!(
            f,
            "{}: {} de {} respostas, em {}; no lugar da que falta: «{told}»",
            fault.label(),
            fate.right,
            fate.asked,
            seconds(self.seconds),
        )
    }
}

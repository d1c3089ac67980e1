//! Uma tempestade: enquanto o pool trabalha, trabalhadores ao acaso levam um `kill -9`.

use std::fmt;
use std::ops::Range;
use std::thread;

use licoes::load::workload::{count_primes, slices};
use licoes::measure::trace::now;
use licoes::run::options::Options;
use multiprocessamento::{Error, Pool, SharedArray, Value};
use serde::{Deserialize, Serialize};

use crate::shooter::{Progress, shoot};

/// A carga comum, em tarefas de fração de milissegundo.
const LIMIT: u64 = 1_500_000;
const TASKS: usize = 400;

/// Quantas vezes uma tarefa volta à fila. Pode levar vários tiros seguidos, mas não tantos.
const RETRIES: usize = 20;

/// Quantos tiros tem cada força, da calmaria à pior: nela, um a cada cinco tarefas.
const FORCES: [usize; 5] = [0, 10, 20, 40, 80];
const QUICK_FORCES: [usize; 3] = [0, 20, 40];

// ANCHOR: task
/// O que cada tarefa muda fora de si, de dois jeitos.
#[derive(Clone, Serialize, Deserialize)]
struct Notes {
    /// Uma conta a que cada tarefa soma 1.
    charged: Value<u64>,
    /// Um lugar para cada tarefa, em que ela escreve a sua resposta.
    places: SharedArray<u64>,
}

fn count((number, slice, notes): (usize, Range<u64>, Notes)) -> u64 {
    notes.charged.update(|charged| charged + 1); // duas vezes é diferente de uma
    let primes = count_primes(slice);
    notes.places.set(number, primes); // duas vezes dá no mesmo
    primes
}
// ANCHOR_END: task

/// O que sobrou de uma tempestade.
#[derive(Clone, Copy, Debug, Default)]
pub struct Storm {
    pub asked: usize,
    /// Respostas iguais às da conta em série, e respostas que não chegaram.
    pub right: usize,
    pub lost: usize,
    /// Processos que morreram, pela conta do próprio pool.
    pub deaths: u64,
    /// Quantas vezes se cobrou, e quantos lugares têm a resposta certa.
    pub charged: u64,
    pub places: usize,
    /// Quanto levou, em segundos.
    pub seconds: f64,
}

/// O trabalho, o mesmo em toda tempestade, e o que cada tarefa dele deve responder.
struct Work {
    slices: Vec<Range<u64>>,
    expected: Vec<u64>,
}

impl Work {
    /// As respostas são as da conta em série: nela ninguém morre.
    fn new() -> Self {
        let slices = slices(LIMIT, TASKS);
        let expected = slices.iter().cloned().map(count_primes).collect();
        Work { slices, expected }
    }

    fn tasks(&self, notes: &Notes) -> impl Iterator<Item = (usize, Range<u64>, Notes)> {
        let numbered = self.slices.iter().cloned().enumerate();
        numbered.map(|(number, slice)| (number, slice, notes.clone()))
    }
}

/// Várias tempestades de cada força, da calmaria à pior.
pub fn worse_and_worse(
    workers: usize,
    options: &Options,
) -> Result<Vec<Vec<Storm>>, Error> {
    let forces = if options.quick { &QUICK_FORCES[..] } else { &FORCES[..] };
    let times = (options.repetitions as u64 / 2).clamp(1, 4);
    let work = Work::new();
    let mut storms = vec![Vec::new(); forces.len()];
    // Revezam-se as forças: um susto da máquina não cai sempre na mesma.
    for seed in 1..=times {
        for (of_one_force, shots) in storms.iter_mut().zip(forces) {
            of_one_force.push(storm(&work, workers, *shots, seed)?);
        }
    }
    Ok(storms)
}

/// Faz o trabalho sob `shots` tiros; a semente diz quem os leva.
fn storm(work: &Work, workers: usize, shots: usize, seed: u64) -> Result<Storm, Error> {
    let notes = Notes { charged: Value::new(0)?, places: SharedArray::new(TASKS)? };
    let pool = Pool::builder().workers(workers).retries(RETRIES).build()?;
    let progress = Progress::default();
    let start = now();
    let answers = thread::scope(|scope| {
        scope.spawn(|| shoot(&pool, shots, TASKS, seed, &progress));
        let mut answers = Vec::new();
        for answer in pool.imap(count, work.tasks(&notes)) {
            progress.count();
            answers.push(answer);
        }
        progress.end();
        answers
    });
    let seconds = now() - start;
    Ok(Storm {
        deaths: pool.stats().restarts,
        seconds,
        ..compare(&answers, &notes, &work.expected)
    })
}

/// O que chegou e o que ficou anotado, ao lado do que se esperava.
fn compare(answers: &[Result<u64, Error>], notes: &Notes, expected: &[u64]) -> Storm {
    let mut storm = Storm {
        asked: expected.len(),
        charged: notes.charged.get(),
        ..Storm::default()
    };
    for (answer, expected) in answers.iter().zip(expected) {
        match answer {
            Ok(primes) if primes == expected => storm.right += 1,
            Ok(_) => {}
            Err(_) => storm.lost += 1,
        }
    }
    for (place, expected) in notes.places.iter().zip(expected) {
        if place == *expected {
            storm.places += 1;
        }
    }
    storm
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Storm { asked, right, deaths, charged, places, .. } = self;
        write!(
            f,
            "{deaths} processos morreram, e {right} de {asked} respostas chegaram certas; o contador a que cada tarefa \
             soma 1 vale {charged}, e {places} lugares têm a resposta certa"
        )
    }
}

//! Uma tempestade: enquanto o pool trabalha, trabalhadores ao acaso levam um `kill -9`.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use licoes::load::workload::{count_primes, slices};
use licoes::measure::trace::now;
use licoes::run::options::Options;
use multiprocessamento::{Error, Pool, SharedArray, Value};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// A carga comum, em tarefas de fração de milissegundo.
const LIMIT: u64 = 1_500_000;
const TASKS: usize = 400;

/// Quantas vezes uma tarefa volta à fila. Pode levar vários tiros seguidos, mas não tantos.
const RETRIES: usize = 20;

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

/// Várias tempestades de cada força, da calmaria à pior. Na pior, um tiro a cada cinco tarefas.
pub fn worse_and_worse(
    workers: usize,
    options: &Options,
) -> Result<Vec<Vec<Storm>>, Error> {
    let shots = if options.quick { &[0, 20, 40][..] } else { &[0, 10, 20, 40, 80][..] };
    let seeds = 1..=(options.repetitions as u64 / 2).clamp(1, 4);
    let slices = slices(LIMIT, TASKS);
    let expected: Vec<u64> = slices.iter().cloned().map(count_primes).collect();
    // Revezam-se as forças: um susto da máquina não cai sempre na mesma.
    let mut storms = vec![Vec::new(); shots.len()];
    for seed in seeds {
        for (of_one_force, &shots) in storms.iter_mut().zip(shots) {
            of_one_force.push(storm(&slices, &expected, workers, shots, seed)?);
        }
    }
    Ok(storms)
}

// ANCHOR: storm
/// Conta os primos de cada fatia sob `shots` tiros; `expected` são as respostas da
/// conta em série.
fn storm(
    slices: &[Range<u64>],
    expected: &[u64],
    workers: usize,
    shots: usize,
    seed: u64,
) -> Result<Storm, Error> {
    let notes =
        Notes { charged: Value::new(0)?, places: SharedArray::new(slices.len())? };
    let pool = Pool::builder().workers(workers).retries(RETRIES).build()?;
    let tasks =
        slices.iter().enumerate().map(|(n, slice)| (n, slice.clone(), notes.clone()));

    let (done, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let start = now();
    let answers: Vec<Result<u64, Error>> = thread::scope(|scope| {
        scope.spawn(|| shoot(&pool, shots, slices.len(), seed, &done, &over));
        let mut answers = Vec::new();
        for answer in pool.imap(count, tasks) {
            done.fetch_add(1, Ordering::Relaxed);
            answers.push(answer);
        }
        over.store(true, Ordering::Relaxed);
        answers
    });
    // ANCHOR_END: storm
    let seconds = now() - start;
    let places = notes.places.iter().zip(expected);
    Ok(Storm {
        asked: slices.len(),
        right: answers
            .iter()
            .zip(expected)
            .filter(|(a, right)| is_right(a, right))
            .count(),
        lost: answers.iter().filter(|answer| answer.is_err()).count(),
        deaths: pool.stats().restarts,
        charged: notes.charged.get(),
        places: places.filter(|(place, right)| place == *right).count(),
        seconds,
    })
}

fn is_right(answer: &Result<u64, Error>, right: &u64) -> bool {
    answer.as_ref().is_ok_and(|count| count == right)
}

/// Entre uma olhada e outra, o atirador dorme: o núcleo é de quem trabalha.
const PAUSE: Duration = Duration::from_micros(100);

// ANCHOR: shoot
/// Mata trabalhadores quaisquer, um a cada tantas respostas, até acabarem os tiros
/// ou o trabalho.
fn shoot(
    pool: &Pool,
    shots: usize,
    tasks: usize,
    seed: u64,
    done: &AtomicUsize,
    over: &AtomicBool,
) {
    let (mut random, mut fired) = (seed, 0);
    while fired < shots && !over.load(Ordering::Relaxed) {
        // Os tiros se espalham pelas respostas, e não pelo relógio: cabem em
        // qualquer máquina.
        if done.load(Ordering::Relaxed) < fired * tasks / (shots + 1) {
            thread::sleep(PAUSE);
            continue;
        }
        random = next(random);
        let pids = pool.pids();
        let target = pids.get(random as usize % pids.len().max(1));
        let target = target.and_then(|pid| Pid::from_raw(pid.cast_signed()));
        if target.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()) {
            fired += 1;
        }
    }
}
// ANCHOR_END: shoot

/// O próximo número de um gerador xorshift.
fn next(mut random: u64) -> u64 {
    random ^= random << 13;
    random ^= random >> 7;
    random ^ (random << 17)
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

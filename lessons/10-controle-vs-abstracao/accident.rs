//! Um acidente no meio do trabalho: alguém mata um trabalhador do pool.

use std::ops::Range;
use std::thread::sleep;
use std::time::{Duration, Instant};

use licoes::load::workload::count_primes;
use multiprocessamento::{Error, Pool};
use rustix::process::{Pid, Signal, kill_process};

/// Quanto se espera que o pool perceba uma morte depois da última resposta.
const SOON: Duration = Duration::from_secs(2);

/// O que se viu depois do acidente.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// Os primos contados.
    pub primes: u64,
    /// Quantos processos o pool pôs no lugar de outros.
    pub replaced: u64,
}

// ANCHOR: accident
/// Mata um trabalhador quando a primeira resposta chega, e segue como se nada fosse.
pub fn of_a_worker(slices: &[Range<u64>], workers: usize) -> Result<Recovery, Error> {
    let pool = Pool::builder().workers(workers).retries(1).build()?;
    let mut answers = pool.chunk_size(1)?.imap(count_primes, slices.to_vec());
    let mut primes = answers.next().transpose()?.unwrap_or(0);
    kill(pool.pids().first().copied());
    for answer in answers {
        primes += answer?;
    }
    Ok(Recovery { primes, replaced: replaced(&pool) })
}
// ANCHOR_END: accident

fn kill(pid: Option<u32>) {
    let pid = pid.and_then(|pid| Pid::from_raw(pid.cast_signed()));
    // O pool só recolhe um trabalhador depois de vê-lo morto: até aqui o número é dele.
    let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
}

/// Com pouco trabalho, a última resposta chega antes da notícia da morte.
fn replaced(pool: &Pool) -> u64 {
    let deadline = Instant::now() + SOON;
    while pool.stats().restarts == 0 && Instant::now() < deadline {
        sleep(Duration::from_millis(1));
    }
    pool.stats().restarts
}

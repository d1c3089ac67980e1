//! O atirador de uma tempestade: mata trabalhadores do pool enquanto ele trabalha.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use multiprocessamento::Pool;
use rustix::process::{Pid, Signal, kill_process};

/// Até onde o trabalho foi: quem recebe as respostas escreve, e o atirador lê.
#[derive(Default)]
pub struct Progress {
    answers: AtomicUsize,
    is_over: AtomicBool,
}

impl Progress {
    /// Chegou mais uma resposta.
    pub fn count(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Não há mais o que esperar.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn answers(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// Entre uma olhada e outra, o atirador dorme: o núcleo é de quem trabalha.
const PAUSE: Duration = Duration::from_micros(100);

// ANCHOR: shoot
/// Mata trabalhadores quaisquer, um a cada tantas respostas, até acabarem os tiros
/// ou o trabalho.
pub fn shoot(pool: &Pool, shots: usize, tasks: usize, seed: u64, progress: &Progress) {
    let mut random = seed;
    let mut fired = 0;
    while fired < shots && !progress.is_over() {
        // Os tiros se espalham pelas respostas, e não pelo relógio: cabem em
        // qualquer máquina.
        let due = fired * tasks / (shots + 1);
        if progress.answers() < due {
            thread::sleep(PAUSE);
            continue;
        }
        random = next(random);
        if kill_one_of(&pool.pids(), random) {
            fired += 1;
        }
    }
}

/// Mata o processo que o número sorteou; diz se o sinal chegou a alguém.
fn kill_one_of(pids: &[u32], random: u64) -> bool {
    if pids.is_empty() {
        return false;
    }
    let pid = pids[random as usize % pids.len()];
    match Pid::from_raw(pid.cast_signed()) {
        Some(pid) => kill_process(pid, Signal::KILL).is_ok(),
        None => false,
    }
}
// ANCHOR_END: shoot

/// O próximo número de um gerador xorshift: com a mesma semente, os mesmos tiros.
fn next(mut random: u64) -> u64 {
    random ^= random << 13;
    random ^= random >> 7;
    random ^ (random << 17)
}

//! Uma escrita por um ponteiro errado.

use std::fs::OpenOptions;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fmt, io};

use licoes::load::workload::count_primes;
use multiprocessamento::{Error, Process};
use registro::fate::Fate;
use registro::format::integer;
use serde::{Deserialize, Serialize};

use crate::who::Who;

// ANCHOR: scribble
/// Escreve um zero em `address`, na memória do processo em que roda; devolve o que lê
/// ali depois.
///
/// É o que um ponteiro solto faz em C. Para o compilador, isto é só um arquivo, e por
/// isso passa sem `unsafe`; para o Linux, o arquivo *é* a memória do processo.
fn scribble(address: u64) -> io::Result<u64> {
    let memory = OpenOptions::new().read(true).write(true).open("/proc/self/mem")?;
    memory.write_all_at(&0_u64.to_ne_bytes(), address)?;
    let mut seen = [0; size_of::<u64>()];
    memory.read_exact_at(&mut seen, address)?;
    Ok(u64::from_ne_bytes(seen))
}
// ANCHOR_END: scribble

/// As contas parciais de um processo, e o que foi feito delas.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Damage {
    pub who: Who,
    /// As contas certas.
    pub right: Vec<u64>,
    /// As contas depois da escrita.
    pub after: Vec<u64>,
    /// O que quem escreveu leu naquele endereço; nada, se lá não há memória ou se ele morreu.
    pub writer_saw: Option<u64>,
    /// Se quem escreveu morreu.
    pub writer_died: bool,
}

/// O que a escrita de cada um faz da conta `target`.
pub fn by_everyone(
    slices: Vec<Range<u64>>,
    target: usize,
) -> Result<[Damage; 3], Error> {
    let [thread, copy, new] = Who::ALL.map(|who| damage(who, slices.clone(), target));
    Ok([thread?, copy?, new?])
}

// ANCHOR: damage
/// Conta os primos de cada fatia num processo criado para isso; `who` escreve por cima de uma conta.
fn damage(who: Who, slices: Vec<Range<u64>>, target: usize) -> Result<Damage, Error> {
    let count = |(who, slices, target): (Who, Vec<Range<u64>>, usize)| {
        let counts: Vec<AtomicU64> =
            slices.into_iter().map(|slice| count_primes(slice).into()).collect();
        let right = look(&counts);
        let address = &raw const counts[target] as u64;
        let written = who.run(|address| scribble(address).ok(), address);
        let after = look(&counts);
        let (writer_saw, writer_died) = match written {
            Err(Error::WorkerDied { .. }) => (None, true),
            other => (other?, false),
        };
        Ok(Damage { who, right, after, writer_saw, writer_died })
    };
    Process::start(count, (who, slices, target))?.join()?
}
// ANCHOR_END: damage

fn look(counts: &[AtomicU64]) -> Vec<u64> {
    counts.iter().map(|count| count.load(Ordering::SeqCst)).collect()
}

impl Damage {
    /// A soma certa e a que saiu.
    pub fn sums(&self) -> [u64; 2] {
        [&self.right, &self.after].map(|counts| counts.iter().sum())
    }

    /// O destino das contas.
    pub fn fate(&self) -> Fate {
        let right = self.right.iter().zip(&self.after).filter(|(a, b)| a == b).count();
        Fate {
            asked: self.right.len(),
            right,
            wrong: self.after.len() - right,
            processes: if self.who == Who::Thread { 1 } else { 2 },
            died: usize::from(self.writer_died),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [right, after] = self.sums().map(integer);
        let wrote = match (self.writer_saw, self.writer_died) {
            (Some(seen), _) => format!("escreveu, e leu {seen} ali"),
            (None, true) => "morreu ao escrever".to_owned(),
            (None, false) => "não achou memória naquele endereço".to_owned(),
        };
        let who = self.who.label();
        if right == after {
            write!(f, "{who} {wrote}; a soma do dono continua {after}")
        } else {
            write!(f, "{who} {wrote}; a soma do dono, que era {right}, agora é {after}")
        }
    }
}

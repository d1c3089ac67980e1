//! A conferência do exercício 4: o total certo, sem a trava no caminho quente.
//!
//! Não olha o relógio: quem conta uma fatia espera, na primeira vez, que as outras threads também
//! estejam contando. Com a trava fechada durante a conta elas não chegam nunca, qualquer que seja a
//! máquina, e a espera tem um limite.

use std::ops::Range;
use std::process::ExitCode;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use licoes::load::workload::{count_primes, slices};
use licoes::run::exercise::{Check, expect_equal};

/// Quanto se espera pelas outras threads antes de concluir que elas não vêm.
const COMPANY: Duration = Duration::from_secs(1);
/// Quanto se espera pela trava antes de concluir que ela não vai abrir.
const OPENING: Duration = Duration::from_secs(10);

/// O total de primos, atrás de uma trava, e o que se viu dela.
pub struct Placar {
    total: Mutex<u64>,
    seen: Mutex<Seen>,
    changed: Condvar,
    threads: usize,
}

#[derive(Default)]
struct Seen {
    /// Quantas vezes a trava foi fechada.
    closings: usize,
    /// Fatias contadas.
    slices: usize,
    /// Threads contando agora.
    counting: usize,
    /// O maior número de threads contando ao mesmo tempo.
    together: usize,
    /// Alguém já esperou por companhia até desistir.
    gave_up: bool,
}

impl Placar {
    fn new(threads: usize) -> Self {
        let (total, seen) = (Mutex::new(0), Mutex::default());
        Placar { total, seen, changed: Condvar::new(), threads }
    }

    /// Fecha a trava e dá acesso ao total. Ela abre quando o valor devolvido sai de cena.
    pub fn trancar(&self) -> MutexGuard<'_, u64> {
        self.seen().closings += 1;
        let asked = Instant::now();
        while asked.elapsed() < OPENING {
            match self.total.try_lock() {
                Ok(total) => return total,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => sleep(Duration::from_micros(50)),
            }
        }
        panic!("a trava não abriu; quem a tem está à espera dela mesma?");
    }

    /// Quantos primos há em `fatia`. É a parte demorada: o caminho quente.
    pub fn contar_fatia(&self, fatia: Range<u64>) -> u64 {
        self.wait_for_company();
        let primes = count_primes(fatia);
        self.seen().counting -= 1;
        primes
    }

    fn wait_for_company(&self) {
        let mut seen = self.seen();
        seen.slices += 1;
        seen.counting += 1;
        seen.together = seen.together.max(seen.counting);
        self.changed.notify_all();
        let alone = |seen: &mut Seen| seen.together < self.threads && !seen.gave_up;
        let (mut seen, _) = self
            .changed
            .wait_timeout_while(seen, COMPANY, alone)
            .unwrap_or_else(PoisonError::into_inner);
        seen.gave_up = seen.together < self.threads;
        self.changed.notify_all();
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Confere uma resposta.
pub fn check(answer: impl Fn(&Placar, &[Range<u64>], usize)) -> ExitCode {
    let mut check = Check::new(4);
    let play = |limit, parts, threads| {
        let placar = Placar::new(threads);
        answer(&placar, &slices(limit, parts), threads);
        let total = *placar.trancar();
        let mut seen = placar.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        seen.closings -= 1; // a desta conferência
        (total, seen)
    };
    check.point(
        "o total está certo, e todas as fatias foram contadas no placar",
        || {
            let (total, seen) = play(100_000, 32, 2);
            expect_equal((total, seen.slices), (9_592, 32))
        },
    );
    check.point("as threads contam ao mesmo tempo, e não uma por vez", || {
        let (_, seen) = play(100_000, 32, 3);
        match seen.together {
            3.. => Ok(()),
            together => Err(format!(
                "de 3 threads, só {together} contava(m) ao mesmo tempo; alguém conta com a trava fechada?"
            )),
        }
    });
    check.point("a trava é fechada no máximo uma vez por fatia", || {
        let (_, seen) = play(10_000, 16, 2);
        match seen.closings {
            1..=16 => Ok(()),
            0 => Err("a trava não foi fechada nenhuma vez".to_owned()),
            many => Err(format!("16 fatias, e a trava foi fechada {many} vezes")),
        }
    });
    check.finish()
}

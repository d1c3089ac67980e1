//! Até quando a memória do granel fica com o pool.
//!
//! Devolvê-la a cada uso faria o seguinte começar em páginas novas; não a devolver nunca faria de um argumento grande um
//! processo grande. Quem a usa avisa, e o supervisor, depois de um tempo sem aviso, a devolve.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::pool::inbox::Doorbell;

/// Quanto tempo sem uso.
const KEPT: Duration = Duration::from_secs(1);

/// De quanto em quanto, no máximo, se olha por um bloco que ninguém mais quer e ainda se faz: o fim dele não avisa ninguém.
const SELDOM: Duration = Duration::from_secs(64);

/// O que ficou por vir, depois de se devolver a memória livre.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nada, ou o que avisará ao devolver a sua.
    Nothing,
    /// Respostas que ninguém colherá.
    Abandoned,
}

pub(super) struct Keeper {
    supervisor: Arc<Doorbell>,
    /// Quantas vezes já se usou, e se há memória a devolver.
    uses: AtomicU64,
    is_holding: AtomicBool,
    /// Se o supervisor só olhará daqui a muito tempo.
    is_patient: AtomicBool,
    seen: Mutex<Option<Seen>>,
}

/// O que o supervisor viu: quantas vezes, desde quando são tantas, e quanto esperar.
#[derive(Clone, Copy)]
struct Seen {
    uses: u64,
    since: Instant,
    wait: Duration,
}

impl Keeper {
    pub(super) fn new(supervisor: Arc<Doorbell>) -> Self {
        let flag = || AtomicBool::new(false);
        let (is_holding, is_patient) = (flag(), flag());
        Keeper { supervisor, uses: AtomicU64::new(0), is_holding, is_patient, seen: Mutex::new(None) }
    }

    /// A memória acaba de ser usada, ou de voltar a ser de ninguém.
    pub(super) fn note(&self) {
        self.uses.fetch_add(1, SeqCst);
        let was_holding = self.is_holding.swap(true, SeqCst);
        if self.is_patient.swap(false, SeqCst) || !was_holding {
            self.supervisor.ring();
        }
    }

    /// O supervisor vai dormir: até quando, no máximo. Antes, se já é hora, `sweep` devolve a memória livre, e diz o que ficou.
    pub(super) fn next(&self, sweep: impl FnOnce() -> Left) -> Option<Instant> {
        if !self.is_holding.load(SeqCst) {
            return None;
        }
        let uses = self.uses.load(SeqCst);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let Seen { since, wait, .. } =
            *seen.take_if(|seen| seen.uses == uses).get_or_insert(Seen { uses, since: now, wait: KEPT });
        if now < since + wait {
            *seen = Some(Seen { uses, since, wait });
            return Some(since + wait);
        }
        // Antes de devolver: quem a usar depois disto avisa outra vez.
        self.is_holding.store(false, SeqCst);
        if sweep() == Left::Nothing {
            *seen = None;
            return None;
        }
        let wait = SELDOM.min(2 * wait);
        *seen = Some(Seen { uses, since: now, wait });
        self.is_patient.store(true, SeqCst);
        self.is_holding.store(true, SeqCst);
        Some(now + wait)
    }
}

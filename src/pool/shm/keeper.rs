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

pub(super) struct Keeper {
    supervisor: Arc<Doorbell>,
    /// Quantas vezes já se usou, e se há memória a devolver.
    uses: AtomicU64,
    is_holding: AtomicBool,
    /// Quantas vezes o supervisor viu, e desde quando são tantas.
    seen: Mutex<Option<(u64, Instant)>>,
}

impl Keeper {
    pub(super) fn new(supervisor: Arc<Doorbell>) -> Self {
        let (uses, is_holding) = (AtomicU64::new(0), AtomicBool::new(false));
        Keeper { supervisor, uses, is_holding, seen: Mutex::new(None) }
    }

    /// A memória acaba de ser usada.
    pub(super) fn note(&self) {
        self.uses.fetch_add(1, SeqCst);
        if !self.is_holding.swap(true, SeqCst) {
            self.supervisor.ring();
        }
    }

    /// O supervisor vai dormir: até quando, no máximo. Antes, se já é hora, `sweep` devolve a memória, e diz se não sobrou
    /// nenhuma.
    pub(super) fn next(&self, sweep: impl FnOnce() -> bool) -> Option<Instant> {
        if !self.is_holding.load(SeqCst) {
            return None;
        }
        let uses = self.uses.load(SeqCst);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let since = seen.filter(|(before, _)| *before == uses).map_or_else(Instant::now, |(_, since)| since);
        *seen = Some((uses, since));
        if since.elapsed() < KEPT {
            return Some(since + KEPT);
        }
        *seen = None;
        // Antes de devolver: quem a usar depois disto avisa outra vez.
        self.is_holding.store(false, SeqCst);
        if sweep() {
            return None;
        }
        self.is_holding.store(true, SeqCst);
        Some(Instant::now() + KEPT)
    }
}

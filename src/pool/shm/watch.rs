//! O relógio dos blocos do anel, para um pool com limite de tempo.
//!
//! Quem está no anel pega blocos sem que o supervisor saiba, e ele dorme enquanto não há nada. Por isso quem publica o
//! acorda, se ninguém estava vigiando; e cada trabalhador anota desde quando faz o que faz.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, SeqCst};
use std::time::{Duration, Instant};

use super::arena::View;
use crate::clock::now_ns;
use crate::dispatch::deadline::Deadline;
use crate::pool::inbox::Doorbell;

pub(super) struct Watch {
    /// Quanto pode durar cada item.
    limit: Duration,
    supervisor: Arc<Doorbell>,
    watching: AtomicBool,
}

impl Watch {
    pub(super) fn new(limit: Duration, supervisor: Arc<Doorbell>) -> Self {
        Watch { limit, supervisor, watching: AtomicBool::new(false) }
    }

    /// Há um bloco novo: que o supervisor vigie.
    pub(super) fn wake(&self) {
        if !self.watching.load(SeqCst) {
            self.supervisor.ring();
        }
    }

    /// O prazo do bloco que o trabalhador faz agora; `None` se não faz nenhum.
    pub(super) fn deadline(&self, view: &View<'_>, worker: usize) -> Option<Deadline> {
        let since = view.since(worker).load(Acquire);
        let items = view.doing(worker).load(Acquire);
        // Se mudou entre uma leitura e a outra, ele já passou a outro bloco.
        if since == 0 || view.since(worker).load(Acquire) != since {
            return None;
        }
        let age = Duration::from_nanos(now_ns().saturating_sub(since));
        Deadline::of_chunk(
            Some(self.limit),
            usize::try_from(items).unwrap_or(usize::MAX),
            Instant::now().checked_sub(age)?,
        )
    }

    /// O supervisor vai dormir: até quando, no máximo, para não perder um prazo; `None` se não há o que vigiar.
    ///
    /// Um bloco que ainda não começou não pode vencer antes de um prazo inteiro.
    pub(super) fn next(&self, view: &View<'_>) -> Option<Instant> {
        let anything = || view.ring.has_waiting() || !view.ring.all_idle();
        self.watching.store(true, SeqCst);
        if !anything() {
            self.watching.store(false, SeqCst);
            // O que foi publicado entre as duas linhas não tocou a campainha: olha-se de novo.
            if !anything() {
                return None;
            }
        }
        Instant::now().checked_add(self.limit)
    }
}

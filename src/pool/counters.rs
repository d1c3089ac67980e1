//! O que o pool conta a quem o usa.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::dispatch::attempts::Retries;

/// As contas de um pool, que o supervisor e as chamadas fazem juntos.
pub(super) struct Counters {
    pids: Mutex<Vec<u32>>,
    tasks: AtomicU64,
    restarts: AtomicU64,
    retries: Retries,
}

impl Counters {
    /// As de um pool cujos blocos perdidos voltam `retries` vezes à fila.
    pub(super) fn new(retries: usize) -> Self {
        Counters {
            pids: Mutex::default(),
            tasks: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            retries: Retries::new(retries),
        }
    }

    pub(super) fn pids(&self) -> Vec<u32> {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_pids(&self, pids: Vec<u32>) {
        *self.pids.lock().unwrap_or_else(PoisonError::into_inner) = pids;
    }

    /// Itens respondidos e colhidos.
    pub(super) fn tasks(&self) -> u64 {
        self.tasks.load(Ordering::Relaxed)
    }

    pub(super) fn add_tasks(&self, items: usize) {
        self.tasks.fetch_add(items as u64, Ordering::Relaxed);
    }

    /// Processos que deram lugar a outro.
    pub(super) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(super) fn add_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retries(&self) -> &Retries {
        &self.retries
    }
}

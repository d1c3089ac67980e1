//! Um de cada vez: duas medições ao mesmo tempo estragariam uma à outra.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A vez de rodar alguma coisa.
#[derive(Clone, Default)]
pub(super) struct Turn {
    taken: Arc<AtomicBool>,
}

/// A vez tomada; volta a ser de qualquer um quando isto some.
pub(super) struct Taken(Arc<AtomicBool>);

impl Turn {
    /// Toma a vez; nada, se ela é de outro.
    pub(super) fn take(&self) -> Option<Taken> {
        let free = !self.taken.swap(true, Ordering::AcqRel);
        free.then(|| Taken(self.taken.clone()))
    }

    /// Espera que a vez seja de ninguém, até `limit`.
    pub(super) fn wait_free(&self, limit: Duration) {
        let since = Instant::now();
        while self.taken.load(Ordering::Acquire) && since.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

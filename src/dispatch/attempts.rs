//! Quantas vezes um bloco pode se perder com quem o fazia.

use std::sync::atomic::{AtomicU64, Ordering};

/// Quantas vezes um bloco perdido volta à fila, e quantos já voltaram; de um pool inteiro.
pub(crate) struct Retries {
    allowed: usize,
    counted: AtomicU64,
}

impl Retries {
    pub(crate) fn new(allowed: usize) -> Self {
        Retries { allowed, counted: AtomicU64::new(0) }
    }

    /// Quantos blocos perdidos voltaram à fila.
    pub(crate) fn counted(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }
}

/// As vezes em que um bloco já se perdeu.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    lost: usize,
}

impl Attempts {
    /// Se o bloco, perdido agora, não volta mais à fila.
    pub(crate) fn are_spent(self, retries: &Retries) -> bool {
        self.lost >= retries.allowed
    }

    /// O bloco se perdeu. Se volta à fila, a volta entra na conta; se não volta, `false`.
    pub(crate) fn lose(&mut self, retries: &Retries) -> bool {
        if self.are_spent(retries) {
            return false;
        }
        self.lost += 1;
        retries.counted.fetch_add(1, Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_comes_back_as_often_as_allowed_and_no_more() {
        let (retries, mut attempts) = (Retries::new(2), Attempts::default());
        assert_eq!([(); 4].map(|()| attempts.lose(&retries)), [true, true, false, false]);
        assert!(attempts.are_spent(&retries));
        assert_eq!(retries.counted(), 2);
    }

    #[test]
    fn without_retries_the_first_loss_is_the_last() {
        let retries = Retries::new(0);
        assert!(!Attempts::default().lose(&retries));
        assert_eq!(retries.counted(), 0);
    }
}

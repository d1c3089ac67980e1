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

    /// Soma blocos perdidos que voltaram à fila.
    pub(crate) fn count(&self, chunks: usize) {
        self.counted.fetch_add(chunks as u64, Ordering::Relaxed);
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

    /// O bloco se perdeu; diz se ele pode voltar à fila. Quem o põe lá é que conta a volta.
    pub(crate) fn lose(&mut self, retries: &Retries) -> bool {
        let comes_back = !self.are_spent(retries);
        self.lost += usize::from(comes_back);
        comes_back
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
    }

    #[test]
    fn without_retries_the_first_loss_is_the_last() {
        assert!(!Attempts::default().lose(&Retries::new(0)));
    }

    #[test]
    fn only_what_went_back_is_counted() {
        let retries = Retries::new(1);
        Attempts::default().lose(&retries);
        assert_eq!(retries.counted(), 0);
        retries.count(3);
        assert_eq!(retries.counted(), 3);
    }
}

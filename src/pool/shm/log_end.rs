//! O fim do diário de um posto: quem escreve nele o anuncia, e quem o lê pode pedir que o acordem.
//!
//! Quem lê quase sempre espera pelo maço inteiro, e cada resposta só move o fim. Mas um bloco demorado não pode prender as
//! respostas que vieram antes dele: quem as quer já escreve que quer, e só depois olha o fim; quem escreve uma resposta move o
//! fim, e só depois olha se alguém a quer. Com uma barreira no meio de cada um, os dois não se desencontram.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use super::word::{Atomics, Word};

/// As duas palavras de um posto.
pub(super) struct LogEnd<'m, A: Atomics> {
    /// Até que palavra do diário há respostas.
    pub(super) end: &'m A::U64,
    /// Se alguém quer saber da próxima.
    pub(super) asked: &'m A::U64,
}

impl<A: Atomics> LogEnd<'_, A> {
    pub(super) fn get(&self) -> u64 {
        self.end.load(Acquire)
    }

    // ANCHOR: log_end
    /// Move o fim: quem o ler vê tudo o que foi escrito antes dele.
    pub(super) fn publish(&self, end: u64) {
        self.end.store(end, Release);
    }

    /// Depois de mover o fim: se alguém quer ser acordado por isso. Só se diz que sim uma vez.
    pub(super) fn is_asked(&self) -> bool {
        A::fence();
        self.asked.load(Relaxed) != 0 && self.asked.swap(0, AcqRel) != 0
    }

    /// Quer ser acordado pela próxima resposta. As que vieram antes olham-se depois disto.
    pub(super) fn ask(&self) {
        self.asked.store(1, Relaxed);
        A::fence();
    }
    // ANCHOR_END: log_end

    /// Nada escrito, nem ninguém à espera.
    pub(super) fn clear(&self) {
        self.asked.store(0, Relaxed);
        self.end.store(0, Release);
    }
}

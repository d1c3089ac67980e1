//! Muitos blocos repartidos antes: cada um pega dos seus, e quem fica sem nenhum rouba.
//!
//! Uma contagem única, disputada a cada bloco pequeno, faria uma linha de cache atravessar de um núcleo a outro a cada vez.
//! Por isso cada *posto* de um maço ([`batch`](super::batch)) tem uma faixa de blocos só dele, numa linha só dele, e quem
//! acaba a sua toma metade da de outro:
//!
//! ```text
//!   posto 1   ░░░░░▓▓▓▓▓▓▓▓      o dono pega pela frente, um de cada vez
//!   posto 2   ░░░░░░░░░░░░░      o ladrão leva a metade de trás
//! ```
//!
//! A faixa inteira, começo e fim, cabe numa palavra: quem a muda vê se alguém a mudou antes. A anotação diz o bloco
//! que o dono ia pegar; o que um ladrão morto tirou de outro e não chegou a pôr na sua faixa, ninguém anotou, e não
//! começou: o pai o encontra quando conta o que falta.
//!
//! O teste `model.rs` roda também este código sob o *loom*.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};

use super::word::{Atomics, Strided, Word};

/// As faixas de um maço.
pub(super) struct StealRanges<'m, A: Atomics> {
    /// De cada posto, os blocos que são dele e ninguém pegou.
    pub(super) ranges: Strided<'m, A::U64>,
    /// De cada posto, o último bloco que ele tentou pegar.
    pub(super) claimed: Strided<'m, A::U64>,
}

/// Uma faixa numa palavra.
pub(super) fn range(start: u32, end: u32) -> u64 {
    u64::from(start) << 32 | u64::from(end)
}

fn bounds(range: u64) -> (u32, u32) {
    ((range >> 32) as u32, range as u32)
}

impl<A: Atomics> StealRanges<'_, A> {
    // ANCHOR: take
    /// Pega o próximo bloco para o posto `seat`; nada, se não resta nenhum à vista.
    pub(super) fn take(&self, seat: usize) -> Option<u32> {
        loop {
            let own = self.ranges[seat].load(Acquire);
            let (start, end) = bounds(own);
            if start == end {
                self.steal(seat)?;
                continue;
            }
            self.claimed[seat].store(start.into(), Release);
            if self.ranges[seat].compare_exchange(own, range(start + 1, end), AcqRel, Acquire).is_ok() {
                return Some(start);
            }
        }
    }

    /// Toma metade da faixa de outro posto; `None` se todas estão vazias.
    fn steal(&self, seat: usize) -> Option<()> {
        let seats = self.ranges.iter().count();
        // O vizinho primeiro, e cada um tem o seu: nem todos vão ao mesmo.
        for victim in (seat + 1..seats).chain(0..seat) {
            let theirs = self.ranges[victim].load(Acquire);
            let (start, end) = bounds(theirs);
            if start == end {
                continue;
            }
            let middle = start + (end - start) / 2;
            if self.ranges[victim].compare_exchange(theirs, range(start, middle), AcqRel, Acquire).is_ok() {
                // Ninguém rouba de uma faixa vazia: a nossa só muda por aqui.
                self.ranges[seat].store(range(middle, end), Release);
            }
            // Se outro chegou antes, volta-se a olhar desde o começo.
            return Some(());
        }
        None
    }
    // ANCHOR_END: take

    /// Se `chunk` ainda está numa faixa.
    pub(super) fn holds(&self, chunk: u32) -> bool {
        self.ranges.iter().any(|range| {
            let (start, end) = bounds(range.load(Acquire));
            (start..end).contains(&chunk)
        })
    }

    /// Se não resta bloco em faixa nenhuma.
    pub(super) fn are_empty(&self) -> bool {
        self.ranges.iter().map(|range| bounds(range.load(Acquire))).all(|(start, end)| start == end)
    }

    /// Se algum posto tem `chunk` na mão, ou pode ter.
    pub(super) fn may_be_claimed(&self, chunk: u32) -> bool {
        self.claimed.iter().any(|claimed| claimed.load(Acquire) == u64::from(chunk))
    }
}

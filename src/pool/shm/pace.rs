//! Quantas respostas um fluxo colhe por milissegundo: é o que diz se os blocos vão sozinhos ou juntos.

use std::time::{Duration, Instant};

/// O tempo de referência. Quem espera por uma resposta só não percebe um milissegundo a mais; quem colhe centenas delas nesse
/// tempo ganha um núcleo, se não for acordado a cada uma.
pub(super) const GATHER: Duration = Duration::from_millis(1);

/// A partir de quantas respostas por [`GATHER`] o preço de cada uma pesa, e os blocos vão juntos: tarefas de dezenas de
/// microssegundos. Com menos da metade disso, voltam a ir sozinhos.
const MANY: usize = 64;

/// Quantos blocos a caminho, no máximo.
const MOST_AHEAD: usize = 4096;

pub(super) struct Pace {
    since: Instant,
    taken: usize,
    /// Quantas respostas vêm em [`GATHER`]: pela última conta, e pelas últimas.
    last: usize,
    expected: usize,
    is_fast: bool,
}

impl Pace {
    pub(super) fn new() -> Self {
        Pace { since: Instant::now(), taken: 0, last: 0, expected: 0, is_fast: false }
    }

    /// Como se viessem `expected` respostas em [`GATHER`].
    #[cfg(test)]
    pub(super) fn of(expected: usize) -> Self {
        Pace { last: expected, expected, is_fast: true, ..Pace::new() }
    }

    /// Colheu-se uma resposta.
    pub(super) fn take(&mut self) {
        self.taken += 1;
        // Ver as horas custa quase um bloco.
        if self.taken.is_multiple_of(MANY) {
            self.update();
        }
    }

    /// Faz a conta de novo, se já passou tempo bastante.
    pub(super) fn update(&mut self) {
        let now = Instant::now();
        let elapsed = now - self.since;
        // Quem ainda as colhe uma a uma, e colhe tantas, não precisa esperar tanto.
        if elapsed >= GATHER || (!self.is_fast && self.taken >= 4 * MANY) {
            let last = (self.taken as f64 * GATHER.as_secs_f64() / elapsed.as_secs_f64()) as usize;
            // Elas vêm aos montes, e um monte só diz pouco: são precisos dois.
            let is_fast = last.min(self.last) >= if self.is_fast { MANY / 2 } else { MANY };
            *self = Pace { since: now, taken: 0, last, expected: last.midpoint(self.expected), is_fast };
        }
    }

    pub(super) fn expected(&self) -> usize {
        self.expected
    }

    /// De quantos blocos convém que um maço seja; nada, se convém que cada um vá sozinho.
    pub(super) fn batch(&self) -> Option<usize> {
        self.is_fast.then_some((self.expected / 2).min(MOST_AHEAD / 4))
    }

    /// Quantos blocos convém ter a caminho: os de um par de milissegundos.
    pub(super) fn ahead(&self) -> usize {
        if self.is_fast { (2 * self.expected).min(MOST_AHEAD) } else { 0 }
    }
}

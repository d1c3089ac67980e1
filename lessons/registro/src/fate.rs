//! O que uma falha deixou: quem morreu, que respostas se perderam, quais chegaram erradas.

/// O destino das respostas e dos processos de um modelo, depois de uma falha.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Quantas respostas se pediram.
    pub asked: usize,
    /// Quantas chegaram certas.
    pub right: usize,
    /// Quantas chegaram erradas, sem aviso. As que faltam se perderam.
    pub wrong: usize,
    /// Em quantos processos o trabalho foi feito.
    pub processes: usize,
    /// Quantos deles morreram.
    pub died: usize,
}

impl Fate {
    /// Quantas respostas não chegaram.
    pub fn lost(&self) -> usize {
        self.asked.saturating_sub(self.right + self.wrong)
    }
}

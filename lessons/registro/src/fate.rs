//! O que uma falha deixou: quem morreu, que respostas se perderam, quais chegaram erradas.

/// Das respostas perdidas, quantas deixaram um erro no lugar: o número que só algumas lições registram.
pub const TOLD: &str = "told";

/// O nome, no registro, de um dos números de uma falha.
pub fn metric(failure: &str, number: &str) -> String {
    format!("{failure}_{number}")
}

/// O destino das respostas e dos processos de um modelo, depois de uma falha.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Os números que o registro guarda, pelo nome de cada um.
    pub fn numbers(&self) -> [(&'static str, usize); 5] {
        let Fate { asked, right, wrong, processes, died } = *self;
        [("asked", asked), ("right", right), ("wrong", wrong), ("processes", processes), ("died", died)]
    }

    /// Quantas respostas não chegaram.
    pub fn lost(&self) -> usize {
        self.asked.saturating_sub(self.right + self.wrong)
    }
}

//! O que uma falha deixou: quem morreu, que respostas se perderam, quais chegaram erradas.

use super::lesson::Lesson;

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

impl Lesson {
    /// Registra quantas das respostas que a falha `failure` levou deixaram um erro no lugar. Sem isto, a figura não
    /// diz se alguém ficou sabendo.
    pub fn told(&mut self, failure: &str, model: &str, told: usize) {
        self.metric(&format!("{failure}_told"), model, told as f64, "respostas");
    }

    /// Registra o que a falha `failure` deixou num modelo; é o que `{{#medida destinos …}}` desenha.
    pub fn fate(&mut self, failure: &str, model: &str, fate: Fate) {
        let Fate { asked, right, wrong, processes, died } = fate;
        let values =
            [("asked", asked), ("right", right), ("wrong", wrong), ("processes", processes), ("died", died)];
        for (name, value) in values {
            let unit = if matches!(name, "processes" | "died") { "processos" } else { "respostas" };
            self.metric(&format!("{failure}_{name}"), model, value as f64, unit);
        }
    }
}

//! Como uma lição registra o que uma falha deixou.

use registro::fate::Fate;

use crate::run::lesson::Lesson;

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

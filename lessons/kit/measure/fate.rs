//! Como uma lição registra o que uma falha deixou.

use registro::fate::{Fate, TOLD, metric};
use registro::legend::Entry;

use crate::run::lesson::Lesson;

/// Uma tarefa chama `abort`, e o processo em que ela roda morre.
pub const ABORT: Entry = Entry::failure("abort", "Uma tarefa aborta", "abortar");

impl Lesson {
    /// Registra quantas das respostas que a falha `failure` levou deixaram um erro no lugar. Sem isto, a figura não
    /// diz se alguém ficou sabendo.
    pub fn told(&mut self, failure: &str, model: &str, told: usize) {
        self.metric(&metric(failure, TOLD), model, told as f64, "respostas");
    }

    /// Registra o que a falha `failure` deixou num modelo; é o que `{{#medida destinos …}}` desenha.
    pub fn fate(&mut self, failure: &str, model: &str, fate: Fate) {
        for (name, value) in fate.numbers() {
            let unit = if matches!(name, "processes" | "died") { "processos" } else { "respostas" };
            self.metric(&metric(failure, name), model, value as f64, unit);
        }
    }
}

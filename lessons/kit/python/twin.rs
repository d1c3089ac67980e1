//! O gêmeo em Python de uma lição, e o que ele mediu.
//!
//! É o mesmo `example.py` que a página mostra. Com `--json`, ele escreve uma [`Round`] por linha, com os mesmos
//! campos e o mesmo relógio das medidas em Rust.

use std::path::Path;
use std::time::Duration;

use registro::legend::Entry;
use serde::Deserialize;

use crate::measure::compare::{Gain, Run};
use crate::measure::machine::Watch;
use crate::measure::trace::Piece;
use crate::python::Python;

/// Um laço.
pub const SERIAL: Entry =
    Entry::model("python_serial", "Python serial").family("python_serial").serial("python_serial");
/// As threads dele, sob o GIL.
pub const THREADS: Entry =
    Entry::model("python_threads", "threads do Python").family("python_threads").serial(SERIAL.id);
/// O `multiprocessing.Pool`.
pub const POOL: Entry = Entry::model("python_pool", "Pool do Python").family("python_pool").serial(SERIAL.id);

/// Uma tarefa feita uma vez por um modelo.
#[derive(Clone, Debug, Deserialize)]
pub struct Round {
    /// A tarefa: `primes`, …
    pub task: String,
    /// O modelo: `python_serial`, `python_threads`, …
    pub model: String,
    /// Quando começou, no relógio da máquina, em segundos.
    pub start: f64,
    /// Quanto levou, em segundos.
    pub seconds: f64,
    /// O que cada trabalhador fez.
    pub pieces: Vec<Piece<u64>>,
    /// Quantas rodadas estão prontas, com esta.
    pub done: usize,
    /// Quantas serão.
    pub total: usize,
}

impl Round {
    /// A soma dos pedaços: numa conta de primos, quantos são.
    pub fn answer(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.value).sum()
    }
}

/// O que o gêmeo mediu.
#[derive(Clone, Debug)]
pub struct Twin {
    /// Quem o rodou.
    pub python: Python,
    /// As rodadas, na ordem em que foram feitas.
    pub rounds: Vec<Round>,
    /// Que parte da máquina esteve em outras mãos durante a medição, de 0 a 1.
    pub others: f64,
}

impl Twin {
    /// Roda `script` com `arguments` e `--json`, até o fim, e guarda as rodadas; `progress` vê cada uma assim que chega.
    ///
    /// # Erros
    ///
    /// Os de [`Python::run`].
    pub fn measure(
        python: &Python,
        script: &Path,
        arguments: &[String],
        limit: Duration,
        mut progress: impl FnMut(&Round),
    ) -> Result<Twin, String> {
        let (watch, mut rounds) = (Watch::start(), Vec::new());
        let arguments = [arguments, &["--json".to_owned()]].concat();
        python.run(script, &arguments, limit, |round: Round| {
            progress(&round);
            rounds.push(round);
        })?;
        Ok(Twin { python: python.clone(), rounds, others: watch.others() })
    }

    /// As repetições de `model` em `task`.
    pub fn runs(&self, task: &str, model: &str) -> Vec<Run> {
        let rounds = self.rounds.iter().filter(|round| round.task == task && round.model == model);
        rounds.map(|round| Run::of(model, &round.pieces, round.start, round.seconds)).collect()
    }

    /// Os modelos que fizeram `task`, na ordem em que começaram.
    pub fn models(&self, task: &str) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for round in self.rounds.iter().filter(|round| round.task == task) {
            if !models.contains(&round.model.as_str()) {
                models.push(&round.model);
            }
        }
        models
    }

    /// O que cada modelo paralelo ganhou em `task` sobre o serial: o modelo de nome terminado em `_serial`.
    pub fn gains(&self, task: &str) -> Vec<(&str, Gain)> {
        let (serial, parallel): (Vec<&str>, Vec<&str>) =
            self.models(task).into_iter().partition(|model| model.ends_with("_serial"));
        let serial: Vec<Run> = serial.iter().flat_map(|model| self.runs(task, model)).collect();
        let gain = |model| Some((model, Gain::of(&serial, &self.runs(task, model))?));
        parallel.into_iter().filter_map(gain).collect()
    }

    /// O que `model` ganhou em `task`, se foi medido.
    pub fn gain(&self, task: &str, model: &str) -> Option<Gain> {
        self.gains(task).into_iter().find_map(|(name, gain)| (name == model).then_some(gain))
    }

    /// As respostas dadas em `task`, uma por rodada.
    pub fn answers(&self, task: &str) -> impl Iterator<Item = u64> {
        self.rounds.iter().filter(move |round| round.task == task).map(Round::answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(task: &str, model: &str, seconds: f64) -> Round {
        let piece = r#"{"value":5,"pid":1,"tid":1,"cpu":0,"start":2.0,"end":3.0,"cpu_seconds":1.0}"#;
        let line = format!(
            r#"{{"task":"{task}","model":"{model}","start":2.0,"seconds":{seconds:?},"pieces":[{piece},{piece}],"done":1,"total":1}}"#
        );
        serde_json::from_str(&line).expect("uma rodada")
    }

    #[test]
    fn each_task_is_compared_with_its_own_serial_time() {
        let mut rounds = vec![round("sha256", "python_serial", 9.0), round("primes", "python_pool", 2.0)];
        rounds.extend([round("primes", "python_serial", 4.0), round("sha256", "python_threads", 3.0)]);
        let python = Python { program: "python3".into(), version: "3.14.0".to_owned(), has_gil: true };
        let twin = Twin { python, rounds, others: 0.0 };
        let median = |task, model| twin.gain(task, model).map(|gain| gain.speedup.median);
        assert_eq!(median("primes", "python_pool"), Some(2.0));
        assert_eq!(median("sha256", "python_threads"), Some(3.0));
        assert_eq!(median("primes", "python_threads"), None);
        assert_eq!(twin.answers("primes").collect::<Vec<_>>(), [10, 10]);
    }
}

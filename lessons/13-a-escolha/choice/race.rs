//! A corrida: o que cada modelo levou no mesmo trabalho, e o que se perde por escolher um deles.

use licoes::load::model::Model;
use licoes::measure::trace::now;
use multiprocessamento::Error;
use registro::stats::{Estimate, median};

use super::{Context, Task, run, work};

/// O que cada modelo levou no mesmo trabalho.
#[derive(Clone, Debug)]
pub struct Race {
    /// Os segundos de cada modelo, um por repetição.
    pub seconds: Vec<(Model, Vec<f64>)>,
}

impl Race {
    /// Faz `tasks` com cada modelo que serve em `context`, `repetitions` vezes. Dentro de uma repetição os modelos se
    /// revezam, e cada repetição começa por um diferente.
    ///
    /// # Erros
    ///
    /// Os dos modelos.
    ///
    /// # Panics
    ///
    /// Se dois modelos dão respostas diferentes.
    pub fn of(
        tasks: &[Task],
        context: Context,
        workers: usize,
        repetitions: usize,
    ) -> Result<Self, Error> {
        let mut seconds: Vec<(Model, Vec<f64>)> =
            context.models().map(|model| (model, Vec::new())).collect();
        let expected: Vec<u64> = tasks.iter().cloned().map(work).collect();
        for repetition in 0..repetitions {
            for turn in 0..seconds.len() {
                let slot = (repetition + turn) % seconds.len();
                let (model, taken) = &mut seconds[slot];
                let start = now();
                let answers = run(*model, work, tasks, workers)?;
                taken.push(now() - start);
                assert_eq!(
                    answers,
                    expected,
                    "{}: a resposta depende de quem faz",
                    model.id()
                );
            }
        }
        Ok(Race { seconds })
    }

    /// O modelo de menor tempo mediano; o serial, se nenhum foi medido.
    pub fn best(&self) -> Model {
        let fastest = self
            .seconds
            .iter()
            .min_by(|(_, a), (_, b)| median(a).total_cmp(&median(b)));
        fastest.map_or(Model::Serial, |(model, _)| *model)
    }

    /// Quantas vezes o tempo de `other` `model` levou, repetição a repetição; nada, se um deles não correu.
    pub fn against(&self, model: Model, other: Model) -> Option<Estimate> {
        let ratios = self
            .times(model)?
            .iter()
            .zip(self.times(other)?)
            .map(|(own, other)| own / other);
        Some(Estimate::of(&ratios.collect::<Vec<_>>()))
    }

    /// O tempo mediano de `model`, em segundos; nada, se ele não correu.
    pub fn median(&self, model: Model) -> Option<f64> {
        self.times(model).map(median)
    }

    /// O arrependimento de ter escolhido `model`: quanto a mais do que o melhor ele levou, como fração. Sem fim, se ele
    /// não serve.
    pub fn regret(&self, model: Model) -> f64 {
        match (self.median(model), self.median(self.best())) {
            (Some(own), Some(best)) => own / best - 1.0,
            _ => f64::INFINITY,
        }
    }

    fn times(&self, model: Model) -> Option<&[f64]> {
        self.seconds
            .iter()
            .find(|(own, _)| *own == model)
            .map(|(_, times)| times.as_slice())
    }
}

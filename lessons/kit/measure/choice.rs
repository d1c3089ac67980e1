//! Uma escolha posta à prova: o mesmo trabalho com todos os modelos que servem.

use multiprocessamento::{Error, Pool, ThreadPool};
use rayon::prelude::*;
use registro::stats::{Estimate, median};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::load::model::{self, Model, rayon_threads};
use crate::measure::granularity::spin;
use crate::measure::trace::now;

/// Uma tarefa de qualquer tamanho: tantas voltas de [`spin`], e um dado a ler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Voltas.
    pub turns: u64,
    /// O dado, que vai com a tarefa a quem a fizer.
    pub data: ByteBuf,
}

impl Task {
    /// Uma tarefa sem dado.
    pub fn of(turns: u64) -> Self {
        Task { turns, data: ByteBuf::new() }
    }
}

/// Faz uma tarefa.
pub fn work(task: Task) -> u64 {
    let sum = task.data.iter().fold(0, |sum: u64, byte| sum.wrapping_add(u64::from(*byte)));
    spin(task.turns) ^ sum
}

/// O que o contexto exige de quem fizer o trabalho.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Context {
    /// Nada.
    Free,
    /// Só uma thread computa de cada vez, como sob o GIL.
    GlobalLock,
    /// Uma tarefa pode derrubar o processo em que roda.
    Risky,
}

impl Context {
    /// Se `model` serve neste contexto.
    pub fn admits(self, model: Model) -> bool {
        match self {
            Context::Free => true,
            Context::GlobalLock => !matches!(model, Model::Threads | Model::ThreadPool | Model::Rayon),
            Context::Risky => matches!(model, Model::ProcessPool | Model::Processes),
        }
    }

    /// Os modelos que servem, na ordem de [`Model::ALL`].
    pub fn models(self) -> impl Iterator<Item = Model> {
        Model::ALL.into_iter().filter(move |model| self.admits(*model))
    }
}

/// `function` sobre `tasks` com `model`, do nascimento dos trabalhadores ao fim deles, como quem usa o modelo o
/// chamaria: os pools e a rayon escolhem o tamanho do bloco. Ninguém cria mais trabalhadores do que tarefas.
///
/// # Erros
///
/// Os do modelo.
pub fn run<F>(model: Model, function: F, tasks: &[Task], workers: usize) -> Result<Vec<u64>, Error>
where
    F: Fn(Task) -> u64 + Copy + Send + Sync + 'static,
{
    let workers = workers.min(tasks.len()).max(1);
    match model {
        Model::ThreadPool => ThreadPool::new(workers)?.map(function, tasks.to_vec()),
        Model::Rayon => {
            Ok(rayon_threads(workers)?.install(|| tasks.par_iter().cloned().map(function).collect()))
        }
        Model::ProcessPool => Pool::new(workers)?.map(function, tasks.to_vec()),
        _ => model::run(model, function, tasks, workers),
    }
}

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
    pub fn of(tasks: &[Task], context: Context, workers: usize, repetitions: usize) -> Result<Self, Error> {
        let mut seconds: Vec<(Model, Vec<f64>)> = context.models().map(|model| (model, Vec::new())).collect();
        let expected: Vec<u64> = tasks.iter().cloned().map(work).collect();
        for repetition in 0..repetitions {
            for turn in 0..seconds.len() {
                let slot = (repetition + turn) % seconds.len();
                let (model, taken) = &mut seconds[slot];
                let start = now();
                let answers = run(*model, work, tasks, workers)?;
                taken.push(now() - start);
                assert_eq!(answers, expected, "{}: a resposta depende de quem faz", model.id());
            }
        }
        Ok(Race { seconds })
    }

    /// O modelo de menor tempo mediano; o serial, se nenhum foi medido.
    pub fn best(&self) -> Model {
        let fastest = self.seconds.iter().min_by(|(_, a), (_, b)| median(a).total_cmp(&median(b)));
        fastest.map_or(Model::Serial, |(model, _)| *model)
    }

    /// Quantas vezes o tempo do melhor `model` levou, repetição a repetição; nada, se ele não correu.
    pub fn slowdown(&self, model: Model) -> Option<Estimate> {
        let own = self.times(model)?;
        let best = self.times(self.best())?;
        let ratios = own.iter().zip(best).map(|(own, best)| own / best);
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
        self.seconds.iter().find(|(own, _)| *own == model).map(|(_, times)| times.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regret_is_what_the_choice_took_beyond_the_best() {
        let race = Race { seconds: vec![(Model::Serial, vec![3.0; 5]), (Model::Rayon, vec![2.0; 5])] };
        assert_eq!((race.best(), race.regret(Model::Rayon)), (Model::Rayon, 0.0));
        assert_eq!(race.regret(Model::Serial), 0.5);
        assert_eq!(race.slowdown(Model::Serial).map(|slow| slow.median), Some(1.5));
        assert!(race.regret(Model::Processes).is_infinite());
    }

    #[test]
    fn only_processes_survive_a_risky_task() {
        let models: Vec<Model> = Context::Risky.models().collect();
        assert_eq!(models, [Model::ProcessPool, Model::Processes]);
        assert!(!Context::GlobalLock.admits(Model::Rayon) && Context::GlobalLock.admits(Model::Serial));
    }
}

//! As tarefas com um modelo, do começo ao fim.

use licoes::load::model::{self, Model, rayon_threads};
use multiprocessamento::{Error, Pool, ThreadPool};
use rayon::prelude::*;

use super::Task;

/// `function` sobre `tasks` com `model`, do nascimento dos trabalhadores ao fim deles, como quem usa o modelo o
/// chamaria: os pools e a rayon escolhem o tamanho do bloco. Ninguém cria mais trabalhadores do que tarefas.
///
/// # Erros
///
/// Os do modelo.
pub fn run<F>(
    model: Model,
    function: F,
    tasks: &[Task],
    workers: usize,
) -> Result<Vec<u64>, Error>
where
    F: Fn(Task) -> u64 + Copy + Send + Sync + 'static,
{
    let workers = workers.min(tasks.len()).max(1);
    match model {
        Model::ThreadPool => ThreadPool::new(workers)?.map(function, tasks.to_vec()),
        Model::Rayon => Ok(rayon_threads(workers)?
            .install(|| tasks.par_iter().cloned().map(function).collect())),
        Model::ProcessPool => Pool::new(workers)?.map(function, tasks.to_vec()),
        _ => model::run(model, function, tasks, workers),
    }
}

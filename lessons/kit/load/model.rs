//! A mesma função sobre os mesmos itens, de seis maneiras; de sete, com a feature `mpi`.
//!
//! Cada modelo começa do zero e desfaz tudo no fim: o tempo dele inclui criar as threads ou os
//! processos, repartir os itens e juntar as respostas. É o que um programa que usa o modelo uma vez
//! paga.

use multiprocessamento::{Error, Pool, Process, ThreadPool};
#[cfg(feature = "mpi")]
use multiprocessamento::{MpiJob, MpiPool};
use rayon::prelude::*;
pub use registro::model::Model;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Os que este programa tem: [`Model::ALL`], e o MPI, se foi compilado com a feature `mpi`.
pub const BUILT: &[Model] = if cfg!(feature = "mpi") { &Model::EVERY } else { &Model::ALL };

/// `function` sobre cada um de `items`, com `workers` trabalhadores; os resultados vêm na ordem dos
/// itens.
///
/// # Erros
///
/// Os do modelo: o sistema recusou uma thread ou um processo, ou uma tarefa falhou.
///
/// # Exemplos
///
/// ```
/// # use licoes::load::model::{Model, run};
/// # fn main() -> Result<(), multiprocessamento::Error> {
/// # multiprocessamento::init();
/// for model in Model::ALL {
///     assert_eq!(run(model, |x: u64| x + 1, &[1, 2, 3], 2)?, [2, 3, 4]);
/// }
/// # Ok(())
/// # }
/// ```
pub fn run<F, A, R>(model: Model, function: F, items: &[A], workers: usize) -> Result<Vec<R>, Error>
where
    F: Fn(A) -> R + Copy + Send + Sync + 'static,
    A: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    R: Serialize + DeserializeOwned + Send + 'static,
{
    match model {
        Model::Serial => Ok(items.iter().cloned().map(function).collect()),
        Model::Threads => threads(function, items, workers),
        Model::ThreadPool => thread_pool(function, items, workers),
        Model::Rayon => rayon_pool(function, items, workers),
        Model::ProcessPool => process_pool(function, items, workers),
        Model::Processes => processes(function, items, workers),
        Model::Mpi => ranks(function, items, workers),
    }
}

// ANCHOR: threads
fn threads<F, A, R>(function: F, items: &[A], workers: usize) -> Result<Vec<R>, Error>
where
    F: Fn(A) -> R + Copy + Send + Sync,
    A: Clone + Send + Sync,
    R: Send,
{
    std::thread::scope(|scope| {
        let threads: Vec<_> = hands(items, workers)
            .map(|hand| scope.spawn(move || hand.into_iter().map(function).collect()))
            .collect();
        let answers = threads.into_iter().map(|thread| match thread.join() {
            Ok(answers) => answers,
            // Uma tarefa em pânico derruba a lição como derrubaria o programa em série.
            Err(panic) => std::panic::resume_unwind(panic),
        });
        Ok(interleave(answers.collect()))
    })
}
// ANCHOR_END: threads

// ANCHOR: thread_pool
fn thread_pool<F, A, R>(function: F, items: &[A], workers: usize) -> Result<Vec<R>, Error>
where
    F: Fn(A) -> R + Copy + Send + 'static,
    A: Clone + Send + 'static,
    R: Send + 'static,
{
    let pool = ThreadPool::new(workers)?;
    pool.chunk_size(1)?.map(function, items.to_vec())
}
// ANCHOR_END: thread_pool

// ANCHOR: rayon
fn rayon_pool<F, A, R>(function: F, items: &[A], workers: usize) -> Result<Vec<R>, Error>
where
    F: Fn(A) -> R + Copy + Send + Sync,
    A: Clone + Send + Sync,
    R: Send,
{
    let pool = rayon_threads(workers)?;
    Ok(pool.install(|| items.par_iter().with_max_len(1).cloned().map(function).collect()))
}
// ANCHOR_END: rayon

/// As threads da rayon, só para um uso: o pool global dela não muda de tamanho.
///
/// # Erros
///
/// [`Error::Spawn`] se o sistema recusou uma delas.
pub fn rayon_threads(workers: usize) -> Result<rayon::ThreadPool, Error> {
    let built = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
    built.map_err(|error| Error::Spawn(std::sync::Arc::new(std::io::Error::other(error))))
}

// ANCHOR: process_pool
fn process_pool<F, A, R>(function: F, items: &[A], workers: usize) -> Result<Vec<R>, Error>
where
    F: Fn(A) -> R + Copy + Send + 'static,
    A: Clone + Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    let pool = Pool::new(workers)?;
    pool.chunk_size(1)?.map(function, items.to_vec())
}
// ANCHOR_END: process_pool

// ANCHOR: processes
fn processes<F, A, R>(function: F, items: &[A], workers: usize) -> Result<Vec<R>, Error>
where
    F: Fn(A) -> R + Copy + Send + 'static,
    A: Clone + Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    let started: Vec<_> = hands(items, workers)
        .map(|hand| Process::start(move |hand: Vec<A>| hand.into_iter().map(function).collect(), hand))
        .collect::<Result<_, _>>()?;
    let answers = started.into_iter().map(Process::join).collect::<Result<_, _>>()?;
    Ok(interleave(answers))
}
// ANCHOR_END: processes

// ANCHOR: mpi
/// Neste programa, se foi um `mpirun` que o rodou; senão, num que ele manda rodar.
#[cfg(feature = "mpi")]
fn ranks<F, A, R>(function: F, items: &[A], workers: usize) -> Result<Vec<R>, Error>
where
    F: Fn(A) -> R + Copy + Send + 'static,
    A: Clone + Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    let map = move |items: Vec<A>| MpiPool::new()?.chunk_size(1)?.map(function, items);
    match MpiPool::current().map(|pool| pool.workers()) {
        None => MpiJob::start(workers)?.call(map, items.to_vec())?,
        Some(ranks) if ranks == workers => map(items.to_vec()),
        Some(ranks) => Err(Error::Mpi(format!(
            "o mpirun criou {ranks} ranks além do 0, e são pedidos {workers}: a conta tem que ser a mesma"
        ))),
    }
}
// ANCHOR_END: mpi

#[cfg(not(feature = "mpi"))]
fn ranks<F, A, R>(_function: F, _items: &[A], _workers: usize) -> Result<Vec<R>, Error> {
    Err(not_built())
}

/// O erro de quem pede o MPI a um programa que não o tem.
#[cfg(not(feature = "mpi"))]
pub(crate) fn not_built() -> Error {
    Error::Mpi("este programa foi compilado sem a feature mpi".to_owned())
}

// ANCHOR: hands
/// Reparte os itens como cartas: o trabalhador `w` leva os itens `w`, `w + workers`, `w + 2·workers`, …
/// Assim cada um recebe fatias baratas e caras na mesma proporção.
pub fn hands<A: Clone>(items: &[A], workers: usize) -> impl Iterator<Item = Vec<A>> {
    (0..workers).map(move |worker| items.iter().skip(worker).step_by(workers).cloned().collect())
}

/// Desfaz [`hands`]: um resultado de cada mão por vez.
fn interleave<R>(hands: Vec<Vec<R>>) -> Vec<R> {
    let mut hands: Vec<_> = hands.into_iter().map(Vec::into_iter).collect();
    let mut items = Vec::new();
    loop {
        let before = items.len();
        items.extend(hands.iter_mut().filter_map(Iterator::next));
        if items.len() == before {
            return items;
        }
    }
}
// ANCHOR_END: hands

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dealing_and_gathering_keeps_the_order() {
        for workers in 1..6 {
            for len in 0..12 {
                let items: Vec<u32> = (0..len).collect();
                assert_eq!(interleave(hands(&items, workers).collect()), items);
            }
        }
    }
}

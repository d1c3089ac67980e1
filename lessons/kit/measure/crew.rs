//! Trabalhadores que já nasceram, à espera de tarefas: o que resta pagar é só a tarefa.
//!
//! [`model::run`](crate::load::model::run) cria e desfaz tudo a cada vez, e mede o preço inteiro. Aqui se mede o
//! outro: quanto custa entregar uma tarefa a quem já existe. Em todos os modelos quem está livre leva **uma**
//! tarefa, e as respostas voltam todas num `Vec`, na ordem das tarefas: é o que deixa compará-los. Quem quer ver o que
//! os blocos poupam pede [`automatic`](Crew::automatic).

#[cfg(feature = "mpi")]
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use multiprocessamento::{Error, Pool, Process, Queue, ThreadPool, Transport};
#[cfg(feature = "mpi")]
use multiprocessamento::{MpiJob, MpiPool};
use rayon::prelude::*;
use registro::legend::Entry;

#[cfg(not(feature = "mpi"))]
use crate::load::model::not_built;
use crate::load::model::{Model, rayon_threads};

/// O que custa entregar uma tarefa vazia a quem já nasceu.
pub const DELIVERY: Entry = Entry::metric("delivery_us", "entregar uma tarefa").in_tables();
/// O mesmo, se ela leva 1 MiB.
pub const CARRY: Entry = Entry::metric("carry_us", "levar 1 MiB").in_tables();

/// Uma função de tarefa, a mesma para todas.
pub trait Task: Fn(u64) -> u64 + Copy + Send + Sync + 'static {}

impl<F: Fn(u64) -> u64 + Copy + Send + Sync + 'static> Task for F {}

/// Os trabalhadores de um modelo, prontos para fazer `F`.
pub struct Crew<F> {
    function: F,
    workers: usize,
    /// Se o modelo escolhe o tamanho dos blocos; senão, é um item em cada um.
    automatic: bool,
    hands: Hands,
}

enum Hands {
    Serial,
    Threads,
    ThreadPool(ThreadPool),
    Rayon(rayon::ThreadPool),
    ProcessPool(Pool),
    Processes(Fed),
    #[cfg(feature = "mpi")]
    Ranks(RefCell<MpiJob>),
}

impl<F: Task> Crew<F> {
    /// Cria os trabalhadores. As threads feitas à mão são a exceção: elas nascem a cada [`map`](Self::map), porque é
    /// assim que se usa `std::thread::scope`.
    ///
    /// # Erros
    ///
    /// O sistema recusou uma thread ou um processo.
    pub fn hire(model: Model, function: F, workers: usize) -> Result<Self, Error> {
        let hands = match model {
            Model::Serial => Hands::Serial,
            Model::Threads => Hands::Threads,
            Model::ThreadPool => Hands::ThreadPool(ThreadPool::new(workers)?),
            Model::Rayon => Hands::Rayon(rayon_threads(workers)?),
            Model::ProcessPool => Hands::ProcessPool(Pool::new(workers)?),
            Model::Processes => Hands::Processes(Fed::start(function, workers)?),
            #[cfg(feature = "mpi")]
            Model::Mpi => Hands::Ranks(RefCell::new(MpiJob::start(workers)?)),
            #[cfg(not(feature = "mpi"))]
            Model::Mpi => return Err(not_built()),
        };
        Ok(Crew { function, workers, automatic: false, hands })
    }

    /// Um pool de processos que recebe as tarefas por `transport`.
    ///
    /// # Erros
    ///
    /// O sistema recusou um processo.
    pub fn hire_pool(function: F, workers: usize, transport: Transport) -> Result<Self, Error> {
        let pool = Pool::builder().workers(workers).transport(transport).build()?;
        Ok(Crew { function, workers, automatic: false, hands: Hands::ProcessPool(pool) })
    }

    /// Deixa a rayon e os pools escolherem quantas tarefas alguém leva de uma vez. Os outros modelos não sabem
    /// escolher, e continuam com uma.
    pub fn automatic(self) -> Self {
        Crew { automatic: true, ..self }
    }

    /// As respostas, na ordem de `items`.
    ///
    /// # Erros
    ///
    /// Um trabalhador morreu ou uma tarefa falhou.
    pub fn map(&self, items: &[u64]) -> Result<Vec<u64>, Error> {
        let function = self.function;
        let copied = items.iter().copied();
        match &self.hands {
            Hands::Serial => Ok(copied.map(function).collect()),
            Hands::Threads => Ok(claimed_by_threads(function, items, self.workers)),
            Hands::ThreadPool(pool) if self.automatic => pool.map(function, copied),
            Hands::ThreadPool(pool) => pool.chunk_size(1)?.map(function, copied),
            Hands::Rayon(pool) if self.automatic => {
                Ok(pool.install(|| items.par_iter().copied().map(function).collect()))
            }
            Hands::Rayon(pool) => {
                Ok(pool.install(|| items.par_iter().with_max_len(1).copied().map(function).collect()))
            }
            Hands::ProcessPool(pool) if self.automatic => pool.map(function, copied),
            Hands::ProcessPool(pool) => pool.chunk_size(1)?.map(function, copied),
            Hands::Processes(fed) => fed.map(items),
            #[cfg(feature = "mpi")]
            Hands::Ranks(job) => {
                let map = move |(automatic, items): (bool, Vec<u64>)| {
                    let pool = MpiPool::new()?;
                    if automatic {
                        return pool.map(function, items);
                    }
                    pool.chunk_size(1)?.map(function, items)
                };
                job.borrow_mut().call(map, (self.automatic, items.to_vec()))?
            }
        }
    }
}

// ANCHOR: claimed
/// Um contador diz qual é a próxima tarefa; cada thread soma 1 a ele e leva a que saiu.
fn claimed_by_threads<F: Task>(function: F, items: &[u64], workers: usize) -> Vec<u64> {
    let next = AtomicUsize::new(0);
    let claim = || {
        let index = next.fetch_add(1, Ordering::Relaxed);
        items.get(index).map(|&item| (index, function(item)))
    };
    let mut answers = vec![0; items.len()];
    std::thread::scope(|scope| {
        let work = || std::iter::from_fn(claim).collect::<Vec<_>>();
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let own = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            own.into_iter().for_each(|(index, answer)| answers[index] = answer);
        }
    });
    answers
}
// ANCHOR_END: claimed

/// Uma tarefa ou uma resposta, com o lugar dela na lista.
type Numbered = (usize, u64);

/// Processos feitos à mão, alimentados por uma fila; outra traz as respostas.
struct Fed {
    tasks: Queue<Numbered>,
    answers: Queue<Numbered>,
    processes: Vec<Process<Result<(), Error>>>,
}

/// Itens que cabem em cada fila, por trabalhador: bastam para que nenhum espere pelo seguinte.
const AHEAD: usize = 64;

/// Uma resposta que não vem nesse tempo não vem mais: quem a faria morreu.
const PATIENCE: Duration = Duration::from_secs(30);

impl Fed {
    fn start<F: Task>(function: F, workers: usize) -> Result<Self, Error> {
        let (tasks, answers) = (Queue::bounded(AHEAD * workers)?, Queue::bounded(AHEAD * workers)?);
        let work = move |(tasks, answers): (Queue<Numbered>, Queue<Numbered>)| loop {
            match tasks.get() {
                Ok((index, item)) => answers.put(&(index, function(item)))?,
                Err(Error::Closed) => return Ok(()),
                Err(error) => return Err(error),
            }
        };
        let process = |_| Process::start(work, (tasks.clone(), answers.clone()));
        let processes = (0..workers).map(process).collect::<Result<_, _>>()?;
        Ok(Fed { tasks, answers, processes })
    }

    fn map(&self, items: &[u64]) -> Result<Vec<u64>, Error> {
        let mut waiting = items.iter().copied().enumerate();
        // Nunca há mais tarefas a caminho do que cabe na fila das respostas: por isso ninguém trava ninguém.
        for task in waiting.by_ref().take(self.answers.capacity()) {
            self.tasks.put(&task)?;
        }
        let mut answers = vec![0; items.len()];
        for _ in items {
            let (index, answer) = self.answers.get_timeout(PATIENCE)?;
            answers[index] = answer;
            if let Some(task) = waiting.next() {
                self.tasks.put(&task)?;
            }
        }
        Ok(answers)
    }
}

impl Drop for Fed {
    fn drop(&mut self) {
        // Com a fila fechada, cada processo termina o que tem e sai; um que já morreu não tem o que dizer.
        let _ = self.tasks.close();
        self.processes.drain(..).for_each(|process| drop(process.join()));
    }
}

//! A mesma soma, levada ao programa principal por caminhos diferentes, e por nenhum.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use licoes::load::workload::count_primes;
use multiprocessamento::{
    Connection, Error, ManagedCounter, Manager, Process, Queue, Value, pipe,
};
use registro::legend::label;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::legend::LEGEND;

type Slice = Range<u64>;

/// Quanto esperar por uma mensagem: muito mais do que ela leva, e não para sempre.
const PATIENCE: Duration = Duration::from_secs(10);

// ANCHOR: nothing
static TOTAL: AtomicU64 = AtomicU64::new(0);

fn add_to_the_global(slice: Slice) -> Result<(), Error> {
    TOTAL.fetch_add(count_primes(slice), Ordering::SeqCst);
    Ok(())
}

/// Sem mecanismo nenhum, com threads: a global é uma só.
fn by_a_global_of_threads(slices: &[Slice]) -> u64 {
    TOTAL.store(0, Ordering::SeqCst);
    thread::scope(|scope| {
        for slice in slices {
            scope.spawn(|| add_to_the_global(slice.clone()));
        }
    });
    TOTAL.load(Ordering::SeqCst)
}

/// Sem mecanismo nenhum, com processos.
fn by_a_global_of_processes(slices: &[Slice]) -> Result<u64, Error> {
    TOTAL.store(0, Ordering::SeqCst);
    everyone(add_to_the_global, slices.to_vec())?;
    Ok(TOTAL.load(Ordering::SeqCst))
}
// ANCHOR_END: nothing

/// Um caminho, e quantos primos chegaram por ele ao programa principal.
pub struct Trip {
    /// O nome do caminho no registro.
    pub way: &'static str,
    pub arrived: u64,
}

impl Trip {
    /// Se o caminho é um dos que se constroem para isso, e não uma variável qualquer.
    pub fn is_a_mechanism(&self) -> bool {
        !matches!(self.way, "threads" | "processes")
    }

    /// Como o leitor o lê.
    pub fn label(&self) -> &'static str {
        match self.way {
            "threads" => "por uma global, com threads",
            "processes" => "por uma global, com processos",
            other => label(LEGEND, other),
        }
    }
}

/// Todos os caminhos, com um processo (ou uma thread) por fatia.
pub fn every_way(slices: &[Slice]) -> Result<Vec<Trip>, Error> {
    let trip = |way, arrived| Trip { way, arrived };
    Ok(vec![
        trip("threads", by_a_global_of_threads(slices)),
        trip("processes", by_a_global_of_processes(slices)?),
        trip("queue", by_queue(slices)?),
        trip("pipe", by_pipe(slices)?),
        trip("manager", by_manager(slices)?),
        trip("shared_value", by_shared_value(slices)?),
    ])
}

// ANCHOR: mechanisms
/// Uma `Queue`: todos põem na mesma fila.
fn by_queue(slices: &[Slice]) -> Result<u64, Error> {
    let queue = Queue::bounded(slices.len())?;
    let count = |(slice, queue): (Slice, Queue<u64>)| queue.put(&count_primes(slice));
    everyone(count, with_each(slices, &queue))?;
    slices.iter().map(|_| queue.get_timeout(PATIENCE)).sum()
}

/// Um `Pipe` para cada processo.
fn by_pipe(slices: &[Slice]) -> Result<u64, Error> {
    type Out = Connection<u64, ()>;
    let pipes = slices.iter().map(|_| pipe()).collect::<Result<Vec<_>, _>>()?;
    let (mine, theirs): (Vec<Connection<(), u64>>, Vec<Out>) =
        pipes.into_iter().unzip();
    let count = |(slice, out): (Slice, Out)| out.send(&count_primes(slice));
    everyone(count, slices.iter().cloned().zip(theirs).collect())?;
    mine.iter().map(|pipe| pipe.recv_timeout(PATIENCE)).sum()
}

/// Um contador de um `Manager`.
fn by_manager(slices: &[Slice]) -> Result<u64, Error> {
    let manager = Manager::start()?;
    let total = manager.counter()?;
    let count = |(slice, total): (Slice, ManagedCounter)| {
        total.add(count_primes(slice) as i64).map(|_| ())
    };
    everyone(count, with_each(slices, &total))?;
    total.get().map(|total| total as u64)
}

/// Um número em memória compartilhada.
fn by_shared_value(slices: &[Slice]) -> Result<u64, Error> {
    let total = Value::new(0_u64)?;
    let count = |(slice, total): (Slice, Value<u64>)| {
        let primes = count_primes(slice);
        total.update(|sum| sum + primes);
        Ok(())
    };
    everyone(count, with_each(slices, &total))?;
    Ok(total.get())
}
// ANCHOR_END: mechanisms

/// Um processo por argumento; espera por todos.
fn everyone<F, A>(function: F, arguments: Vec<A>) -> Result<(), Error>
where
    F: Fn(A) -> Result<(), Error> + Copy + Send + 'static,
    A: Serialize + DeserializeOwned,
{
    let start = |argument| Process::start(function, argument);
    let processes: Vec<_> =
        arguments.into_iter().map(start).collect::<Result<_, _>>()?;
    processes.into_iter().try_for_each(|process| process.join()?)
}

fn with_each<T: Clone>(slices: &[Slice], channel: &T) -> Vec<(Slice, T)> {
    slices.iter().map(|slice| (slice.clone(), channel.clone())).collect()
}

//! O que um trabalhador custa antes da primeira tarefa: nascer, e existir.

use std::fs;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use multiprocessamento::{Error, Pool, Process, StartMethod};
use registro::legend::Entry;
use rustix::thread::disable_transparent_huge_pages;

use crate::measure::machine::pss_kib;

/// Um filho que é cópia do pai.
pub const FORK: Entry = Entry::model("fork", "fork").family("processes");
/// Um filho copiado de um processo que só existe para isso.
pub const FORKSERVER: Entry = Entry::model("forkserver", "forkserver").family("processes");
/// Um filho que começa do zero.
pub const SPAWN: Entry = Entry::model("spawn", "spawn").family("process_pool");

/// O que [`lifetimes`] mede.
pub const LIFETIME: Entry =
    Entry::metric("spawn_us", "nascer e terminar").question("Quanto leva nascer e terminar?").in_tables();
/// O que [`idle_thread_kib`] e [`idle_process_kib`] medem.
pub const IDLE_MEMORY: Entry = Entry::metric("pss_kib", "memória, parado")
    .question("Quanta memória acrescenta cada trabalhador parado?")
    .in_tables();

/// Como um trabalhador pode nascer, com o identificador do registro. A thread é a régua.
pub const WAYS: [&str; 4] = ["threads", "fork", "forkserver", "spawn"];

/// Segundos para criar e recolher um trabalhador que não faz nada: uma linha por repetição, na ordem de
/// [`WAYS`].
///
/// # Erros
///
/// O sistema recusou uma thread ou um processo.
pub fn lifetimes(repetitions: usize) -> Result<Vec<[f64; 4]>, Error> {
    // `fork` só copia um processo de uma thread: um recém-nascido tem uma só, e é nele que todos são medidos.
    Process::start(lifetimes_here, repetitions)?.join()?
}

fn lifetimes_here(repetitions: usize) -> Result<Vec<[f64; 4]>, Error> {
    // A primeira vez de cada um traz páginas do disco e começa o forkserver; não entra na medida.
    round()?;
    (0..repetitions).map(|_| round()).collect()
}

fn round() -> Result<[f64; 4], Error> {
    wait_to_be_alone();
    let fork = timed(|| process(StartMethod::Fork))?;
    let forkserver = timed(|| process(StartMethod::ForkServer))?;
    let spawn = timed(|| process(StartMethod::Spawn))?;
    let thread = timed(|| {
        let nothing = thread::Builder::new().spawn(|| ()).map_err(|error| Error::Spawn(Arc::new(error)))?;
        // Uma thread que não faz nada não entra em pânico.
        nothing.join().unwrap_or_default();
        Ok(())
    })?;
    Ok([thread, fork, forkserver, spawn])
}

fn process(method: StartMethod) -> Result<(), Error> {
    Process::builder().start_method(method).start(|()| (), ())?.join()
}

fn timed(work: impl FnOnce() -> Result<(), Error>) -> Result<f64, Error> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Uma thread recolhida ainda aparece por um instante, e o `fork` esperaria por ela dentro do relógio.
fn wait_to_be_alone() {
    while fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() > 1) {
        thread::yield_now();
    }
}

/// Os métodos de início, com o identificador do registro.
pub const METHODS: [(StartMethod, &str); 3] =
    [(StartMethod::Fork, "fork"), (StartMethod::ForkServer, "forkserver"), (StartMethod::Spawn, "spawn")];

/// Segundos para criar e recolher um processo que não faz nada, na ordem de [`METHODS`], enquanto o pai ocupa cada
/// um dos tamanhos de `mebibytes`, do menor ao maior: o mais rápido de `births` nascimentos.
///
/// # Erros
///
/// O sistema recusou um processo.
pub fn lifetimes_by_memory(mebibytes: &[usize], births: usize) -> Result<Vec<[f64; 3]>, Error> {
    Process::start(lifetimes_while_growing, (mebibytes.to_vec(), births))?.join()?
}

fn lifetimes_while_growing((mebibytes, births): (Vec<usize>, usize)) -> Result<Vec<[f64; 3]>, Error> {
    // Algumas máquinas dão páginas de 2 MiB a quem pede muita memória, outras não: com todas do tamanho comum, a
    // curva fala do `fork`. Um sistema que não conhece o pedido já não as dá.
    let _ = disable_transparent_huge_pages(true);
    METHODS.into_iter().try_for_each(|(method, _)| process(method))?;
    let mut ballast = Vec::new();
    let mut at_size = |size| -> Result<[f64; 3], Error> {
        // Escrita, e não só reservada: o sistema não dá uma página antes de alguém usá-la.
        ballast.resize_with(size, || vec![1_u8; 1 << 20]);
        black_box(&ballast);
        let [fork, forkserver, spawn] = METHODS.map(|(method, _)| fastest(method, births));
        Ok([fork?, forkserver?, spawn?])
    };
    mebibytes.into_iter().map(&mut at_size).collect()
}

/// O nascimento mais rápido de vários seguidos. Outro programa só atrasa, e a memória do pai atrasa a todos por igual.
fn fastest(method: StartMethod, births: usize) -> Result<f64, Error> {
    let times = (0..births).map(|_| timed(|| process(method)));
    times.reduce(|a, b| Ok(a?.min(b?))).unwrap_or(Ok(f64::INFINITY))
}

/// KiB que cada thread parada acrescenta ao processo dela.
///
/// # Erros
///
/// O sistema recusou um processo.
pub fn idle_thread_kib() -> Result<f64, Error> {
    // Em processos novos: este já pode ter, guardadas para a próxima, as pilhas das threads que teve.
    added(|workers| Process::start(with_idle_threads, workers)?.join())
}

/// A memória deste processo enquanto tem `threads` threads paradas.
fn with_idle_threads(threads: usize) -> u64 {
    let meeting = Barrier::new(threads + 1);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                meeting.wait();
                meeting.wait();
            });
        }
        // Todas já rodam quando a primeira espera acaba, e ainda não terminaram: falta a segunda.
        meeting.wait();
        let total = pss_kib(std::process::id());
        meeting.wait();
        total
    })
}

/// KiB que cada trabalhador parado de um pool de processos acrescenta, nascido por `method`.
///
/// # Erros
///
/// O sistema recusou um processo.
pub fn idle_process_kib(method: StartMethod) -> Result<f64, Error> {
    added(|workers| {
        let pool = Pool::builder().workers(workers).start_method(method).build()?;
        Ok(pool.pids().into_iter().chain([std::process::id()]).map(pss_kib).sum())
    })
}

/// A diferença por trabalhador entre ter muitos e ter um só: assim o que existe uma vez só, como o programa e as
/// bibliotecas, não conta.
fn added(total: impl Fn(usize) -> Result<u64, Error>) -> Result<f64, Error> {
    const FEW: usize = 1;
    const MANY: usize = 9;
    let (few, many) = (total(FEW)?, total(MANY)?);
    Ok((many as f64 - few as f64) / (MANY - FEW) as f64)
}

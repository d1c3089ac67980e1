//! Até que tamanho de tarefa cada modelo ainda rende: `cargo bench --bench granularity`.
//!
//! Dois grupos. *tarefa vazia*: quanto custa entregar uma tarefa que não faz nada, uma por vez e em blocos.
//! *ida e volta*: quanto se espera por uma só. Em todos os modelos os trabalhadores já nasceram, e todas as respostas
//! voltam.
//!
//! No fim, em alternância: a eficiência por tamanho da tarefa e a METG(50 %), a carga do caderno contra a rayon, a ida
//! e volta a quem já dormiu, e o que muda quando as tarefas são muitas. Com `--features mpi`, também o `MpiPool` contra
//! um programa em C.

mod floor;
#[path = "granularity/mod.rs"]
mod sections;

use std::time::{Duration, SystemTime};

use criterion::{BenchmarkId, Criterion, Throughput};
use floor::bare;
use licoes::measure::exchange::{Exchange, between_threads};
use licoes::measure::machine::{Watch, cores};
use multiprocessamento::{Pool, ThreadPool, init};
use registro::format::percent;
use sections::contender::{Contender, TRANSPORTS};
#[cfg(feature = "mpi")]
use sections::mpi;
use sections::{many, nothing, paused, primes, sweep};

fn main() {
    if bare::served() {
        return;
    }
    init();
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    empty_tasks(&mut criterion);
    round_trips(&mut criterion);
    criterion.final_summary();
    if !floor::only_running() {
        let workers = cores().max(2);
        let watch = Watch::start();
        sweep::efficiency(workers);
        primes::against_rayon(workers);
        paused::round_trips();
        many::tasks(workers);
        many::memory(workers);
        #[cfg(feature = "mpi")]
        mpi::against_c(workers);
        // Dos processos desta bancada só contam como nossos os que já terminaram, e aqui todos terminaram.
        println!("\nEnquanto isso, outros programas ocuparam {} da máquina.", percent(watch.others()));
    }
    floor::summary::show(start);
}

fn empty_tasks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tarefa vazia");
    let workers = cores().max(2);
    for contender in Contender::ALL {
        let items = vec![7; contender.empty_tasks()];
        group.throughput(Throughput::Elements(items.len() as u64));
        let crew = contender.hire(nothing, workers).expect("os trabalhadores");
        let id = BenchmarkId::new(contender.label(), workers);
        group.bench_function(id, |bencher| bencher.iter(|| crew.map(&items).expect("nenhuma falha")));
    }
}

fn round_trips(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ida e volta");
    for (name, transport) in TRANSPORTS {
        let pool = Pool::builder().workers(1).transport(transport).build().expect("um processo");
        group.bench_function(format!("Pool por {name}"), |bencher| {
            bencher.iter(|| pool.apply(nothing, 7).expect("uma resposta"));
        });
    }
    let threads = ThreadPool::new(1).expect("uma thread");
    group.bench_function("pool de threads", |bencher| {
        bencher.iter(|| threads.apply(nothing, 7).expect("uma resposta"));
    });
    let measure = &mut |round: &dyn Fn() -> Result<(), _>| {
        group.bench_function("chão: threads, crossbeam", |bencher| {
            bencher.iter(|| round().expect("uma resposta"));
        });
        Ok(())
    };
    between_threads(Exchange::round_trip(size_of::<u64>()), measure).expect("nenhuma falha");
}

//! Os modelos lado a lado: `cargo bench --bench models`.
//!
//! Dois grupos. *primos*: a carga do caderno, cada modelo com 1 trabalhador e com um por núcleo.
//! *tarefas vazias*: quanto custa entregar uma tarefa que não faz nada, uma por mensagem, ao lado do
//! `imap_unordered` do Python medido na mesma rodada.

mod floor;

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime};

use criterion::{BenchmarkId, Criterion, Throughput};
use licoes::load::model::{self, Model};
use licoes::load::workload::{count_primes, slices};
use licoes::measure::machine::cores;
use multiprocessamento::{Pool, ThreadPool, init};

const LIMIT: u64 = 300_000;
const EMPTY_TASKS: u64 = 10_000;

fn main() {
    // Antes de qualquer grupo: um trabalhador é este mesmo programa, e não pode medir de novo.
    init();
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    primes(&mut criterion);
    empty_tasks(&mut criterion);
    criterion.final_summary();
    floor::summary::show(start);
}

fn primes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("primos");
    let slices = slices(LIMIT, 64);
    for model in Model::ALL {
        for workers in if model == Model::Serial { vec![1] } else { worker_counts() } {
            let id = BenchmarkId::new(model.label(), workers);
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    model::run(model, count_primes, black_box(&slices), workers).expect("o modelo roda")
                });
            });
        }
    }
}

fn worker_counts() -> Vec<usize> {
    if cores() == 1 { vec![1] } else { vec![1, cores()] }
}

fn nothing(x: u64) -> u64 {
    x
}

fn empty_tasks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tarefas vazias");
    group.throughput(Throughput::Elements(EMPTY_TASKS));
    let workers = cores().max(2);

    let threads = ThreadPool::new(workers).expect("threads");
    let threads = threads.chunk_size(1).expect("um item por bloco");
    group.bench_function("pool de threads, map", |bencher| {
        bencher.iter(|| threads.map(nothing, 0..EMPTY_TASKS).expect("nenhuma falha"));
    });

    let pool = Pool::new(workers).expect("processos");
    let pool = pool.chunk_size(1).expect("um item por bloco");
    group.bench_function("pool de processos, map", |bencher| {
        bencher.iter(|| pool.map(nothing, 0..EMPTY_TASKS).expect("nenhuma falha"));
    });
    group.bench_function("pool de processos, imap_unordered", |bencher| {
        bencher.iter(|| pool.imap_unordered(nothing, 0..EMPTY_TASKS).map(Result::unwrap).max());
    });

    match Python::start(workers) {
        Some(mut python) => {
            group.bench_function("Pool do Python, imap_unordered", |bencher| {
                bencher.iter_custom(|rounds| (0..rounds).map(|_| python.round()).sum());
            });
        }
        None => eprintln!("tarefas vazias: sem python3 no PATH, a comparação com o Python fica de fora"),
    }
}

/// Um Python que mede a si mesmo: a cada linha que recebe, faz uma rodada e responde os segundos.
struct Python {
    child: Child,
    answers: BufReader<ChildStdout>,
}

const SCRIPT: &str = "
import sys, time
from multiprocessing import Pool

def nothing(x):
    return x

if __name__ == '__main__':
    workers, tasks = map(int, sys.argv[1:])
    with Pool(workers) as pool:
        for _ in sys.stdin:
            start = time.perf_counter()
            for _ in pool.imap_unordered(nothing, range(tasks)):
                pass
            print(time.perf_counter() - start, flush=True)
";

impl Python {
    fn start(workers: usize) -> Option<Self> {
        let mut child = Command::new("python3")
            .args(["-c", SCRIPT, &workers.to_string(), &EMPTY_TASKS.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let answers = BufReader::new(child.stdout.take()?);
        Some(Python { child, answers })
    }

    fn round(&mut self) -> Duration {
        let requests = self.child.stdin.as_mut().expect("entrada aberta");
        requests.write_all(b"\n").expect("python3 escuta");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("python3 responde");
        Duration::from_secs_f64(line.trim().parse().expect("segundos"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // Fechar a entrada encerra o laço; o `with` do script encerra o pool dele.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

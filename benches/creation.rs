//! Quanto custa nascer: `cargo bench --bench creation`.
//!
//! Uma thread e um processo por cada método de início, da criação ao fim; ao lado, o chão de cada um: o que o
//! sistema cobra pelo mesmo sem esta biblioteca. No fim, as razões, medidas em alternância, e quanto de memória
//! um trabalhador parado acrescenta.

mod floor;

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use floor::fork::fork_and_wait;
use licoes::measure::birth::idle_process_kib;
use multiprocessamento::{Process, StartMethod, init};

/// Com esta variável, este programa só começa e termina: é o `Command` do mesmo executável.
const EMPTY: &str = "CADERNO_VAZIO";

fn main() {
    if std::env::var_os(EMPTY).is_some() {
        return;
    }
    init();
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    creation(&mut criterion);
    criterion.final_summary();
    if !floor::only_running() {
        ratios();
        memory();
    }
    floor::summary::show(start);
}

fn nothing((): ()) {}

fn start_and_join(method: StartMethod) {
    let process = Process::builder().start_method(method).start(nothing, ()).expect("um processo");
    process.join().expect("nenhuma falha");
}

/// Este mesmo executável, sem passar por `init`.
fn same_binary() {
    run(Command::new("/proc/self/exe").env(EMPTY, "1"));
}

fn run(command: &mut Command) {
    assert!(command.stdin(Stdio::null()).status().expect("um comando").success());
}

fn creation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nascer e terminar");
    // As que copiam este processo vêm antes de qualquer thread.
    group.bench_function("fork", |bencher| bencher.iter(|| start_and_join(StartMethod::Fork)));
    group.bench_function("chão: fork e wait", |bencher| bencher.iter(fork_and_wait));
    group.bench_function("forkserver", |bencher| bencher.iter(|| start_and_join(StartMethod::ForkServer)));
    group.bench_function("spawn", |bencher| bencher.iter(|| start_and_join(StartMethod::Spawn)));
    group.bench_function("chão: Command do mesmo executável", |bencher| bencher.iter(same_binary));
    match floor::static_program() {
        Some(program) => {
            group.bench_function("chão: posix_spawn de um programa estático", |bencher| {
                bencher.iter(|| run(&mut Command::new(&program)));
            });
        }
        None => eprintln!("sem rustc no PATH, o programa estático fica de fora"),
    }
    group.bench_function("thread", |bencher| {
        bencher.iter(|| std::thread::spawn(|| ()).join().expect("nenhum pânico"));
    });
}

fn ratios() {
    println!();
    floor::ratio("spawn / Command", 200, || start_and_join(StartMethod::Spawn), same_binary);
    floor::ratio("fork / fork e wait", 200, || start_and_join(StartMethod::Fork), fork_and_wait);
    floor::ratio("forkserver / fork e wait", 200, || start_and_join(StartMethod::ForkServer), fork_and_wait);
}

/// O PSS divide cada página entre os processos que a têm: é o que um trabalhador a mais custa de fato.
fn memory() {
    for method in [StartMethod::Spawn, StartMethod::ForkServer] {
        let extra = idle_process_kib(method).expect("um pool");
        println!("{method:?}: {extra:.0} KiB de PSS a mais por trabalhador parado");
    }
}

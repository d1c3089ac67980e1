//! Quanto custa falar com outro processo: `cargo bench --bench communication`.
//!
//! Dois grupos. *ida e volta*: quanto se espera por uma resposta, por tamanho da mensagem. *vazão*: quantas
//! mensagens passam, quando ninguém espera por cada uma. Em todos, quem recebe fica com bytes que são seus; ao
//! lado, o chão: um pipe e um soquete do sistema, e o crossbeam entre duas threads, que só passa um endereço.
//!
//! No fim, em alternância, as razões: mensagens pequenas, 64 MiB que mudam de dono, e 64 MiB que ficam onde
//! estão e outro processo soma.

mod floor;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant, SystemTime};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use floor::bare;
use licoes::measure::exchange::{Channel, Exchange, Round, between_threads, by_pipe, by_queue};
use multiprocessamento::{Connection, Event, Manager, Process, SharedArray, SharedMemory, init, pipe};
use registro::format::seconds;
use registro::stats::median;
use serde::{Deserialize, Serialize};

const SIZES: [(&str, usize); 4] = [("8 B", 8), ("1 KiB", 1 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)];
const LARGE: usize = 64 << 20;

fn main() {
    if bare::served() {
        return;
    }
    init();
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .sample_size(15)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    round_trips(&mut criterion);
    throughput(&mut criterion);
    criterion.final_summary();
    if !floor::only_running() {
        ratios();
        sums();
    }
    floor::summary::show(start);
}

fn round_trips(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ida e volta");
    for (label, size) in SIZES {
        let exchange = Exchange::round_trip(size);
        let mut bench = |name, round: &dyn Fn()| bench(&mut group, name, label, round);
        by(by_pipe, exchange, |round| bench("Pipe", round));
        by(by_queue, exchange, |round| bench("Queue", round));
        by_manager(size, |insert, get| {
            bench("Manager, insert", insert);
            bench("Manager, get", get);
        });
        by_shared_memory(size, |round| bench("memória compartilhada", round));
        bare::pipe(exchange, |round| bench("chão: pipe", round));
        bare::socket(exchange, |round| bench("chão: soquete", round));
        by(between_threads, exchange, |round| bench("threads, crossbeam", round));
    }
}

fn throughput(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vazão");
    for (label, exchange) in
        [("8 B", Exchange::one_way(8, 10_000)), ("64 KiB", Exchange::one_way(64 << 10, 500))]
    {
        group.throughput(match exchange.size {
            8 => Throughput::Elements(exchange.count as u64),
            size => Throughput::Bytes((size * exchange.count) as u64),
        });
        let mut bench = |name, round: &dyn Fn()| bench(&mut group, name, label, round);
        by(by_pipe, exchange, |round| bench("Pipe", round));
        by(by_queue, exchange, |round| bench("Queue", round));
        bare::pipe(exchange, |round| bench("chão: pipe", round));
        bare::socket(exchange, |round| bench("chão: soquete", round));
        by(between_threads, exchange, |round| bench("threads, crossbeam", round));
    }
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, label: &str, round: &dyn Fn()) {
    group.bench_function(BenchmarkId::new(name, label), |bencher| bencher.iter(round));
}

/// Um canal da biblioteca; aqui, uma falha dele encerra a bancada.
fn by(channel: Channel, exchange: Exchange, measure: impl FnOnce(&dyn Fn())) {
    let mut measure = Some(measure);
    let run = |round: Round<'_>| {
        let measure = measure.take().expect("um canal chama uma vez");
        measure(&|| round().expect("uma rodada"));
        Ok(())
    };
    channel(exchange, &mut { run }).expect("nenhuma falha");
}

/// Um valor que vai, e um que vem: duas chamadas, cada uma com a sua ida e volta.
fn by_manager(size: usize, measure: impl FnOnce(&dyn Fn(), &dyn Fn())) {
    let manager = Manager::start().expect("um Manager");
    let dict = manager.dict::<u8, Vec<u8>>().expect("um dicionário");
    let value = vec![7; size];
    dict.insert(0, value.clone()).expect("o Manager guarda");
    measure(
        // A cópia que a chamada consome faz parte de usá-la.
        &|| dict.insert(0, value.clone()).expect("o Manager guarda"),
        &|| assert_eq!(dict.get(&0).expect("o Manager responde").map_or(0, |value| value.len()), size),
    );
}

/// Um bloco só, e a vez de cada um marcada por um evento.
#[derive(Clone, Serialize, Deserialize)]
struct Shared {
    block: SharedMemory,
    theirs: Event,
    ours: Event,
    end: Event,
}

fn by_shared_memory(size: usize, measure: impl FnOnce(&dyn Fn())) {
    fn turn(event: &Event) {
        event.wait().expect("a espera");
        event.clear();
    }
    fn serve(shared: Shared) {
        let mut bytes = vec![0; shared.block.len()];
        loop {
            turn(&shared.theirs);
            if shared.end.is_set() {
                return;
            }
            shared.block.read(0, &mut bytes).expect("ler");
            shared.block.write(0, &bytes).expect("escrever");
            shared.ours.set().expect("avisar");
        }
    }
    let event = || Event::new().expect("um evento");
    let block = SharedMemory::new(size).expect("um bloco");
    let shared = Shared { block, theirs: event(), ours: event(), end: event() };
    let process = Process::start(serve, shared.clone()).expect("um processo");
    let bytes = Cell::new(vec![7; size]);
    measure(&|| {
        let mut own = bytes.take();
        shared.block.write(0, &own).expect("escrever");
        shared.theirs.set().expect("avisar");
        turn(&shared.ours);
        shared.block.read(0, &mut own).expect("ler");
        bytes.set(own);
    });
    shared.end.set().expect("avisar");
    shared.theirs.set().expect("avisar");
    process.join().expect("nenhuma falha");
}

fn ratios() {
    println!();
    let cases = [
        ("8 B, ida e volta", Exchange::round_trip(8), 300),
        ("1 MiB, ida e volta", Exchange::round_trip(1 << 20), 60),
        ("64 MiB com outro dono", Exchange::one_way(LARGE, 1), 20),
    ];
    for (label, exchange, repetitions) in cases {
        bare::socket(exchange, |floor| {
            let ratio = |channel, ours: &dyn Fn()| {
                floor::ratio(&format!("{label}: {channel} / soquete"), repetitions, ours, floor)
            };
            by(by_pipe, exchange, |ours| ratio("Pipe", ours));
            by(by_queue, exchange, |ours| ratio("Queue", ours));
        });
    }
}

/// O que o outro processo soma.
#[derive(Serialize, Deserialize)]
enum Sum {
    /// Um vetor que este processo encheu, e que ele nunca viu.
    Arrived(SharedArray<u64>),
    /// O mesmo, outra vez.
    Again,
    /// Um `Vec` dele, que ele já percorreu.
    Own,
    /// Um `Vec` novo, que ele antes enche.
    Fresh,
}

/// 64 MiB somados por outro processo onde estão, contra um `Vec` dele.
///
/// O compilador soma um `Vec` com instruções vetoriais, e um vetor de átomos um a um: parte da diferença é isso,
/// e não a memória ser de dois.
fn sums() {
    const COUNT: u64 = (LARGE / size_of::<u64>()) as u64;

    fn serve(requests: Connection<u64, Sum>) {
        let own: Vec<u64> = (0..COUNT).collect();
        let mut kept = SharedArray::<u64>::new(0).expect("memória");
        while let Ok(request) = requests.recv() {
            let sum = match &request {
                Sum::Arrived(array) => array.iter().sum(),
                Sum::Again => kept.iter().sum(),
                Sum::Own => own.iter().sum(),
                Sum::Fresh => own.clone().iter().sum(),
            };
            requests.send(&sum).expect("quem pediu espera");
            // Soltar o vetor anterior não entra na conta de ninguém: o próximo pedido só vem depois.
            if let Sum::Arrived(array) = request {
                kept = array;
            }
            requests.send(&sum).expect("quem pediu espera");
        }
    }

    let (ours, theirs) = pipe::<Sum, u64>().expect("um canal");
    let process = Process::start(serve, theirs).expect("um processo");
    let sum = |request: Sum| {
        let start = Instant::now();
        ours.send(&request).expect("o outro lado lê");
        let sum = ours.recv().expect("uma resposta");
        let elapsed = start.elapsed();
        assert_eq!(sum, COUNT * (COUNT - 1) / 2);
        assert_eq!(ours.recv().expect("uma resposta"), sum);
        elapsed
    };
    let numbers: Vec<u64> = (0..COUNT).collect();
    let filling = RefCell::new(Vec::new());
    let fill = || {
        let start = Instant::now();
        let array = SharedArray::from_slice(&numbers).expect("memória");
        let elapsed = start.elapsed();
        filling.borrow_mut().push(elapsed.as_secs_f64());
        (Sum::Arrived(array), elapsed)
    };
    let whole = || {
        let (request, filling) = fill();
        filling + sum(request)
    };
    let ratio = |what: &str, shared: &dyn Fn() -> Duration, vector: fn() -> Sum| {
        let label = format!("somar 64 MiB, {what}: SharedArray / Vec do outro processo");
        floor::ratio_of(&label, 20, shared, || sum(vector()));
    };
    ratio("a primeira vez", &|| sum(fill().0), || Sum::Own);
    ratio("de novo", &|| sum(Sum::Again), || Sum::Own);
    ratio("e antes encher", &whole, || Sum::Fresh);
    println!("encher um SharedArray novo de 64 MiB: {}", seconds(median(&filling.borrow())));
    drop(ours);
    process.join().expect("nenhuma falha");
}

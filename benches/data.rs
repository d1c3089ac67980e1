//! Quanto custa levar dados a outro processo, que os soma: `cargo bench --bench data`.
//!
//! Três tabelas. Por tamanho: um `Vec<u8>` por cada canal, ao lado de uma cópia dentro do mesmo processo, de um anel de memória
//! dividida e de um soquete, sem nada da biblioteca. Por tipo: 64 MiB como argumento e como resultado de um `Pool`. Por `map`:
//! 200 itens de 1 MiB. A repetição é o laço de fora: um minuto ruim da máquina cai sobre todos.
//!
//! Quem manda entrega os bytes, que quem chama já não quer; quem recebe fica com um vetor novo, que é dele.

mod floor;

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use floor::transfer::{self, Transfer};
use licoes::measure::machine::{Watch, cores};
use multiprocessamento::{Connection, Pool, Process, Queue, SharedMemory, Transport, init, pipe};
use registro::format::{percent, seconds, times};
use registro::stats::Estimate;
use serde::{Deserialize, Serialize};

const MIB: usize = 1 << 20;

/// Os tamanhos, e quantas vezes cada um se leva numa medida.
const SIZES: [(&str, usize, usize); 5] = [
    ("64 B", 64, 200),
    ("1 KiB", 1 << 10, 200),
    ("64 KiB", 64 << 10, 50),
    ("1 MiB", MIB, 10),
    ("64 MiB", 64 * MIB, 1),
];
const LARGE: usize = SIZES.len() - 1;
const REPETITIONS: usize = 9;

/// Os itens de um `map`.
const ITEMS: usize = 200;

fn main() {
    if transfer::served() {
        return;
    }
    init();
    if floor::only_running() {
        // Só para ver que roda.
        return by_size(1, 2);
    }
    let watch = Watch::start();
    println!(
        "Quem recebe soma os bytes, num vetor novo, e responde. Medianas; «×» é a razão contra o anel, na mesma repetição."
    );
    println!(
        "anel: 4 pedaços de 1 MiB de memória dividida, sem nada da biblioteca. soquete: um par deles, idem."
    );
    by_size(REPETITIONS, SIZES.len());
    by_type();
    by_map();
    python();
    println!("\nEnquanto isso, outros programas ocuparam {} da máquina.", percent(watch.others()));
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte)).sum()
}

/// Quem leva um `Vec<u8>` e traz a soma.
struct Contender {
    label: &'static str,
    carry: Box<dyn FnMut(Vec<u8>) -> u64>,
}

fn contender(label: &'static str, carry: impl FnMut(Vec<u8>) -> u64 + 'static) -> Contender {
    Contender { label, carry: Box::new(carry) }
}

fn contenders() -> Vec<Contender> {
    let pool = |transport| {
        let pool = Pool::builder().workers(cores().max(2)).transport(transport).build().expect("processos");
        move |bytes: Vec<u8>| pool.apply(|bytes: Vec<u8>| sum(&bytes), bytes).expect("uma soma")
    };
    let bare = |mut transfer: Transfer| move |bytes: Vec<u8>| transfer.carry(&bytes);
    vec![
        contender("anel", bare(Transfer::by_ring())),
        contender("soquete", bare(Transfer::by_socket())),
        contender("cópia aqui mesmo", |bytes| sum(black_box(&bytes.clone()))),
        contender("Pool por memória", pool(Transport::SharedMemory)),
        contender("Pool por soquete", pool(Transport::Socket)),
        contender("Queue", by_queue()),
        contender("Pipe", by_pipe()),
        contender("SharedMemory", by_shared_memory()),
    ]
}

fn by_queue() -> impl FnMut(Vec<u8>) -> u64 {
    fn serve((there, back): (Queue<Vec<u8>>, Queue<u64>)) {
        while let Ok(bytes) = there.get() {
            back.put(&sum(&bytes)).expect("quem pediu espera");
        }
    }
    let (there, back) = (Queue::bounded(1).expect("uma fila"), Queue::bounded(1).expect("uma fila"));
    let process = Process::start(serve, (there.clone(), back.clone())).expect("um processo");
    move |bytes| {
        // Morre com ele quem atende.
        let _ = &process;
        there.put(&bytes).expect("há lugar");
        drop(bytes);
        back.get().expect("uma soma")
    }
}

fn by_pipe() -> impl FnMut(Vec<u8>) -> u64 {
    fn serve(requests: Connection<u64, Vec<u8>>) {
        while let Ok(bytes) = requests.recv() {
            requests.send(&sum(&bytes)).expect("quem pediu espera");
        }
    }
    let (ours, theirs) = pipe().expect("um canal");
    let process = Process::start(serve, theirs).expect("um processo");
    move |bytes| {
        let _ = &process;
        ours.send(&bytes).expect("o outro lado lê");
        drop(bytes);
        ours.recv().expect("uma soma")
    }
}

/// Um bloco que fica, e só a vez de cada um passa pelo pipe.
fn by_shared_memory() -> impl FnMut(Vec<u8>) -> u64 {
    fn serve((block, requests): (SharedMemory, Connection<u64, usize>)) {
        while let Ok(size) = requests.recv() {
            let mut bytes = vec![0; size];
            block.read(0, &mut bytes).expect("ler");
            requests.send(&sum(&bytes)).expect("quem pediu espera");
        }
    }
    let block = SharedMemory::new(SIZES[LARGE].1).expect("um bloco");
    let (ours, theirs) = pipe().expect("um canal");
    let process = Process::start(serve, (block.clone(), theirs)).expect("um processo");
    move |bytes| {
        let _ = &process;
        block.write(0, &bytes).expect("escrever");
        ours.send(&bytes.len()).expect("o outro lado lê");
        drop(bytes);
        ours.recv().expect("uma soma")
    }
}

/// Segundos de cada vez, em média; os bytes se preparam fora do relógio.
fn timed(size: usize, times: usize, carry: &mut dyn FnMut(Vec<u8>) -> u64) -> f64 {
    let ready: Vec<Vec<u8>> = (0..times).map(|_| vec![3; size]).collect();
    let start = Instant::now();
    for bytes in ready {
        assert_eq!(carry(bytes), 3 * size as u64);
    }
    start.elapsed().as_secs_f64() / times as f64
}

/// A tabela por tamanho, e a razão contra o anel no maior.
fn by_size(repetitions: usize, sizes: usize) {
    let mut contenders = contenders();
    let mut samples = vec![vec![Vec::new(); sizes]; contenders.len()];
    for repetition in 0..=repetitions {
        for (size, &(_, bytes, times)) in SIZES[..sizes].iter().enumerate() {
            for turn in 0..contenders.len() {
                let next = (repetition + turn) % contenders.len();
                let sample = timed(bytes, times, &mut *contenders[next].carry);
                // A primeira traz as páginas e acorda a todos.
                if repetition > 0 {
                    samples[next][size].push(sample);
                }
            }
        }
    }
    print!("\n{:<18}", "Vec<u8>");
    SIZES[..sizes].iter().for_each(|(label, ..)| print!("{label:>10}"));
    println!();
    for (contender, row) in contenders.iter().zip(&samples) {
        print!("{:<18}", contender.label);
        row.iter().for_each(|cell| print!("{:>10}", seconds(Estimate::of(cell).median)));
        match row.get(LARGE) {
            Some(largest) => println!("   {}", against(largest, &samples[0][LARGE])),
            None => println!(),
        }
    }
}

fn against(samples: &[f64], ring: &[f64]) -> String {
    let ratios: Vec<f64> = samples.iter().zip(ring).map(|(ours, ring)| ours / ring).collect();
    times(Estimate::of(&ratios))
}

#[derive(Clone, Serialize, Deserialize)]
struct Picture {
    name: String,
    pixels: Vec<u8>,
}

/// Um tipo de 64 MiB: como vai, como volta, e quanto custa só construí-lo.
struct Kind {
    label: &'static str,
    argument: fn(&Pool) -> f64,
    result: fn(&Pool) -> f64,
    build: fn() -> f64,
}

fn clock<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

macro_rules! kind {
    ($label:literal, $type:ty, $build:expr, $sum:expr) => {{
        fn build((): ()) -> $type {
            black_box($build)
        }
        fn argument(pool: &Pool) -> f64 {
            let value = build(());
            clock(|| pool.apply($sum, value).expect("uma soma"))
        }
        fn result(pool: &Pool) -> f64 {
            clock(|| pool.apply(build, ()).expect("um valor"))
        }
        Kind { label: $label, argument, result, build: || clock(|| build(())) }
    }};
}

fn by_type() {
    let kinds = [
        kind!("Vec<u8>", Vec<u8>, vec![3; SIZES[LARGE].1], |bytes: Vec<u8>| sum(&bytes)),
        kind!("Vec<u64>", Vec<u64>, vec![3; SIZES[LARGE].1 / 8], |numbers: Vec<u64>| {
            numbers.iter().sum::<u64>()
        }),
        kind!("Vec<f64>", Vec<f64>, vec![3.0; SIZES[LARGE].1 / 8], |numbers: Vec<f64>| {
            numbers.iter().sum::<f64>()
        }),
        kind!(
            "struct",
            Picture,
            Picture { name: "foto".to_owned(), pixels: vec![3; SIZES[LARGE].1] },
            |picture: Picture| sum(&picture.pixels)
        ),
    ];
    let pools = [Transport::SharedMemory, Transport::Socket]
        .map(|transport| Pool::builder().workers(2).transport(transport).build().expect("processos"));
    let mut ring = Transfer::by_ring();
    // De cada tipo: a primeira vez num pool novo; argumento e resultado, por um transporte e por outro.
    let mut samples = vec![[const { Vec::new() }; 5]; kinds.len()];
    let mut floor = Vec::new();
    for repetition in 0..=REPETITIONS {
        let bare = timed(SIZES[LARGE].1, 1, &mut |bytes| ring.carry(&bytes));
        for (kind, cells) in kinds.iter().zip(&mut samples) {
            let fresh = Pool::new(2).expect("processos");
            fresh.map(|x: u64| x, 0..1000).expect("nenhuma falha");
            let row = [
                (kind.argument)(&fresh),
                (kind.argument)(&pools[0]),
                (kind.result)(&pools[0]) - (kind.build)(),
                (kind.argument)(&pools[1]),
                (kind.result)(&pools[1]) - (kind.build)(),
            ];
            if repetition > 0 {
                cells.iter_mut().zip(row).for_each(|(cell, sample)| cell.push(sample));
            }
        }
        if repetition > 0 {
            floor.push(bare);
        }
    }
    let columns = ["1ª vez", "argumento", "resultado", "arg. soquete", "res. soquete"];
    println!(
        "\n64 MiB num Pool de 2 (do resultado se desconta o tempo de construí-lo); anel: {}",
        seconds(Estimate::of(&floor).median)
    );
    print!("{:<10}", "");
    columns.iter().for_each(|column| print!("{column:>22}"));
    println!();
    for (kind, cells) in kinds.iter().zip(&samples) {
        print!("{:<10}", kind.label);
        for cell in cells {
            let ratios: Vec<f64> = cell.iter().zip(&floor).map(|(ours, ring)| ours / ring).collect();
            let (median, ratio) = (Estimate::of(cell).median, Estimate::of(&ratios).median);
            print!("{:>22}", format!("{} ({ratio:.2} ×)", seconds(median)).replace('.', ","));
        }
        println!();
    }
}

/// 200 itens de 1 MiB, um por bloco e como o pool escolhe, contra um soquete com um item por vez.
fn by_map() {
    let pools =
        [("memória", Transport::SharedMemory), ("soquete", Transport::Socket)].map(|(name, transport)| {
            (name, Pool::builder().workers(2).transport(transport).build().expect("processos"))
        });
    let mut bare = Transfer::by_socket();
    let items = || vec![vec![3_u8; MIB]; ITEMS];
    let map = |pool: &Pool, one_by_one: bool| -> f64 {
        let items = items();
        let sums = |bytes: Vec<u8>| sum(&bytes);
        clock(|| {
            let answers = if one_by_one {
                pool.chunk_size(1).and_then(|pool| pool.map(sums, items))
            } else {
                pool.map(sums, items)
            };
            answers.expect("as somas")
        })
    };
    let mut floor = Vec::new();
    let mut rows: Vec<(String, &Pool, bool, Vec<f64>)> = Vec::new();
    for (name, pool) in &pools {
        for (one_by_one, how) in [(true, "um por bloco"), (false, "automático")] {
            rows.push((format!("Pool por {name}, {how}"), pool, one_by_one, Vec::new()));
        }
    }
    for repetition in 0..=REPETITIONS {
        let mut ready = items();
        let bare = clock(|| ready.drain(..).map(|bytes| bare.carry(&bytes)).sum::<u64>());
        for (_, pool, one_by_one, samples) in &mut rows {
            let sample = map(pool, *one_by_one);
            if repetition > 0 {
                samples.push(sample);
            }
        }
        if repetition > 0 {
            floor.push(bare);
        }
    }
    println!(
        "\nmap de {ITEMS} itens de 1 MiB, 2 trabalhadores; um soquete, um item por vez: {}",
        seconds(Estimate::of(&floor).median)
    );
    for (label, _, _, samples) in &rows {
        println!(
            "{label:<30}{:>10}   {} do soquete",
            seconds(Estimate::of(samples).median),
            against(samples, &floor)
        );
    }
}

/// O `Pool` do Python, e a memória compartilhada dele; com `numpy`, se houver.
const PYTHON: &str = r#"
import statistics, time
from multiprocessing import Pool, Pipe, Process, shared_memory

SIZE = 64 << 20

def tamanho(valor):
    return len(valor)

def somar(conexao, nome):
    memoria = shared_memory.SharedMemory(nome)
    while conexao.recv():
        conexao.send(len(bytes(memoria.buf[:SIZE])))
    memoria.close()

def medir(nome, trabalho):
    trabalho()
    tempos = []
    for _ in range(5):
        inicio = time.perf_counter()
        trabalho()
        tempos.append(time.perf_counter() - inicio)
    print(f"{nome:<40}{1000 * statistics.median(tempos):8.1f} ms".replace(".", ","))

if __name__ == "__main__":
    dados = bytes(SIZE)
    with Pool(2) as pool:
        medir("Python, Pool, bytes", lambda: pool.apply(tamanho, (dados,)))
        try:
            import numpy
        except ImportError:
            print("Python, Pool, numpy: não está instalado")
        else:
            vetor = numpy.zeros(SIZE, dtype="u1")
            medir("Python, Pool, numpy", lambda: pool.apply(tamanho, (vetor,)))
    memoria = shared_memory.SharedMemory(create=True, size=SIZE)
    nossa, dele = Pipe()
    processo = Process(target=somar, args=(dele, memoria.name))
    processo.start()
    def copiar():
        memoria.buf[:SIZE] = dados
        nossa.send(True)
        nossa.recv()
    medir("Python, shared_memory, copiado e lido", copiar)
    nossa.send(False)
    processo.join()
    memoria.close()
    memoria.unlink()
"#;

fn python() {
    println!("\n64 MiB em Python, que não soma, só recebe:");
    let child = Command::new("python3")
        .args(["-c", "import sys; exec(compile(sys.stdin.read(), 'dados', 'exec'))"])
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return println!("não há python3 no PATH") };
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(PYTHON.as_bytes());
    }
    let _ = child.wait();
}

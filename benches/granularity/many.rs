//! O que muda quando as tarefas são muitas: o custo de cada uma, e a memória de quem as consome uma a uma.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use multiprocessamento::{Pool, Process};
use registro::format::{integer, seconds, times};
use registro::stats::Estimate;

use super::nothing;

/// Quantas tarefas vazias há em cada `map`. As duas primeiras mostram o que um `map` custa por si: enquanto o pai enche o
/// primeiro maço ou lê o último, ninguém trabalha ao lado.
const COUNTS: [u64; 7] = [10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Cada medida tem pelo menos tantas: um `map` pequeno se repete, sem pausa.
const AT_LEAST: u64 = 100_000;

const REPETITIONS: usize = 9;

const STREAMS: [u64; 2] = [10_000, 1_000_000];

/// Um `map` de cada quantidade, uma tarefa em cada bloco. A repetição é o laço de fora: um minuto ruim da máquina cai
/// sobre todas.
pub fn tasks(workers: usize) {
    let pool = Pool::new(workers).expect("processos");
    let pool = pool.chunk_size(1).expect("um item por bloco");
    let each = |&tasks: &u64| {
        let calls = (AT_LEAST / tasks).max(1);
        let start = Instant::now();
        for _ in 0..calls {
            black_box(pool.map(nothing, 0..tasks).expect("nenhuma falha"));
        }
        start.elapsed().as_secs_f64() / (calls * tasks) as f64
    };
    // Traz as páginas da memória dividida, e acorda os trabalhadores.
    each(&AT_LEAST);
    let rounds: Vec<Vec<f64>> = (0..REPETITIONS).map(|_| COUNTS.iter().map(each).collect()).collect();
    println!("\nPool por memória, map de tarefas vazias, uma a uma:");
    for (index, tasks) in COUNTS.into_iter().enumerate() {
        let column = |value: fn(&[f64], usize) -> f64| {
            Estimate::of(&rounds.iter().map(|round| value(round, index)).collect::<Vec<_>>())
        };
        let Estimate { median, low, high } = column(|round, index| round[index]);
        let ratio = column(|round, index| round[index] / round[round.len() - 1]);
        let [median, low, high] = [median, low, high].map(seconds);
        let largest = integer(COUNTS[COUNTS.len() - 1]);
        println!(
            "{:>11} tarefas: {median} cada ({low} a {high}), {} de uma entre {largest}",
            integer(tasks),
            times(ratio)
        );
    }
}

/// A memória do processo que consome um `imap`, com poucas respostas e com muitas.
pub fn memory(workers: usize) {
    println!("\nPool por memória, imap consumido uma resposta de cada vez:");
    for tasks in STREAMS {
        // Num processo novo: o pico deste já passou.
        let process = Process::start(consume, (workers, tasks)).expect("um processo");
        let Memory { resident, peak } = process.join().expect("nenhuma falha");
        println!("{:>11} tarefas: VmRSS {resident:+} KiB, VmHWM {peak:+} KiB", integer(tasks),);
    }
}

/// KiB que um processo ocupa agora (VmRSS), e o máximo que já ocupou (VmHWM); ou quanto eles cresceram.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Memory {
    resident: i64,
    peak: i64,
}

impl Memory {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").expect("o estado deste processo");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("um campo do proc(5)");
            line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("um número")
        };
        Memory { resident: field("VmRSS:"), peak: field("VmHWM:") }
    }
}

fn consume((workers, tasks): (usize, u64)) -> Memory {
    let pool = Pool::new(workers).expect("processos");
    let consume = |tasks| pool.imap(nothing, 0..tasks).for_each(|answer| drop(black_box(answer)));
    // As primeiras trazem o código e as estruturas, que existem uma vez só.
    consume(100);
    let before = Memory::now();
    consume(tasks);
    let after = Memory::now();
    Memory { resident: after.resident - before.resident, peak: after.peak - before.peak }
}

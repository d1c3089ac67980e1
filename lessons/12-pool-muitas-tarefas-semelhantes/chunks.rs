//! O mesmo `map`, com blocos de cada tamanho.

use std::ops::Range;

use licoes::load::workload::count_primes;
use licoes::measure::trace::now;
use licoes::run::lesson::Lesson;
use multiprocessamento::{Error, Pool};
use registro::stats::{Estimate, median};
use serde::Deserialize;

/// Tarefas tão curtas que a entrega de cada uma, sozinha, custaria mais do que ela.
const TASKS: usize = 10_000;
const NUMBERS: u64 = 25;

/// De uma tarefa por bloco a todas num bloco só.
const SIZES: [usize; 9] = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];

/// Em cada rodada, quantos pares de um laço e um `map`: é da razão de cada par que sai o veredito.
const PAIRS: usize = 5;

/// Tarefas semelhantes: intervalos do mesmo tamanho, tão longe do começo que custam quase o mesmo.
pub fn similar(count: usize, numbers: u64) -> Vec<Range<u64>> {
    let start = |index| 500_000 + numbers * index as u64;
    (0..count).map(|index| start(index)..start(index + 1)).collect()
}

/// Os segundos de cada maneira de fazer as mesmas tarefas, medidas uma depois da outra.
#[derive(Clone, Debug, Deserialize)]
pub struct Round {
    /// Quantas tarefas.
    pub tasks: usize,
    /// Num laço, sem pool.
    pub serial: f64,
    /// Por `map`, sem dizer o tamanho do bloco.
    pub automatic: f64,
    /// O tempo do laço sobre o de `map`, em cada par dos que se mediram seguidos. O exemplo em Python não os mede.
    #[serde(default)]
    pub speedups: Vec<f64>,
    /// Por `map`, em blocos de cada tamanho.
    pub sized: Vec<(usize, f64)>,
    /// Se todas deram as respostas do laço, na ordem da lista.
    pub agree: bool,
}

/// Mede as rodadas, mostrando o andamento.
pub fn sweep(lesson: &mut Lesson, pool: &Pool) -> Result<Vec<Round>, Error> {
    let rounds = lesson.options().repetitions;
    let tasks = similar(TASKS, NUMBERS);
    // A primeira chamada acorda os trabalhadores e traz as páginas deles; não entra na medida.
    round(pool, &tasks[..100])?;
    let numbered = |done| {
        lesson.progress("process_pool", done, rounds);
        round(pool, &tasks)
    };
    (1..=rounds).map(numbered).collect()
}

// ANCHOR: round
fn round(pool: &Pool, tasks: &[Range<u64>]) -> Result<Round, Error> {
    let list = || tasks.iter().cloned();
    let expected: Answers = list().map(count_primes).collect();
    let (mut agree, mut sized) = (true, Vec::new());
    let [mut serial, mut automatic, mut speedups] = [const { Vec::new() }; 3];
    for _ in 0..PAIRS {
        let (looped, loop_seconds) = timed(|| Ok(list().map(count_primes).collect()))?;
        let (mapped, map_seconds) = timed(|| pool.map(count_primes, list()))?;
        agree &= looped == expected && mapped == expected;
        serial.push(loop_seconds);
        automatic.push(map_seconds);
        speedups.push(loop_seconds / map_seconds);
    }
    let [serial, automatic] = [serial, automatic].map(|times| median(&times));
    for size in SIZES {
        let in_blocks = pool.chunk_size(size)?;
        let (answers, seconds) = timed(|| in_blocks.map(count_primes, list()))?;
        agree &= answers == expected;
        sized.push((size, seconds));
    }
    Ok(Round { tasks: tasks.len(), serial, automatic, speedups, sized, agree })
}
// ANCHOR_END: round

type Answers = Vec<u64>;

fn timed(
    work: impl FnOnce() -> Result<Answers, Error>,
) -> Result<(Answers, f64), Error> {
    let start = now();
    Ok((work()?, now() - start))
}

/// O que as rodadas dizem de cada tamanho, em tempos seriais da mesma rodada.
pub struct Curve {
    /// Cada tamanho de bloco, e o tempo.
    pub sized: Vec<(usize, Estimate)>,
    /// O tamanho que `map` escolhe sozinho, e o tempo.
    pub automatic: (usize, Estimate),
}

impl Curve {
    /// A curva; nada, sem rodadas.
    pub fn of(rounds: &[Round], workers: usize) -> Option<Curve> {
        let first = rounds.first()?;
        let over_serial = |time: &dyn Fn(&Round) -> f64| {
            let ratios = rounds.iter().map(|round| time(round) / round.serial);
            Estimate::of(&ratios.collect::<Vec<_>>())
        };
        let one = |(index, (size, _)): (usize, &(usize, f64))| {
            (*size, over_serial(&|round| round.sized[index].1))
        };
        Some(Curve {
            sized: first.sized.iter().enumerate().map(one).collect(),
            // A mesma regra nas duas linguagens: quatro blocos por trabalhador.
            automatic: (
                first.tasks.div_ceil(4 * workers),
                over_serial(&|round| round.automatic),
            ),
        })
    }
}

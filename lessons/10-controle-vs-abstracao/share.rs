//! As mesmas fatias repartidas de três maneiras, em duas ordens.

use std::ops::Range;

use licoes::load::model::hands;
use licoes::load::workload::slices;
use licoes::measure::machine::Watch;
use licoes::run::lesson::{Failure, Lesson};
use licoes::run::options::Options;
use multiprocessamento::Error;
use registro::format::{percent, seconds};
use registro::stats::median;

use crate::idle::Round;
use crate::ways::{alternated, blocks, by_hand, by_pool};

/// As maneiras, com o nome no registro: com as fatias em ordem, e com elas alternadas.
const IN_ORDER: [&str; 3] = ["blocks", "cards", "handed_out"];
const ALTERNATED: [&str; 3] =
    ["blocks_alternated", "cards_alternated", "handed_out_alternated"];

/// O bastante para que o fim, em que os trabalhadores esperam pela última fatia, seja uma parte pequena do todo.
const SLICES_PER_WORKER: usize = 32;

/// Abaixo disto, uma fatia dura tão pouco que se mede a entrega, e não a divisão: é o assunto de outra lição.
const LEAST: u64 = 600_000;

/// O que se mediu: uma linha por repetição, com as maneiras na ordem das listas acima.
pub struct Shares {
    pub in_order: Vec<[Round; 3]>,
    pub alternated: Vec<[Round; 3]>,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

/// As fatias que se repartem: até onde o leitor pediu, mas não poucas demais.
pub fn slices_of(options: &Options) -> Vec<Range<u64>> {
    slices(options.limit.max(LEAST), SLICES_PER_WORKER * options.workers)
}

/// Mede, mostra e registra.
pub fn measure(lesson: &mut Lesson, slices: &[Range<u64>]) -> Result<Shares, Failure> {
    let Options { workers, repetitions, .. } = *lesson.options();
    let mixed = alternated(slices, workers);
    let watch = Watch::start();
    let (mut in_order, mut alternated) = (Vec::new(), Vec::new());
    for turn in 0..repetitions {
        in_order.push(every_way(IN_ORDER, slices, workers, turn)?);
        alternated.push(every_way(ALTERNATED, &mixed, workers, turn)?);
        lesson.progress("handed_out", turn + 1, repetitions);
    }
    let others = watch.others();
    lesson.note_others(others);
    lesson.say("\nAs fatias em ordem, das baratas às caras:");
    show(lesson, IN_ORDER, &in_order);
    lesson.say("\nAs mesmas fatias, baratas e caras alternadas:");
    show(lesson, ALTERNATED, &alternated);
    Ok(Shares { in_order, alternated, others })
}

/// Uma repetição. A de número `turn` começa por uma maneira diferente da anterior: um susto da máquina não cai sempre
/// na mesma.
fn every_way(
    names: [&str; 3],
    slices: &[Range<u64>],
    workers: usize,
    turn: usize,
) -> Result<[Round; 3], Error> {
    let mut pieces = [Vec::new(), Vec::new(), Vec::new()];
    for way in (turn..turn + 3).map(|way| way % 3) {
        pieces[way] = match way {
            0 => by_hand(blocks(slices, workers))?,
            1 => by_hand(hands(slices, workers).collect())?,
            _ => by_pool(slices, workers)?,
        };
    }
    Ok([0, 1, 2].map(|way| Round::of(names[way], &pieces[way], workers)))
}

/// O que cada maneira deixou parado, e a linha do tempo da repetição mais próxima da mediana.
fn show(lesson: &mut Lesson, names: [&str; 3], rounds: &[[Round; 3]]) {
    let mut spans = Vec::new();
    for (way, name) in names.into_iter().enumerate() {
        let of_way = || rounds.iter().map(|round| &round[way]);
        let share = median(&of_way().map(Round::share).collect::<Vec<_>>());
        let middle = median(&of_way().map(|round| round.seconds).collect::<Vec<_>>());
        let distance = |round: &Round| (round.seconds - middle).abs();
        let typical = of_way().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let idle = percent(share);
        lesson.metric("idle_share", name, 100.0 * share, "%");
        if let Some(round) = typical {
            let (took, label) = (seconds(round.seconds), lesson.label(name));
            lesson.say(&format!("  {label}: {took}, {idle} parados ({round})"));
            spans.extend_from_slice(&round.spans);
        }
    }
    lesson.spans(&spans);
}

//! O que as notas afirmam do Pool, e como a afirmação é decidida.

use multiprocessamento::workbook::compare::Versus;
use multiprocessamento::workbook::format::{integer, times};
use multiprocessamento::workbook::record::{Claim, Verdict};
use multiprocessamento::workbook::stats::Estimate;

use crate::chunks::Round;

/// A aceleração a partir da qual o pool serve: com dois núcleos, é o segundo rendendo pelo menos metade do que poderia.
const WORTH_IT: f64 = 1.5;

/// Quantas vezes mais rápido do que um processo por tarefa. Menos do que o dobro não pagaria aprender outra chamada.
const BETTER: f64 = 2.0;

/// O que se mediu.
pub struct Figures {
    /// Milhares de tarefas curtas e semelhantes, num laço e por `map`.
    pub rounds: Vec<Round>,
    /// Um processo por tarefa contra um pool, cada vez com mais tarefas.
    pub crowds: Vec<(usize, Versus)>,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

/// 12.C1: confirmada se uma chamada de `map`, sem ajuste nenhum, dá as respostas do laço na ordem dele, com uma
/// aceleração de pelo menos [`WORTH_IT`]; e se, com as tarefas já muitas, um pool leva no máximo metade do que leva
/// um processo por tarefa. Respostas diferentes refutam, e não dependem de quem mais usa a máquina.
pub fn suits_many_similar_tasks(figures: &Figures) -> Claim {
    let text = "O Pool serve a muitas tarefas semelhantes: uma função sobre uma lista.";
    let Figures { rounds, crowds, others } = figures;
    let (Some(round), Some((count, crowd))) = (rounds.first(), crowds.last()) else {
        return Claim::unmeasured("12.C1", text, "nada foi medido");
    };
    let same = rounds.iter().all(|round| round.agree)
        && crowds.iter().all(|(_, versus)| versus.agree);
    let speedups = rounds.iter().map(|round| round.serial / round.automatic);
    let speedup = Estimate::of(&speedups.collect::<Vec<_>>());
    let fast = Verdict::at_least(speedup, WORTH_IT)
        .and(Verdict::at_least(crowd.ratio, BETTER));
    let verdict = Verdict::observed(same).and(fast.unless_busy(*others));
    let answers =
        if same { "as do laço, na ordem dele" } else { "diferentes das do laço" };
    let evidence = format!(
        "com {} tarefas curtas, a aceleração de map foi {}, e as respostas, {answers}; com {count}, um pool foi {} \
         mais rápido do que um processo por tarefa",
        integer(round.tasks as u64),
        times(speedup),
        times(crowd.ratio),
    );
    Claim::judged("12.C1", text, verdict, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(speedup: f64, better: f64) -> Figures {
        let round = Round {
            tasks: 10_000,
            serial: 0.020,
            automatic: 0.020 / speedup,
            sized: vec![(1, 0.030), (10_000, 0.020)],
            agree: true,
        };
        let crowd = |ratio| Versus {
            ratio: Estimate { median: ratio, low: 0.9 * ratio, high: 1.1 * ratio },
            seconds: [ratio * 0.01, 0.01],
            agree: true,
            others: 0.0,
        };
        let crowds = vec![(1, crowd(0.5)), (256, crowd(better))];
        Figures { rounds: vec![round; 8], crowds, others: 0.0 }
    }

    fn verdict(figures: &Figures) -> Option<Verdict> {
        suits_many_similar_tasks(figures).verdict
    }

    #[test]
    fn a_fast_map_with_the_same_answers_confirms() {
        assert_eq!(verdict(&figures(1.8, 12.0)), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_map_that_does_not_pay_refutes_however_much_it_beats_processes() {
        assert_eq!(verdict(&figures(0.95, 12.0)), Some(Verdict::Refuted));
    }

    #[test]
    fn a_pool_no_better_than_a_process_for_each_task_refutes() {
        assert_eq!(verdict(&figures(1.8, 1.2)), Some(Verdict::Refuted));
    }

    #[test]
    fn answers_that_are_not_those_of_the_loop_refute_even_on_a_busy_machine() {
        let mut wrong = figures(1.8, 12.0);
        wrong.rounds[3].agree = false;
        wrong.others = 0.5;
        assert_eq!(verdict(&wrong), Some(Verdict::Refuted));
    }

    #[test]
    fn a_busy_machine_or_a_wide_interval_decides_nothing() {
        let busy = Figures { others: 0.5, ..figures(1.8, 12.0) };
        assert_eq!(verdict(&busy), Some(Verdict::Inconclusive));
        let mut wide = figures(1.6, 12.0);
        wide.rounds[0].automatic *= 1.5;
        wide.rounds[1].automatic *= 1.5;
        wide.rounds[2].automatic *= 1.5;
        assert_eq!(verdict(&wide), Some(Verdict::Inconclusive));
    }
}

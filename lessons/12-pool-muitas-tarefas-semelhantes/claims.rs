//! O que as notas afirmam do Pool, e como a afirmação é decidida.

use licoes::measure::compare::Versus;
use registro::format::{integer, times};
use registro::judge::{COSTS_MORE, GAINS, Judgement};
use registro::record::Claim;
use registro::stats::Estimate;

use crate::chunks::Round;

/// O que se mediu.
pub struct Figures {
    /// Milhares de tarefas curtas e semelhantes, num laço e por `map`.
    pub rounds: Vec<Round>,
    /// Um processo por tarefa contra um pool, cada vez com mais tarefas.
    pub crowds: Vec<(usize, Versus)>,
    /// Quantos podem trabalhar ao mesmo tempo: um por núcleo, se há trabalhadores para eles.
    pub at_once: usize,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

/// 12.C1: confirmada se uma chamada de `map`, sem ajuste nenhum, dá as respostas do laço na ordem dele e ganha do laço; e
/// se, com as tarefas já muitas, um processo por tarefa custa mais do que um pool. Respostas diferentes refutam, e não
/// dependem de quem mais usa a máquina.
pub fn suits_many_similar_tasks(figures: &Figures) -> Claim {
    let text = "O Pool é ideal para executar um grande número de tarefas semelhantes, como aplicar uma função a uma lista de itens.";
    let Figures { rounds, crowds, at_once, others } = figures;
    let (Some(round), Some((count, crowd))) = (rounds.first(), crowds.last()) else {
        return Claim::unmeasured(
            "12.C1",
            text,
            "nada foi medido; peça pelo menos uma repetição",
        );
    };
    let same = rounds.iter().all(|round| round.agree)
        && crowds.iter().all(|(_, versus)| versus.agree);
    let speedups: Vec<f64> =
        rounds.iter().flat_map(|round| round.speedups.clone()).collect();
    let speedup = Estimate::of(&speedups);
    let fast = Judgement::of(speedup, GAINS.named("aceleração"))
        .and(Judgement::of(crowd.ratio, COSTS_MORE.named("um processo por tarefa")))
        .timed(*others)
        .needs_two_cores(*at_once);
    let judgement = fast.and(Judgement::observed(same));
    let answers =
        if same { "as do laço, na ordem dele" } else { "diferentes das do laço" };
    let evidence = format!(
        "com {} tarefas curtas, a aceleração de map foi {}, e as respostas, {answers}; com {count}, um processo por \
         tarefa levou {} o tempo de um pool",
        integer(round.tasks as u64),
        times(speedup),
        times(crowd.ratio),
    );
    Claim::judged("12.C1", text, judgement, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    fn figures(speedup: f64, better: f64) -> Figures {
        let round = Round {
            tasks: 10_000,
            serial: 0.020,
            automatic: 0.020 / speedup,
            speedups: vec![speedup; 4],
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
        Figures { rounds: vec![round; 8], crowds, at_once: 2, others: 0.0 }
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
        assert_eq!(verdict(&figures(1.8, 0.8)), Some(Verdict::Refuted));
    }

    #[test]
    fn what_is_true_by_little_is_not_refuted() {
        for little in [figures(1.05, 12.0), figures(1.8, 1.5)] {
            let claim = suits_many_similar_tasks(&little);
            assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
            assert!(claim.reason.is_some_and(|reason| reason.contains("por pouco")));
        }
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
        wide.rounds[..4].iter_mut().for_each(|round| round.speedups = vec![0.9; 4]);
        assert_eq!(verdict(&wide), Some(Verdict::Inconclusive));
        let alone = Figures { at_once: 1, ..figures(0.9, 12.0) };
        assert_eq!(verdict(&alone), Some(Verdict::Inconclusive));
    }
}

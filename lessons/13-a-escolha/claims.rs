//! O que as notas afirmam da escolha, e como a afirmação é decidida.

use licoes::load::model::Model;
use registro::format::{decimal, percent};
use registro::judge::{Judgement, Ruler};
use registro::record::{Claim, Verdict};
use registro::stats::median;

use crate::choice::Race;

/// O tempo de um dos dois métodos sobre o do outro. Perde quem passa de 1, e com clareza quem leva um quarto a mais: por menos do
/// que isso, quase ninguém trocaria de método.
const LOSES: Ruler = Ruler::above(1.0).from(1.25);

/// Um caso, o conselho que se deu nele, e o que cada modelo levou.
pub struct Outcome {
    pub name: &'static str,
    pub advice: Model,
    pub race: Race,
}

/// O arrependimento mediano dos conselhos: quanto a mais do que o melhor, como fração.
pub fn median_regret(outcomes: &[Outcome]) -> f64 {
    let regrets = outcomes.iter().map(|outcome| outcome.race.regret(outcome.advice));
    median(&regrets.collect::<Vec<_>>())
}

/// 13.C1: confirmada se cada um dos dois métodos das notas perde do outro, com clareza, em algum caso; refutada se um deles não
/// perde em nenhum. Um caso em que um deles não serve não conta: disso não há medida.
pub fn depends_on_the_task(outcomes: &[Outcome], at_once: usize, others: f64) -> Claim {
    let text = "A escolha entre os dois métodos depende do contexto da aplicação e do tipo de tarefas que se precisa executar em paralelo.";
    if outcomes.is_empty() {
        return Claim::unmeasured(
            "13.C1",
            text,
            "nada foi medido; peça pelo menos uma repetição",
        );
    }
    let (pool, process) = (Model::ProcessPool, Model::Processes);
    let duels = [Duel::of(pool, process, outcomes), Duel::of(process, pool, outcomes)];
    let [pool, process] = duels.each_ref().map(|duel| duel.judgement.clone());
    let judgement = pool.and(process).timed(others).needs_two_cores(at_once);
    let evidence = format!(
        "arrependimento mediano dos conselhos: {}; {}",
        percent(median_regret(outcomes)),
        duels.each_ref().map(Duel::shown).join("; "),
    );
    Claim::judged("13.C1", text, judgement, evidence)
}

/// O caso em que um método mais perde do outro.
struct Duel {
    loser: Model,
    winner: Model,
    judgement: Judgement,
    worst: Option<(&'static str, f64)>,
}

impl Duel {
    fn of(loser: Model, winner: Model, outcomes: &[Outcome]) -> Self {
        let raced = outcomes.iter().filter_map(|outcome| {
            Some((outcome.name, outcome.race.against(loser, winner)?))
        });
        let raced: Vec<_> = raced.collect();
        let worst = raced.iter().max_by(|(_, a), (_, b)| a.low.total_cmp(&b.low));
        let ruler = LOSES.named(loser.label());
        let judgement = worst.map_or(Judgement::observed(false), |(_, ratio)| {
            let somewhere = Judgement::of(*ratio, ruler);
            // Se no caso em que mais perde ele não perde, ainda pode perder em outro, de intervalo mais largo.
            let never = raced.iter().all(|(_, ratio)| {
                Judgement::of(*ratio, ruler).verdict == Verdict::Refuted
            });
            somewhere.refutes_only_if(never, || {
                "há um caso em que o intervalo não decide; com mais --repeticoes, ele se estreita"
            })
        });
        let worst = worst.map(|(name, ratio)| (*name, ratio.median));
        Duel { loser, winner, judgement, worst }
    }

    fn shown(&self) -> String {
        let Duel { loser, winner, worst, .. } = self;
        match worst {
            Some((name, ratio)) => format!(
                "{} leva, no caso em que mais perde, «{name}», {}× o tempo de {}",
                loser.label(),
                decimal(*ratio, 2),
                winner.label()
            ),
            None => {
                format!("{} e {} não correram juntos", loser.label(), winner.label())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Um caso em que cada modelo leva tantas vezes o tempo do melhor.
    fn outcome(slowdowns: [f64; 6], advice: Model) -> Outcome {
        let times = Model::ALL.into_iter().zip(slowdowns);
        let race = Race {
            seconds: times.map(|(model, slow)| (model, vec![slow; 8])).collect(),
        };
        Outcome { name: "um caso", advice, race }
    }

    fn verdict(outcomes: &[Outcome]) -> Option<Verdict> {
        depends_on_the_task(outcomes, 2, 0.0).verdict
    }

    // Os dois últimos são o pool de processos e os processos.
    const POOL_LOSES: [f64; 6] = [1.0, 3.0, 3.0, 4.0, 60.0, 30.0];
    const PROCESS_LOSES: [f64; 6] = [1.9, 1.0, 1.0, 1.0, 1.1, 2.2];

    #[test]
    fn each_method_losing_somewhere_confirms() {
        let outcomes =
            [outcome(POOL_LOSES, Model::Serial), outcome(PROCESS_LOSES, Model::Rayon)];
        assert_eq!(verdict(&outcomes), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_method_that_never_loses_to_the_other_refutes() {
        let draw = [1.0, 1.0, 1.05, 1.0, 1.1, 1.1];
        let outcomes =
            [outcome(POOL_LOSES, Model::Serial), outcome(draw, Model::Serial)];
        assert_eq!(verdict(&outcomes), Some(Verdict::Refuted));
    }

    #[test]
    fn who_wins_of_both_does_not_matter() {
        let serial = |mut slowdowns: [f64; 6]| {
            slowdowns[0] = 0.1;
            outcome(slowdowns, Model::Serial)
        };
        let outcomes = [serial(POOL_LOSES), serial(PROCESS_LOSES)];
        assert_eq!(verdict(&outcomes), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_small_loss_is_not_a_refutation() {
        let slightly = [1.1, 1.0, 1.0, 1.0, 1.1, 1.2];
        let outcomes =
            [outcome(POOL_LOSES, Model::Serial), outcome(slightly, Model::Rayon)];
        let claim = depends_on_the_task(&outcomes, 2, 0.0);
        assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
        assert!(claim.reason.is_some_and(|reason| reason.contains("por pouco")));
    }

    #[test]
    fn a_loss_that_is_not_clear_decides_nothing() {
        let mut close = outcome(PROCESS_LOSES, Model::Rayon);
        close.race.seconds[5].1 = vec![1.1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8];
        let outcomes = [outcome(POOL_LOSES, Model::Serial), close];
        assert_eq!(verdict(&outcomes), Some(Verdict::Inconclusive));
    }

    #[test]
    fn a_busy_machine_or_a_single_core_decides_nothing() {
        let outcomes =
            [outcome(POOL_LOSES, Model::Serial), outcome(PROCESS_LOSES, Model::Rayon)];
        for claim in [
            depends_on_the_task(&outcomes, 2, 0.5),
            depends_on_the_task(&outcomes, 1, 0.0),
        ] {
            assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
            assert!(claim.reason.is_some());
        }
    }

    #[test]
    fn the_regret_is_the_median_over_the_cases() {
        let outcomes = [
            outcome(POOL_LOSES, Model::Serial),
            outcome(PROCESS_LOSES, Model::ProcessPool),
            outcome(PROCESS_LOSES, Model::Serial),
        ];
        assert!((median_regret(&outcomes) - 0.1).abs() < 1e-9);
    }

    #[test]
    fn regret_is_what_the_choice_took_beyond_the_best() {
        let race = Race {
            seconds: vec![(Model::Serial, vec![3.0; 5]), (Model::Rayon, vec![2.0; 5])],
        };
        assert_eq!((race.best(), race.regret(Model::Rayon)), (Model::Rayon, 0.0));
        assert_eq!(race.regret(Model::Serial), 0.5);
        let ratio = race.against(Model::Serial, Model::Rayon);
        assert_eq!(ratio.map(|ratio| ratio.median), Some(1.5));
        assert!(race.against(Model::Serial, Model::Processes).is_none());
        assert!(race.regret(Model::Processes).is_infinite());
    }
}

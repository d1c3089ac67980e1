//! O que as notas afirmam da escolha, e como a afirmação é decidida.

use licoes::load::model::Model;
use registro::format::{decimal, percent};
use registro::judge::{Judgement, Ruler};
use registro::record::{Claim, Verdict};
use registro::stats::median;

use crate::choice::Race;

/// O tempo de um modelo sobre o do melhor. Perde quem passa de 1, e com clareza quem leva um quarto a mais: por menos do
/// que isso, quase ninguém trocaria de modelo.
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

/// 13.C1: confirmada se cada modelo perde com clareza em algum caso em que serve; refutada se um deles é o melhor em
/// todos. Ser inadmissível num caso não conta como perder nele: disso não há medida.
pub fn depends_on_the_task(outcomes: &[Outcome], at_once: usize, others: f64) -> Claim {
    let text = "A escolha depende da tarefa e do contexto.";
    if outcomes.is_empty() {
        return Claim::unmeasured(
            "13.C1",
            text,
            "nada foi medido; peça pelo menos uma repetição",
        );
    }
    let losses: Vec<Loss> = Model::ALL.map(|model| Loss::of(model, outcomes)).into();
    let whole = Judgement::observed(true);
    let judgement =
        losses.iter().fold(whole, |all, loss| all.and(loss.judgement.clone()));
    let judgement = judgement.timed(others).needs_two_cores(at_once);
    let shown: Vec<String> = losses.iter().map(Loss::shown).collect();
    let evidence = format!(
        "arrependimento mediano dos conselhos: {}; cada modelo onde mais perde: {}",
        percent(median_regret(outcomes)),
        shown.join("; "),
    );
    Claim::judged("13.C1", text, judgement, evidence)
}

/// O caso em que um modelo mais perde.
struct Loss {
    model: Model,
    judgement: Judgement,
    worst: Option<(&'static str, f64)>,
}

impl Loss {
    fn of(model: Model, outcomes: &[Outcome]) -> Self {
        let raced = outcomes
            .iter()
            .filter_map(|outcome| Some((outcome.name, outcome.race.slowdown(model)?)));
        let raced: Vec<_> = raced.collect();
        let worst = raced.iter().max_by(|(_, a), (_, b)| a.low.total_cmp(&b.low));
        let ruler = LOSES.named(model.label());
        let judgement = worst.map_or(Judgement::observed(false), |(_, slow)| {
            let somewhere = Judgement::of(*slow, ruler);
            // Se no caso em que mais perde ele não perde, ainda pode perder em outro, de intervalo mais largo.
            let is_best = raced.iter().all(|(_, slow)| {
                Judgement::of(*slow, ruler).verdict == Verdict::Refuted
            });
            somewhere.refutes_only_if(is_best, || {
                "há um caso em que o intervalo não decide; com mais --repeticoes, ele se estreita"
            })
        });
        let worst = worst.map(|(name, slow)| (*name, slow.median));
        Loss { model, judgement, worst }
    }

    fn shown(&self) -> String {
        let model = self.model.label();
        match self.worst {
            Some((name, slow)) => format!("{model}, {}× em «{name}»", decimal(slow, 1)),
            None => format!("{model}, em nenhum"),
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

    const TINY: [f64; 6] = [1.0, 3.0, 3.0, 4.0, 60.0, 30.0];
    const BIG: [f64; 6] = [1.9, 1.0, 1.0, 1.0, 1.1, 1.05];

    #[test]
    fn each_model_losing_somewhere_confirms() {
        let outcomes = [outcome(TINY, Model::Serial), outcome(BIG, Model::Rayon)];
        assert_eq!(verdict(&outcomes), Some(Verdict::Confirmed));
    }

    #[test]
    fn one_model_that_never_loses_refutes() {
        let one_core = [1.0, 1.0, 1.05, 1.0, 1.1, 1.1];
        let outcomes = [outcome(TINY, Model::Serial), outcome(one_core, Model::Serial)];
        assert_eq!(verdict(&outcomes), Some(Verdict::Refuted));
    }

    #[test]
    fn a_small_loss_is_not_a_refutation() {
        let slightly = [1.1, 1.0, 1.0, 1.0, 1.1, 1.05];
        let outcomes = [outcome(TINY, Model::Serial), outcome(slightly, Model::Rayon)];
        let claim = depends_on_the_task(&outcomes, 2, 0.0);
        assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
        assert!(claim.reason.is_some_and(|reason| reason.contains("por pouco")));
    }

    #[test]
    fn a_loss_that_is_not_clear_decides_nothing() {
        let mut close = outcome(BIG, Model::Rayon);
        close.race.seconds[0].1 = vec![1.0, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6];
        let outcomes = [outcome(TINY, Model::Serial), close];
        assert_eq!(verdict(&outcomes), Some(Verdict::Inconclusive));
    }

    #[test]
    fn a_busy_machine_or_a_single_core_decides_nothing() {
        let outcomes = [outcome(TINY, Model::Serial), outcome(BIG, Model::Rayon)];
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
            outcome(TINY, Model::Serial),
            outcome(BIG, Model::ProcessPool),
            outcome(BIG, Model::Serial),
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
        assert_eq!(race.slowdown(Model::Serial).map(|slow| slow.median), Some(1.5));
        assert!(race.regret(Model::Processes).is_infinite());
    }
}

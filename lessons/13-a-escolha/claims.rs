//! O que as notas afirmam da escolha, e como a afirmação é decidida.

use multiprocessamento::workbook::choice::Race;
use multiprocessamento::workbook::format::{decimal, model_label, percent};
use multiprocessamento::workbook::model::Model;
use multiprocessamento::workbook::record::{Claim, Verdict};
use multiprocessamento::workbook::stats::median;

/// Quantas vezes o tempo do melhor é perder com clareza. Menos de um quarto a mais, quase ninguém trocaria de modelo
/// para poupar.
const CLEARLY: f64 = 1.25;

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

/// 13.C1: confirmada se cada modelo perde com clareza em algum caso em que serve; refutada se um deles não perde em
/// nenhum. Ser inadmissível num caso não conta como perder nele: disso não há medida.
pub fn depends_on_the_task(outcomes: &[Outcome], others: f64) -> Claim {
    let text = "A escolha depende da tarefa e do contexto.";
    if outcomes.is_empty() {
        return Claim::unmeasured("13.C1", text, "nada foi medido");
    }
    let losses: Vec<Loss> = Model::ALL.map(|model| Loss::of(model, outcomes)).into();
    let verdict =
        losses.iter().fold(Verdict::Confirmed, |all, loss| all.and(loss.verdict));
    let shown: Vec<String> = losses.iter().map(Loss::shown).collect();
    let evidence = format!(
        "cada modelo onde mais perde: {}; arrependimento mediano dos conselhos: {}",
        shown.join("; "),
        percent(median_regret(outcomes)),
    );
    Claim::judged("13.C1", text, verdict.unless_busy(others), evidence)
}

/// O caso em que um modelo mais perde.
struct Loss {
    model: Model,
    verdict: Verdict,
    worst: Option<(&'static str, f64)>,
}

impl Loss {
    fn of(model: Model, outcomes: &[Outcome]) -> Self {
        let raced = outcomes
            .iter()
            .filter_map(|outcome| Some((outcome.name, outcome.race.slowdown(model)?)));
        let raced: Vec<_> = raced.collect();
        let decided = |wanted: Verdict| {
            raced.iter().any(|(_, slow)| Verdict::at_least(*slow, CLEARLY) == wanted)
        };
        let verdict =
            match (decided(Verdict::Confirmed), decided(Verdict::Inconclusive)) {
                (true, _) => Verdict::Confirmed,
                (false, true) => Verdict::Inconclusive,
                (false, false) => Verdict::Refuted,
            };
        let worst = raced.iter().max_by(|(_, a), (_, b)| a.low.total_cmp(&b.low));
        Loss { model, verdict, worst: worst.map(|(name, slow)| (*name, slow.median)) }
    }

    fn shown(&self) -> String {
        let model = model_label(self.model.id());
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
        depends_on_the_task(outcomes, 0.0).verdict
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
    fn a_loss_that_is_not_clear_decides_nothing() {
        let mut close = outcome(BIG, Model::Rayon);
        close.race.seconds[0].1 = vec![1.0, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6];
        let outcomes = [outcome(TINY, Model::Serial), close];
        assert_eq!(verdict(&outcomes), Some(Verdict::Inconclusive));
    }

    #[test]
    fn a_busy_machine_decides_nothing() {
        let outcomes = [outcome(TINY, Model::Serial), outcome(BIG, Model::Rayon)];
        let claim = depends_on_the_task(&outcomes, 0.5);
        assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
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
}

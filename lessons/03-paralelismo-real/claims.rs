//! O que as notas afirmam do paralelismo, e como cada afirmação é decidida.

use std::collections::BTreeSet;

use licoes::load::model::Model;
use licoes::measure::compare::{Comparison, TOO_SMALL, is_worth_sharing};
use registro::format::{decimal, percent, times};
use registro::judge::{AT_ONCE, GAINS, Judgement, Ruler};
use registro::record::Claim;
use registro::stats::{Estimate, median};

/// Que parte de todos os núcleos esteve ocupada. O quinto que pode faltar é o começo (criar processos) e o fim (esperar
/// o último). Com menos da metade, o que falta já não são as pontas: há núcleos que não se usaram.
const ALL: Ruler = Ruler::above(0.5).from(0.8).percent();

/// O que se mediu do pool com um processo por núcleo.
pub struct Figures {
    /// Núcleos desta máquina.
    pub cores: usize,
    /// Núcleos diferentes que apareceram nos trechos.
    pub seen: usize,
    /// Núcleos ocupados em média: tempo de processador sobre tempo de relógio.
    pub busy_cores: Estimate,
    /// Aceleração na conta pesada.
    pub heavy_speedup: Estimate,
    /// Aceleração numa conta pequena demais.
    pub light_speedup: Estimate,
    /// Se a conta pesada era bastante para todos eles.
    pub is_heavy: bool,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

impl Figures {
    /// As figuras do pool de processos com `cores` trabalhadores.
    pub fn of(heavy: &Comparison, light: &Comparison, cores: usize) -> Self {
        let pool = |comparison: &Comparison| {
            let of_pool = |m: &&_| matches!(m, M { model: Model::ProcessPool, workers, .. } if *workers == cores);
            comparison.measured.iter().find(of_pool).cloned()
        };
        use licoes::measure::compare::Measured as M;
        // A varredura inclui sempre um trabalhador por núcleo; o serial só aparece se ela mudar.
        let heavy_pool = pool(heavy).unwrap_or_else(|| heavy.measured[0].clone());
        let light_pool = pool(light).unwrap_or_else(|| light.measured[0].clone());
        let seen: BTreeSet<usize> = heavy_pool
            .runs
            .iter()
            .flat_map(|run| run.spans.iter().map(|span| span.cpu))
            .collect();
        Figures {
            cores,
            seen: seen.len(),
            busy_cores: heavy_pool.busy_cores(),
            heavy_speedup: heavy.speedup(&heavy_pool),
            light_speedup: light.speedup(&light_pool),
            is_heavy: is_worth_sharing(median(&heavy.measured[0].seconds()), cores),
            others: heavy.others,
        }
    }

    fn judge(
        &self,
        id: &str,
        text: &str,
        judgement: Judgement,
        evidence: String,
    ) -> Claim {
        let judgement = judgement
            .refutes_only_if(self.is_heavy, || TOO_SMALL)
            .timed(self.others)
            .needs_two_cores(self.cores);
        Claim::judged(id, text, judgement, evidence)
    }
}

/// 3.C1: confirmada se mais de um núcleo esteve ocupado ao mesmo tempo, em média, por trechos vistos em
/// núcleos diferentes.
pub fn different_cores_at_once(figures: &Figures) -> Claim {
    let text = "Cada processo roda em um núcleo diferente, ou pode ser distribuído em núcleos distintos.";
    let at_once = Judgement::of(figures.busy_cores, AT_ONCE);
    let judgement = at_once.and(Judgement::observed(figures.seen >= 2));
    let evidence = format!(
        "apareceram {} núcleos diferentes; em média {} ocupados ao mesmo tempo ({} a {})",
        figures.seen,
        decimal(figures.busy_cores.median, 2),
        decimal(figures.busy_cores.low, 2),
        decimal(figures.busy_cores.high, 2),
    );
    figures.judge("3.C1", text, judgement, evidence)
}

/// 3.C2: confirmada se todos os núcleos apareceram e quase todos estiveram ocupados o tempo todo. Um que não apareceu não
/// basta para a refutar: podia estar com outro programa.
pub fn all_cores(figures: &Figures) -> Claim {
    let text = "Assim se podem aproveitar ao máximo as capacidades de máquinas com múltiplos núcleos.";
    let Figures { seen, cores, busy_cores: Estimate { median, low, high }, .. } =
        *figures;
    let share = |busy: f64| busy / cores as f64;
    let busy = Estimate { median: share(median), low: share(low), high: share(high) };
    let judgement = Judgement::of(busy, ALL).confirms_only_if(
        seen >= cores,
        || "algum núcleo não apareceu, e podia estar com outro programa; meça de novo",
    );
    let evidence = format!(
        "{seen} de {cores} núcleos apareceram; em média {} deles ocupados ({} a {})",
        percent(busy.median),
        percent(busy.low),
        percent(busy.high),
    );
    figures.judge("3.C2", text, judgement, evidence)
}

/// 3.C3: confirmada se, na conta pesada, se ganha com todos os núcleos.
pub fn pays_for_heavy_work(figures: &Figures) -> Claim {
    let text =
        "Isso torna a biblioteca ideal para tarefas que exigem muito processamento.";
    let judgement = Judgement::of(figures.heavy_speedup, GAINS);
    let evidence = format!(
        "aceleração de {} numa conta de mil números; na conta pesada, {}",
        times(figures.light_speedup),
        times(figures.heavy_speedup),
    );
    figures.judge("3.C3", text, judgement, evidence)
}

/// A fração serial de Amdahl que melhor explica as acelerações de `model` com 2 a `cores` trabalhadores.
///
/// De `1/S = s + (1 - s)/n` sai `s = (1/S - 1/n) / (1 - 1/n)`, a métrica de Karp e Flatt (CACM 33:5,
/// 1990); aqui, a média sobre os `n`. Pode sair negativa por ruído, e então é zero.
pub fn amdahl_serial_fraction(
    comparison: &Comparison,
    model: Model,
    cores: usize,
) -> Option<f64> {
    let fractions: Vec<f64> = comparison
        .measured
        .iter()
        .filter(|measured| {
            measured.model == model && (2..=cores).contains(&measured.workers)
        })
        .map(|measured| {
            karp_flatt(comparison.speedup(measured).median, measured.workers as f64)
        })
        .collect();
    let mean = fractions.iter().sum::<f64>() / fractions.len() as f64;
    mean.is_finite().then_some(mean.max(0.0))
}

fn karp_flatt(speedup: f64, workers: f64) -> f64 {
    (1.0 / speedup - 1.0 / workers) / (1.0 - 1.0 / workers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    fn near(value: f64) -> Estimate {
        Estimate { median: value, low: value * 0.98, high: value * 1.02 }
    }

    fn figures() -> Figures {
        Figures {
            cores: 4,
            seen: 4,
            busy_cores: near(3.9),
            heavy_speedup: near(3.8),
            light_speedup: near(0.1),
            is_heavy: true,
            others: 0.0,
        }
    }

    fn verdicts(figures: &Figures) -> [Option<Verdict>; 3] {
        [
            different_cores_at_once(figures),
            all_cores(figures),
            pays_for_heavy_work(figures),
        ]
        .map(|c| c.verdict)
    }

    #[test]
    fn a_good_run_on_four_cores_confirms_all() {
        assert_eq!(verdicts(&figures()), [Some(Verdict::Confirmed); 3]);
    }

    #[test]
    fn processes_that_take_turns_on_one_core_refute_all() {
        let taking_turns = Figures {
            seen: 1,
            busy_cores: near(0.97),
            heavy_speedup: near(0.97),
            ..figures()
        };
        assert_eq!(verdicts(&taking_turns), [Some(Verdict::Refuted); 3]);
    }

    #[test]
    fn two_of_four_cores_are_not_all_and_still_pay() {
        let half = Figures {
            seen: 2,
            busy_cores: near(1.95),
            heavy_speedup: near(1.9),
            ..figures()
        };
        let [first, all, pays] = verdicts(&half);
        assert_eq!([first, pays], [Some(Verdict::Confirmed); 2]);
        assert_eq!(all, Some(Verdict::Refuted));
    }

    #[test]
    fn what_is_true_by_little_is_not_refuted() {
        let little =
            Figures { busy_cores: near(2.6), heavy_speedup: near(1.05), ..figures() };
        let [_, all, pays] = verdicts(&little);
        assert_eq!([all, pays], [Some(Verdict::Inconclusive); 2]);
        let barely = Figures { busy_cores: near(1.05), ..figures() };
        let claim = different_cores_at_once(&barely);
        assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
        assert!(claim.reason.is_some_and(|reason| reason.contains("por pouco")));
        // Um núcleo pode ter ficado com outro programa.
        let hidden = Figures { seen: 3, ..figures() };
        assert_eq!(all_cores(&hidden).verdict, Some(Verdict::Inconclusive));
    }

    #[test]
    fn a_small_sum_refutes_nothing() {
        let small = Figures {
            seen: 1,
            busy_cores: near(0.5),
            heavy_speedup: near(0.2),
            is_heavy: false,
            ..figures()
        };
        assert_eq!(verdicts(&small), [Some(Verdict::Inconclusive); 3]);
    }

    #[test]
    fn one_core_or_a_busy_machine_decides_nothing() {
        let single = Figures { cores: 1, ..figures() };
        assert_eq!(verdicts(&single), [Some(Verdict::Inconclusive); 3]);
        let busy = Figures { others: 0.4, ..figures() };
        assert_eq!(verdicts(&busy), [Some(Verdict::Inconclusive); 3]);
    }

    #[test]
    fn karp_flatt_inverts_amdahl() {
        let (serial, workers) = (0.1, 8.0);
        let speedup = 1.0 / (serial + (1.0 - serial) / workers);
        assert!((karp_flatt(speedup, workers) - serial).abs() < 1e-12);
    }
}

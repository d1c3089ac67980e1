//! O que as notas afirmam no começo, e como cada afirmação é decidida.

use licoes::measure::compare::Versus;
use registro::format::times;
use registro::judge::{Judgement, Ruler};
use registro::record::Claim;

/// O tempo do pool sobre o dos processos feitos à mão. Até 10 % a mais se perdem na variação de uma repetição para a
/// outra. Só pelo dobro do tempo ele deixaria de bastar: aí vale a pena escrever as outras linhas.
const ENOUGH: Ruler = Ruler::below(2.0).from(1.1);

/// 1.C1: confirmada se o pool responde o mesmo, em menos linhas e sem custar mais do que [`ENOUGH`].
pub fn pool_is_enough(timing: &Versus, [pool, processes]: [usize; 2]) -> Claim {
    let text = "No começo, a sub-biblioteca pool será suficiente: from multiprocessing import Pool.";
    let cheap = Judgement::of(timing.ratio, ENOUGH).timed(timing.others);
    let judgement = cheap.and(Judgement::observed(timing.agree && pool < processes));
    let answer = if timing.agree { "mesma resposta" } else { "respostas diferentes" };
    let evidence = format!(
        "{answer}, em {pool} linhas contra {processes}; tempo do Pool sobre o dos processos à mão: {}",
        times(timing.ratio)
    );
    Claim::judged("1.C1", text, judgement, evidence)
}

/// 1.C2: diz como se importa um módulo; nenhuma medida poderia contradizê-la.
pub fn whole_module() -> Claim {
    let text = "Quando se vão usar diversos recursos da biblioteca, importa-se o módulo: import multiprocessing.";
    Claim::definition(
        "1.C2",
        text,
        "with_pool usa só Pool; a lição inteira usa init, Pool, Process e Error",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;
    use registro::stats::Estimate;

    fn timing(low: f64, high: f64) -> Versus {
        let ratio = Estimate { median: (low + high) / 2.0, low, high };
        Versus { ratio, seconds: [1.0, 1.0], agree: true, others: 0.0 }
    }

    fn verdict(timing: Versus, lines: [usize; 2]) -> Option<Verdict> {
        pool_is_enough(&timing, lines).verdict
    }

    #[test]
    fn a_cheap_and_short_pool_confirms() {
        assert_eq!(verdict(timing(0.95, 1.05), [4, 13]), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_slow_pool_a_long_pool_or_a_wrong_pool_refutes() {
        assert_eq!(verdict(timing(2.1, 2.4), [4, 13]), Some(Verdict::Refuted));
        assert_eq!(verdict(timing(0.95, 1.05), [13, 13]), Some(Verdict::Refuted));
        let wrong = Versus { agree: false, ..timing(0.95, 1.05) };
        assert_eq!(verdict(wrong, [4, 13]), Some(Verdict::Refuted));
    }

    #[test]
    fn a_pool_a_little_slower_is_still_enough() {
        let claim = pool_is_enough(&timing(1.2, 1.4), [4, 13]);
        assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
        assert!(claim.reason.is_some_and(|reason| reason.contains("por pouco")));
    }

    #[test]
    fn noise_decides_nothing() {
        assert_eq!(verdict(timing(1.0, 1.3), [4, 13]), Some(Verdict::Inconclusive));
        let busy = Versus { others: 0.5, ..timing(0.95, 1.05) };
        assert_eq!(verdict(busy, [4, 13]), Some(Verdict::Inconclusive));
    }
}

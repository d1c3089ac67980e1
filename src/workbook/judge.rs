//! O que uma medição diz de uma afirmação.

use super::machine::BUSY;
use super::record::{Claim, Verdict};
use super::stats::Estimate;

impl Verdict {
    /// Decide se uma grandeza é pelo menos `threshold`.
    ///
    /// Só decide quando o intervalo inteiro está de um lado; um intervalo que contém o limiar é
    /// `Inconclusive`.
    pub fn at_least(estimate: Estimate, threshold: f64) -> Self {
        if estimate.low >= threshold {
            Verdict::Confirmed
        } else if estimate.high < threshold {
            Verdict::Refuted
        } else {
            Verdict::Inconclusive
        }
    }

    /// Decide se uma grandeza é no máximo `threshold`.
    pub fn at_most(estimate: Estimate, threshold: f64) -> Self {
        if estimate.high <= threshold {
            Verdict::Confirmed
        } else if estimate.low > threshold {
            Verdict::Refuted
        } else {
            Verdict::Inconclusive
        }
    }

    /// Um fato que se observa de uma vez, sem intervalo.
    pub fn observed(holds: bool) -> Self {
        if holds { Verdict::Confirmed } else { Verdict::Refuted }
    }

    /// As duas afirmações juntas: basta uma refutada; as duas precisam estar confirmadas.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Verdict::Refuted, _) | (_, Verdict::Refuted) => Verdict::Refuted,
            (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => Verdict::Inconclusive,
            _ => Verdict::Confirmed,
        }
    }

    /// O mesmo veredito, se a máquina esteve livre; com ela ocupada, os tempos não provam nada.
    pub fn unless_busy(self, others: f64) -> Self {
        if others > BUSY { Verdict::Inconclusive } else { self }
    }

    /// O veredito em português.
    pub fn label(self) -> &'static str {
        match self {
            Verdict::Confirmed => "confirmada",
            Verdict::Refuted => "refutada",
            Verdict::Inconclusive => "inconclusiva",
        }
    }
}

impl Claim {
    /// Uma afirmação julgada.
    pub fn judged(id: &str, text: &str, verdict: Verdict, evidence: impl Into<String>) -> Self {
        Claim { id: id.to_owned(), text: text.to_owned(), verdict: Some(verdict), evidence: evidence.into() }
    }

    /// Uma afirmação que nenhuma medição poderia refutar.
    pub fn definition(id: &str, text: &str, evidence: impl Into<String>) -> Self {
        Claim { id: id.to_owned(), text: text.to_owned(), verdict: None, evidence: evidence.into() }
    }

    /// Uma afirmação para a qual faltou medida.
    pub fn unmeasured(id: &str, text: &str, missing: impl Into<String>) -> Self {
        Claim::judged(id, text, Verdict::Inconclusive, missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(low: f64, high: f64) -> Estimate {
        Estimate { median: (low + high) / 2.0, low, high }
    }

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side() {
        assert_eq!(Verdict::at_least(between(1.5, 2.0), 1.5), Verdict::Confirmed);
        assert_eq!(Verdict::at_least(between(1.4, 2.0), 1.5), Verdict::Inconclusive);
        assert_eq!(Verdict::at_least(between(1.0, 1.4), 1.5), Verdict::Refuted);
        assert_eq!(Verdict::at_most(between(1.0, 1.1), 1.1), Verdict::Confirmed);
        assert_eq!(Verdict::at_most(between(1.0, 1.2), 1.1), Verdict::Inconclusive);
        assert_eq!(Verdict::at_most(between(1.2, 1.3), 1.1), Verdict::Refuted);
    }

    #[test]
    fn a_busy_machine_proves_nothing() {
        for verdict in [Verdict::Confirmed, Verdict::Refuted] {
            assert_eq!(verdict.unless_busy(0.5), Verdict::Inconclusive);
            assert_eq!(verdict.unless_busy(0.0), verdict);
        }
    }

    #[test]
    fn one_refuted_half_refutes_the_whole() {
        use Verdict::{Confirmed, Inconclusive, Refuted};
        assert_eq!(Refuted.and(Inconclusive), Refuted);
        assert_eq!(Confirmed.and(Inconclusive), Inconclusive);
        assert_eq!(Confirmed.and(Confirmed), Confirmed);
    }
}

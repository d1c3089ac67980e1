//! O que uma medição diz de uma afirmação, e por quê.
//!
//! Uma afirmação tem duas marcas. O **limite** é onde ela deixa de ser verdadeira: "é mais rápido" deixa de ser
//! verdade em 1×. O **limiar** é a partir de onde vale a pena dizê-la. A medição refuta só além do limite e confirma só
//! além do limiar; entre um e outro a frase é verdadeira, e pouco: o veredito é inconclusivo, e diz isso.

use super::format::{decimal, percent, plain};
use super::machine::BUSY;
use super::record::{Claim, Verdict};
use super::stats::Estimate;

/// Em que se conta a grandeza de uma régua.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    /// Uma razão: `1,50×`.
    Times,
    /// Uma parte do todo: `25 %`.
    Percent,
    /// O que a palavra diz: `2 núcleos`.
    Named(&'static str),
}

/// A régua de uma afirmação: o limite e o limiar de uma grandeza, e o lado em que ela é verdadeira.
///
/// # Exemplos
///
/// ```
/// use multiprocessamento::workbook::judge::Ruler;
/// // "É mais rápido": verdade acima de 1×, e digno de nota a partir de 1,5×.
/// const FASTER: Ruler = Ruler::above(1.0).from(1.5);
/// assert_eq!(FASTER.words(), "confirma-se a partir de 1,50×; só abaixo de 1,00× seria falsa");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ruler {
    bound: f64,
    threshold: f64,
    is_above: bool,
    unit: Unit,
}

impl Ruler {
    /// Verdadeira acima de `bound`, contado em vezes.
    pub const fn above(bound: f64) -> Self {
        Ruler { bound, threshold: bound, is_above: true, unit: Unit::Times }
    }

    /// Verdadeira abaixo de `bound`, contado em vezes.
    pub const fn below(bound: f64) -> Self {
        Ruler { bound, threshold: bound, is_above: false, unit: Unit::Times }
    }

    /// Digna de nota só a partir de `threshold`, que fica do lado verdadeiro do limite; sem isto, o limiar é o limite.
    pub const fn from(self, threshold: f64) -> Self {
        Ruler { threshold, ..self }
    }

    /// A grandeza é uma parte do todo, de 0 a 1, e se lê em porcentagem.
    pub const fn percent(self) -> Self {
        Ruler { unit: Unit::Percent, ..self }
    }

    /// A grandeza se conta em `unit`: `núcleos`, `KiB`.
    pub const fn unit(self, unit: &'static str) -> Self {
        Ruler { unit: Unit::Named(unit), ..self }
    }

    /// A régua, numa frase.
    pub fn words(self) -> String {
        let [bound, threshold] = [self.bound, self.threshold].map(|value| self.show(value));
        match (self.is_above, self.bound == self.threshold) {
            (true, true) => format!("confirma-se acima de {bound}"),
            (false, true) => format!("confirma-se abaixo de {bound}"),
            (true, false) => format!("confirma-se a partir de {threshold}; só abaixo de {bound} seria falsa"),
            (false, false) => format!("confirma-se até {threshold}; só acima de {bound} seria falsa"),
        }
    }

    fn show(self, value: f64) -> String {
        match self.unit {
            Unit::Times => format!("{}×", decimal(value, 2)),
            Unit::Percent => percent(value),
            Unit::Named(name) => format!("{} {name}", plain(value)),
        }
    }
}

/// O que se decidiu de uma afirmação.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// O veredito.
    pub verdict: Verdict,
    /// Com que régua; nenhuma, se o que decidiu foi um fato que se observa.
    pub ruler: Option<Ruler>,
    /// Por que não se decidiu, e o que fazer; só de um veredito inconclusivo.
    pub reason: Option<String>,
    /// Se depende de tempo, e portanto de uma máquina livre e de uma medida inteira.
    pub is_timed: bool,
}

impl Judgement {
    /// O que a régua diz de uma grandeza: só decide quando o intervalo inteiro está de um lado.
    ///
    /// # Exemplos
    ///
    /// ```
    /// use multiprocessamento::workbook::judge::{Judgement, Ruler};
    /// use multiprocessamento::workbook::record::Verdict;
    /// use multiprocessamento::workbook::stats::Estimate;
    /// let faster = Ruler::above(1.0).from(1.5);
    /// let little = Judgement::of(Estimate { median: 1.2, low: 1.1, high: 1.3 }, faster);
    /// // 1,2× é mais rápido: a frase não é falsa. Só não é digna de nota.
    /// assert_eq!(little.verdict, Verdict::Inconclusive);
    /// ```
    pub fn of(estimate: Estimate, ruler: Ruler) -> Self {
        let Estimate { low, high, .. } = estimate;
        let (worst, best) = if ruler.is_above { (low, high) } else { (-high, -low) };
        let [bound, threshold] =
            [ruler.bound, ruler.threshold].map(|mark| if ruler.is_above { mark } else { -mark });
        let verdict = if worst >= threshold {
            Verdict::Confirmed
        } else if best < bound {
            Verdict::Refuted
        } else {
            Verdict::Inconclusive
        };
        let reason = (verdict == Verdict::Inconclusive).then(|| {
            let [low, high, at] = [low, high, ruler.threshold].map(|value| ruler.show(value));
            if !(worst.is_finite() && best.is_finite()) {
                "com menos de três repetições não há intervalo; peça mais com --repeticoes".to_owned()
            } else if worst < bound {
                let bound = ruler.show(ruler.bound);
                format!(
                    "o intervalo, de {low} a {high}, cruza {bound}; com mais --repeticoes ele se estreita"
                )
            } else if best < threshold {
                format!("é verdade, mas pouco: o intervalo, de {low} a {high}, não chega a {at}")
            } else {
                format!("o intervalo, de {low} a {high}, cruza {at}; com mais --repeticoes ele se estreita")
            }
        });
        Judgement { verdict, ruler: Some(ruler), reason, is_timed: false }
    }

    /// Um fato que se observa de uma vez, sem intervalo.
    pub fn observed(holds: bool) -> Self {
        let verdict = if holds { Verdict::Confirmed } else { Verdict::Refuted };
        Judgement { verdict, ruler: None, reason: None, is_timed: false }
    }

    /// O que se mediu não basta, por esta razão, que diz também o que fazer.
    pub fn inconclusive(reason: impl Into<String>) -> Self {
        let reason = Some(reason.into());
        Judgement { verdict: Verdict::Inconclusive, ruler: None, reason, is_timed: false }
    }

    /// Os dois juntos: basta um refutado; os dois precisam estar confirmados. A régua é a do que decidiu, e as razões de
    /// não decidir se somam.
    pub fn and(self, other: Self) -> Self {
        let rank = |judgement: &Self| match judgement.verdict {
            Verdict::Refuted => 0,
            Verdict::Inconclusive => 1,
            Verdict::Confirmed => 2,
        };
        let is_timed = self.is_timed || other.is_timed;
        let (decider, rest) = if rank(&other) < rank(&self) { (other, self) } else { (self, other) };
        let reason = match (decider.verdict, decider.reason, rest.reason) {
            (Verdict::Inconclusive, Some(one), Some(two)) if one != two => Some(format!("{one}; {two}")),
            (Verdict::Inconclusive, one, two) => one.or(two),
            _ => None,
        };
        Judgement { verdict: decider.verdict, ruler: decider.ruler.or(rest.ruler), reason, is_timed }
    }

    /// O mesmo, sabendo que depende de tempo e que `others` da máquina esteve em outras mãos enquanto se media: com ela
    /// ocupada, os tempos medem os outros.
    pub fn timed(self, others: f64) -> Self {
        let judgement = Judgement { is_timed: true, ..self };
        if others <= BUSY {
            return judgement;
        }
        let taken = percent(others);
        judgement.undecided(format!(
            "outros programas usaram {taken} da máquina, e os tempos medem também os deles; feche-os e meça de novo"
        ))
    }

    /// O mesmo, se há pelo menos dois núcleos: num só, nada anda ao mesmo tempo.
    pub fn needs_two_cores(self, cores: usize) -> Self {
        if cores >= 2 {
            return self;
        }
        self.undecided(
            "este programa só pode usar um núcleo, e a frase fala de vários; meça onde haja dois ou mais",
        )
    }

    /// O mesmo, sem decisão, por esta razão.
    pub fn undecided(self, reason: impl Into<String>) -> Self {
        Judgement { verdict: Verdict::Inconclusive, reason: Some(reason.into()), ..self }
    }
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Self {
        Judgement { verdict, ruler: None, reason: None, is_timed: false }
    }
}

/// Provisório: as lições ainda não convertidas à régua.
#[allow(missing_docs)]
impl Verdict {
    pub fn at_least(estimate: Estimate, threshold: f64) -> Self {
        Judgement::of(estimate, Ruler::above(threshold)).verdict
    }
    pub fn at_most(estimate: Estimate, threshold: f64) -> Self {
        Judgement::of(estimate, Ruler::below(threshold)).verdict
    }
    pub fn observed(holds: bool) -> Self {
        Judgement::observed(holds).verdict
    }
    pub fn and(self, other: Self) -> Self {
        Judgement::from(self).and(other.into()).verdict
    }
    pub fn unless_busy(self, others: f64) -> Self {
        Judgement::from(self).timed(others).verdict
    }
}

impl Verdict {
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
    /// Uma afirmação julgada: a régua vai junto da evidência.
    pub fn judged(
        id: &str,
        text: &str,
        judgement: impl Into<Judgement>,
        evidence: impl Into<String>,
    ) -> Self {
        let Judgement { verdict, ruler, reason, is_timed } = judgement.into();
        let mut evidence = evidence.into();
        if let Some(ruler) = ruler {
            evidence = format!("{} ({})", evidence, ruler.words());
        }
        Claim {
            id: id.to_owned(),
            text: text.to_owned(),
            verdict: Some(verdict),
            evidence,
            bound: ruler.map(|ruler| ruler.bound),
            threshold: ruler.map(|ruler| ruler.threshold),
            reason,
            is_timed,
        }
    }

    /// Uma afirmação que nenhuma medição poderia refutar.
    pub fn definition(id: &str, text: &str, evidence: impl Into<String>) -> Self {
        let judged = Claim::judged(id, text, Judgement::observed(true), evidence);
        Claim { verdict: None, ..judged }
    }

    /// Uma afirmação para a qual faltou medida; `missing` diz o quê, e como tê-lo.
    pub fn unmeasured(id: &str, text: &str, missing: impl Into<String>) -> Self {
        Claim::judged(id, text, Judgement::inconclusive(missing), "")
    }

    /// A mesma, se a medida foi só uma primeira olhada: o que depende de tempo não se decide com ela.
    pub fn at_a_glance(self) -> Self {
        if !self.is_timed || self.verdict.is_none() {
            return self;
        }
        let reason = "foi uma primeira olhada (--rapido), e o que depende de tempo pede a medida inteira";
        Claim { verdict: Some(Verdict::Inconclusive), reason: Some(reason.to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FASTER: Ruler = Ruler::above(1.0).from(1.5);
    const CHEAP: Ruler = Ruler::below(1.5).from(1.1);

    fn between(low: f64, high: f64) -> Estimate {
        Estimate { median: (low + high) / 2.0, low, high }
    }

    fn verdict(low: f64, high: f64, ruler: Ruler) -> Verdict {
        Judgement::of(between(low, high), ruler).verdict
    }

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side() {
        assert_eq!(verdict(1.5, 2.0, FASTER), Verdict::Confirmed);
        assert_eq!(verdict(1.4, 2.0, FASTER), Verdict::Inconclusive);
        assert_eq!(verdict(0.8, 0.9, FASTER), Verdict::Refuted);
        assert_eq!(verdict(1.0, 1.1, CHEAP), Verdict::Confirmed);
        assert_eq!(verdict(1.0, 1.2, CHEAP), Verdict::Inconclusive);
        assert_eq!(verdict(1.6, 1.7, CHEAP), Verdict::Refuted);
    }

    #[test]
    fn a_true_sentence_is_never_refuted_for_being_true_by_little() {
        assert_eq!(verdict(1.01, 1.2, FASTER), Verdict::Inconclusive);
        assert_eq!(verdict(1.2, 1.4, CHEAP), Verdict::Inconclusive);
    }

    #[test]
    fn what_is_not_decided_says_why_and_what_to_do() {
        let reason = |low, high| Judgement::of(between(low, high), FASTER).reason.expect("há uma razão");
        assert!(reason(0.9, 1.2).contains("cruza 1,00×"));
        assert!(reason(1.1, 1.2).contains("é verdade, mas pouco"));
        assert!(reason(1.4, 1.8).contains("cruza 1,50×"));
        assert!(reason(f64::NEG_INFINITY, f64::INFINITY).contains("--repeticoes"));
        assert!(Judgement::of(between(1.6, 1.8), FASTER).reason.is_none());
    }

    #[test]
    fn a_busy_machine_or_a_single_core_proves_nothing() {
        for holds in [true, false] {
            let busy = Judgement::observed(holds).timed(0.5);
            assert_eq!(busy.verdict, Verdict::Inconclusive);
            assert!(busy.reason.is_some_and(|reason| reason.contains("50 % da máquina")));
            let judgement = Judgement::observed(holds);
            assert_eq!(judgement.clone().timed(0.0).verdict, judgement.verdict);
            assert_eq!(judgement.clone().needs_two_cores(2).verdict, judgement.verdict);
            assert_eq!(judgement.needs_two_cores(1).verdict, Verdict::Inconclusive);
        }
    }

    #[test]
    fn one_refuted_half_refutes_the_whole() {
        let [yes, no] = [true, false].map(Judgement::observed);
        let unknown = Judgement::inconclusive("falta um Python");
        assert_eq!(no.clone().and(unknown.clone()).verdict, Verdict::Refuted);
        assert_eq!(yes.clone().and(yes.clone()).verdict, Verdict::Confirmed);
        let both = yes.and(unknown.clone());
        assert_eq!((both.verdict, both.reason.as_deref()), (Verdict::Inconclusive, Some("falta um Python")));
        let twice = unknown.and(Judgement::inconclusive("há um núcleo só"));
        assert_eq!(twice.reason.as_deref(), Some("falta um Python; há um núcleo só"));
        assert!(no.and(twice).reason.is_none(), "o que se refutou não fica por decidir");
    }

    #[test]
    fn a_glance_decides_nothing_that_takes_time() {
        let claim = |judgement| Claim::judged("1.C1", "t", judgement, "e").at_a_glance().verdict;
        let fast = Judgement::of(between(1.6, 1.8), FASTER);
        assert_eq!(claim(fast.clone()), Some(Verdict::Confirmed), "contou, e não cronometrou");
        assert_eq!(claim(fast.timed(0.0)), Some(Verdict::Inconclusive));
    }

    #[test]
    fn the_ruler_goes_with_the_evidence() {
        let claim = Claim::judged("1.C1", "t", Judgement::of(between(1.0, 1.05), CHEAP), "1,02×");
        assert_eq!(claim.evidence, "1,02× (confirma-se até 1,10×; só acima de 1,50× seria falsa)");
        assert_eq!((claim.bound, claim.threshold), (Some(1.5), Some(1.1)));
    }
}

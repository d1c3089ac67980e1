//! O que uma medição diz de uma afirmação, e por quê.
//!
//! Uma afirmação tem duas marcas. O **limite** é onde ela deixa de ser verdadeira: "é mais rápido" deixa de ser
//! verdade em 1×. O **limiar** é a partir de onde vale a pena dizê-la. A medição refuta só além do limite e confirma só
//! além do limiar; entre um e outro a frase é verdadeira, e pouco: o veredito é inconclusivo, e diz isso.

use super::format::{decimal, percent, quantity};
use super::record::{Claim, Verdict};
use super::stats::Estimate;

/// Acima desta parte da máquina em outras mãos, os tempos medem os outros, e não os modelos.
///
/// Com dois núcleos, 15 % da máquina é um terço de um núcleo: bastaria para uma eficiência de 100 %
/// parecer de 85 %.
pub const BUSY: f64 = 0.15;

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
/// use registro::judge::Ruler;
/// // "É mais rápido": verdade acima de 1×, e digno de nota a partir de 1,5×.
/// const FASTER: Ruler = Ruler::above(1.0).from(1.5);
/// assert_eq!(FASTER.words(), "Confirma-se a partir de 1,50×; só até 1,00× seria falsa.");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ruler {
    name: &'static str,
    bound: f64,
    threshold: f64,
    is_above: bool,
    unit: Unit,
}

/// "Acelera", "ganha", "compensa": verdade acima de 1×. Menos do que um décimo a mais se perde na variação de uma repetição
/// para a outra.
pub const GAINS: Ruler = Ruler::above(1.0).from(1.1);

/// "Não acelera", "não ganha": falsa quando se ganha o que [`GAINS`] pede. Até a metade disso é a variação de uma repetição para a
/// outra; entre a metade e o todo é pouco para dizer que acelera, e muito para dizer que não.
pub const DOES_NOT_GAIN: Ruler = Ruler::below(GAINS.threshold).from(1.05);

/// "Custa mais", "leva mais", "atrapalha": verdade acima de 1×. Menos do que o dobro não mudaria a escolha de ninguém.
pub const COSTS_MORE: Ruler = Ruler::above(1.0).from(2.0);

/// "Ao mesmo tempo": um núcleo só nunca passa de 1. O décimo a mais cobre o erro dos relógios.
pub const AT_ONCE: Ruler = Ruler::above(1.0).from(1.1).unit("núcleos");

impl Ruler {
    /// Verdadeira acima de `bound`, contado em vezes.
    pub const fn above(bound: f64) -> Self {
        Ruler { name: "", bound, threshold: bound, is_above: true, unit: Unit::Times }
    }

    /// Verdadeira abaixo de `bound`, contado em vezes.
    pub const fn below(bound: f64) -> Self {
        Ruler { is_above: false, ..Ruler::above(bound) }
    }

    /// Digna de nota só a partir de `threshold`, que fica do lado verdadeiro do limite; sem isto, o limiar é o limite.
    pub const fn from(self, threshold: f64) -> Self {
        Ruler { threshold, ..self }
    }

    /// A grandeza é uma parte do todo, de 0 a 1, e se lê em porcentagem.
    pub const fn percent(self) -> Self {
        Ruler { unit: Unit::Percent, ..self }
    }

    /// A grandeza se conta em `unit`, no plural: `núcleos`.
    pub const fn unit(self, unit: &'static str) -> Self {
        Ruler { unit: Unit::Named(unit), ..self }
    }

    /// A grandeza tem nome: é o que distingue duas réguas da mesma afirmação.
    pub const fn named(self, name: &'static str) -> Self {
        Ruler { name, ..self }
    }

    fn unnamed(self) -> Self {
        Ruler { name: "", ..self }
    }

    /// A régua, numa frase.
    pub fn words(self) -> String {
        let [bound, threshold] = [self.bound, self.threshold].map(|value| self.show(value));
        let with = if self.name.is_empty() { String::new() } else { format!("com {} ", self.name) };
        match (self.is_above, self.bound == self.threshold) {
            (true, true) => format!("Confirma-se {with}a partir de {bound}; abaixo disso, seria falsa."),
            (false, true) => format!("Confirma-se {with}até {bound}; acima disso, seria falsa."),
            (true, false) => {
                format!("Confirma-se {with}a partir de {threshold}; só até {bound} seria falsa.")
            }
            (false, false) => {
                format!("Confirma-se {with}até {threshold}; só a partir de {bound} seria falsa.")
            }
        }
    }

    fn show(self, value: f64) -> String {
        match self.unit {
            Unit::Times => format!("{}×", decimal(value, 2)),
            Unit::Percent => percent(value),
            Unit::Named(name) => quantity(value, name),
        }
    }

    /// Por que um intervalo, de `low` a `high`, não decide.
    fn reason(self, low: f64, high: f64) -> String {
        let subject = if self.name.is_empty() { String::new() } else { format!("{}: ", self.name) };
        if !(low.is_finite() && high.is_finite()) {
            return format!(
                "{subject}com menos de três repetições não há intervalo; peça mais com --repeticoes"
            );
        }
        let interval = format!("{subject}o intervalo, de {} a {},", self.show(low), self.show(high));
        let holds = if self.is_above { low > self.bound } else { high < self.bound };
        let reaches = if self.is_above { high >= self.threshold } else { low <= self.threshold };
        match (holds, reaches) {
            (true, false) => format!(
                "é verdade, mas por pouco: {interval} não chega a {}; repetir não muda isso, outra máquina pode mudar",
                self.show(self.threshold)
            ),
            (is_true, _) => {
                let mark = if is_true { self.threshold } else { self.bound };
                format!("{interval} cruza {}; com mais --repeticoes, ele se estreita", self.show(mark))
            }
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
    /// O que a régua diz de um tempo, ou de uma razão de tempos: só decide quando o intervalo inteiro está de um lado.
    ///
    /// # Exemplos
    ///
    /// ```
    /// use registro::judge::{Judgement, Ruler};
    /// use registro::record::Verdict;
    /// use registro::stats::Estimate;
    /// let faster = Ruler::above(1.0).from(1.5);
    /// let little = Judgement::of(Estimate { median: 1.2, low: 1.1, high: 1.3 }, faster);
    /// // 1,2× é mais rápido: a frase não é falsa. Só não é digna de nota.
    /// assert_eq!(little.verdict, Verdict::Inconclusive);
    /// ```
    pub fn of(estimate: Estimate, ruler: Ruler) -> Self {
        let Estimate { low, high, .. } = estimate;
        let Ruler { bound, threshold, is_above, .. } = ruler;
        let (is_past, is_beyond) =
            if is_above { (low >= threshold, high <= bound) } else { (high <= threshold, low >= bound) };
        let (verdict, reason) = match (is_past, is_beyond) {
            (true, _) => (Verdict::Confirmed, None),
            (false, true) => (Verdict::Refuted, None),
            (false, false) => (Verdict::Inconclusive, Some(ruler.reason(low, high))),
        };
        Judgement { verdict, ruler: Some(ruler), reason, is_timed: true }
    }

    /// O mesmo, de uma grandeza que não é tempo, como a memória: uma máquina ocupada não a muda.
    pub fn of_size(estimate: Estimate, ruler: Ruler) -> Self {
        Judgement { is_timed: false, ..Judgement::of(estimate, ruler) }
    }

    /// Um fato que se observa de uma vez, sem intervalo.
    pub fn observed(holds: bool) -> Self {
        let verdict = if holds { Verdict::Confirmed } else { Verdict::Refuted };
        Judgement { verdict, ruler: None, reason: None, is_timed: false }
    }

    /// O que se mediu não basta, por esta razão, que diz também o que fazer.
    pub fn inconclusive(reason: impl Into<String>) -> Self {
        Judgement::observed(true).undecided(reason)
    }

    /// Os dois juntos: basta um refutado; os dois precisam estar confirmados. A régua é a do que decidiu, e as razões de
    /// não decidir se somam.
    pub fn and(self, other: Self) -> Self {
        // Entre dois refutados vale o fato: o tempo pode ser da máquina ocupada.
        let rank = |judgement: &Self| match judgement.verdict {
            Verdict::Refuted => (0, judgement.is_timed),
            Verdict::Inconclusive => (1, false),
            Verdict::Confirmed => (2, false),
        };
        let (decider, rest) = if rank(&other) < rank(&self) { (other, self) } else { (self, other) };
        let is_timed = decider.is_timed || (decider.verdict != Verdict::Refuted && rest.is_timed);
        let reason = match (decider.reason, rest.reason) {
            _ if decider.verdict != Verdict::Inconclusive => None,
            (Some(one), Some(two)) if one != two => Some(format!("{one}; {two}")),
            (one, two) => one.or(two),
        };
        let ruler = match (decider.ruler, rest.ruler) {
            // A mesma para os dois: com o nome de um só, pareceria que o outro não foi medido por ela.
            (Some(one), Some(two)) if one.unnamed() == two.unnamed() && one != two => Some(one.unnamed()),
            (one, two) => one.or(two),
        };
        Judgement { verdict: decider.verdict, ruler, reason, is_timed }
    }

    /// O mesmo, sabendo que depende de tempo e que `others` da máquina esteve em outras mãos enquanto se media: com ela
    /// ocupada, os tempos medem os outros.
    pub fn timed(self, others: f64) -> Self {
        let judgement = Judgement { is_timed: true, ..self };
        judgement.needs(others <= BUSY, || {
            let taken = percent(others);
            format!(
                "outros programas usaram {taken} da máquina, e os tempos medem também os deles; feche-os e meça de novo"
            )
        })
    }

    /// O mesmo, se há pelo menos dois que possam trabalhar ao mesmo tempo: dois núcleos, e dois trabalhadores neles.
    pub fn needs_two_cores(self, at_once: usize) -> Self {
        self.needs(at_once >= 2, || {
            "a frase fala de vários ao mesmo tempo, e aqui só um pode trabalhar; meça com dois núcleos e dois \
             trabalhadores, ou mais"
        })
    }

    /// O mesmo, se `holds`; senão nada se decide, por esta razão.
    pub fn needs<R: Into<String>>(self, holds: bool, reason: impl FnOnce() -> R) -> Self {
        if holds { self } else { self.undecided(reason()) }
    }

    /// O mesmo, mas só refuta se `holds`: sem isso, o que contradiz a frase pode ter outra causa, que é a razão.
    pub fn refutes_only_if<R: Into<String>>(self, holds: bool, reason: impl FnOnce() -> R) -> Self {
        let is_refuted = self.verdict == Verdict::Refuted;
        self.needs(!is_refuted || holds, reason)
    }

    /// O mesmo, mas só confirma se `holds`: sem isso, nada foi posto à prova, e a razão diz por quê.
    pub fn confirms_only_if<R: Into<String>>(self, holds: bool, reason: impl FnOnce() -> R) -> Self {
        let is_confirmed = self.verdict == Verdict::Confirmed;
        self.needs(!is_confirmed || holds, reason)
    }

    /// O mesmo, sem decisão, por esta razão.
    pub fn undecided(self, reason: impl Into<String>) -> Self {
        Judgement { verdict: Verdict::Inconclusive, reason: Some(reason.into()), ..self }
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
    pub fn judged(id: &str, text: &str, judgement: Judgement, evidence: impl Into<String>) -> Self {
        let Judgement { verdict, ruler, reason, is_timed } = judgement;
        let mut evidence = evidence.into();
        if let Some(ruler) = ruler {
            evidence = format!("{evidence}. {}", ruler.words());
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
        let reason =
            "foi uma primeira olhada, que não decide o que depende de tempo; meça de novo, sem --rapido";
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
        assert_eq!(verdict(0.8, 1.0, FASTER), Verdict::Refuted);
        assert_eq!(verdict(1.0, 1.1, CHEAP), Verdict::Confirmed);
        assert_eq!(verdict(1.0, 1.2, CHEAP), Verdict::Inconclusive);
        assert_eq!(verdict(1.5, 1.7, CHEAP), Verdict::Refuted);
    }

    #[test]
    fn a_true_sentence_is_never_refuted_for_being_true_by_little() {
        assert_eq!(verdict(1.01, 1.2, FASTER), Verdict::Inconclusive);
        assert_eq!(verdict(1.2, 1.4, CHEAP), Verdict::Inconclusive);
    }

    #[test]
    fn what_is_not_decided_says_why_and_what_to_do() {
        let reason =
            |low, high, ruler| Judgement::of(between(low, high), ruler).reason.expect("há uma razão");
        for (interval, told) in [
            ((0.9, 1.2), "cruza 1,00×"),
            ((0.9, 1.8), "cruza 1,00×"),
            ((1.1, 1.2), "é verdade, mas por pouco"),
            ((1.4, 1.8), "cruza 1,50×"),
            ((f64::NEG_INFINITY, f64::INFINITY), "--repeticoes"),
        ] {
            let reason = reason(interval.0, interval.1, FASTER);
            assert!(reason.contains(told), "{reason}");
        }
        assert!(reason(1.2, 1.4, CHEAP).contains("por pouco"));
        assert!(reason(1.2, 1.6, CHEAP).contains("cruza 1,50×"));
        assert!(reason(1.0, 1.2, CHEAP.named("o preço")).starts_with("o preço: o intervalo"));
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
    fn a_missing_control_stops_only_the_side_that_needs_it() {
        let [yes, no] = [true, false].map(Judgement::observed);
        let reason = || "faltou o controle";
        assert_eq!(yes.clone().confirms_only_if(false, reason).verdict, Verdict::Inconclusive);
        assert_eq!(no.clone().confirms_only_if(false, reason).verdict, Verdict::Refuted);
        assert_eq!(yes.refutes_only_if(false, reason).verdict, Verdict::Confirmed);
        assert_eq!(no.clone().refutes_only_if(true, reason).verdict, Verdict::Refuted);
        assert_eq!(no.refutes_only_if(false, reason).reason.as_deref(), Some("faltou o controle"));
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
    fn the_ruler_of_the_whole_is_the_one_that_decided() {
        let [fast, slow] = [between(1.6, 1.8), between(0.7, 0.8)].map(|seen| Judgement::of(seen, FASTER));
        let cheap = Judgement::of(between(1.0, 1.05), CHEAP);
        assert_eq!(cheap.clone().and(slow.clone()).ruler, Some(FASTER));
        assert_eq!(cheap.and(fast).ruler, Some(CHEAP));
        let [fork, spawn] = ["fork", "spawn"].map(|way| Judgement::of(between(1.6, 1.8), FASTER.named(way)));
        assert_eq!(fork.and(spawn).ruler, Some(FASTER), "a régua dos dois não leva o nome de um");
        let wrong = slow.and(Judgement::observed(false));
        assert!(!wrong.is_timed, "uma resposta errada é errada também numa máquina ocupada");
    }

    #[test]
    fn a_glance_decides_nothing_that_takes_time() {
        let claim = |judgement| Claim::judged("1.C1", "t", judgement, "e").at_a_glance().verdict;
        let heavy = between(1.6, 1.8);
        assert_eq!(claim(Judgement::of_size(heavy, FASTER)), Some(Verdict::Confirmed), "não cronometrou");
        assert_eq!(claim(Judgement::of(heavy, FASTER)), Some(Verdict::Inconclusive));
        assert_eq!(claim(Judgement::observed(true).timed(0.0)), Some(Verdict::Inconclusive));
    }

    #[test]
    fn the_ruler_goes_with_the_evidence() {
        let claim = Claim::judged("1.C1", "t", Judgement::of(between(1.0, 1.05), CHEAP), "1,02×");
        assert_eq!(claim.evidence, "1,02×. Confirma-se até 1,10×; só a partir de 1,50× seria falsa.");
        assert_eq!((claim.bound, claim.threshold), (Some(1.5), Some(1.1)));
        let exact = Ruler::above(2.0).unit("núcleos").named("a média");
        assert_eq!(
            exact.words(),
            "Confirma-se com a média a partir de 2 núcleos; abaixo disso, seria falsa."
        );
    }
}

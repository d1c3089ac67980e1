//! O que as notas afirmam do `Process`, e como a afirmação é decidida.

use registro::format::times;
use registro::judge::{COSTS_MORE, Judgement, Ruler};
use registro::record::{Claim, Verdict};
use registro::stats::Estimate;

use crate::ways::Attempt;

/// Duas tarefas cabiam nos limites delas.
pub const WANTED: usize = 2;

/// Quantas vezes o seu limite viveu a tarefa cancelada. Matar um processo leva milissegundos: com até meio limite a mais,
/// o cancelamento foi no tempo certo. Com outro tanto, não serviu.
const ON_TIME: f64 = 1.5;
const TOO_LATE: f64 = 2.0;
const CANCELS: Ruler =
    Ruler::below(TOO_LATE).from(ON_TIME).named("a vida da cancelada com o Process");
const LATE_IN_THE_POOL: Ruler =
    Ruler::above(ON_TIME).from(TOO_LATE).named("a vida da cancelada no Pool");

/// Quantas vezes mais processador do que o paciente o urgente consegue. O Linux promete perto de dez para dez pontos de
/// *nice*; com menos do que o dobro, ninguém notaria a prioridade.
const PREFERRED: Ruler =
    COSTS_MORE.named("o processador do urgente sobre o do paciente");

/// O que se mediu, uma linha por repetição.
#[derive(Default)]
pub struct Figures {
    pub processes: Vec<Attempt>,
    /// O pool com o limite da cadeia para todas, e o pool com o das outras.
    pub pool_short: Vec<Attempt>,
    pub pool_long: Vec<Attempt>,
    /// Segundos de processador do urgente e do paciente.
    pub with_priority: Vec<[f64; 2]>,
    /// Os mesmos dois, sem ter onde pedir.
    pub without: Vec<[f64; 2]>,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

/// 11.C1: confirmada se, com um `Process` para cada uma, o cancelamento é no tempo certo e não custa nada às outras; se
/// nenhum dos dois limites que um pool pode ter consegue o mesmo; e se a prioridade pedida se vê.
pub fn suits_distinct_tasks(figures: &Figures) -> Claim {
    let text = "Process é melhor para tarefas distintas, ou quando se precisa de um controle fino sobre cada processo.";
    let timely = own_limits(figures)
        .and(one_limit_does_not_do(figures))
        .and(priority_shows(figures));
    // Uma resposta errada é errada também numa máquina ocupada.
    let right = figures.processes.iter().all(|one| one.wrong == 0);
    let judgement = timely.timed(figures.others).and(Judgement::observed(right));
    let right = |way: &[Attempt]| way.iter().map(|attempt| attempt.right).collect();
    let [own, short, long]: [Vec<usize>; 3] =
        [&figures.processes, &figures.pool_short, &figures.pool_long]
            .map(|way| right(way));
    let [own, long] = [own, long].map(|right| right.into_iter().min().unwrap_or(0));
    let short = short.into_iter().max().unwrap_or(0);
    let [on_time, late] =
        [&figures.processes, &figures.pool_long].map(|way| times(lived(way)));
    let [with, without] =
        [&figures.with_priority, &figures.without].map(|bouts| times(ratio(bouts)));
    let evidence = format!(
        "das {WANTED} outras respostas, na pior repetição: {own} com um Process para cada tarefa; pelo Pool, {long} com \
         o limite longo, e com o curto, na melhor, {short}; a cancelada viveu {on_time} o seu limite com o Process, e \
         {late} com o limite longo; processador do urgente sobre o do paciente: {with}, e {without} sem pedir"
    );
    Claim::judged("11.C1", text, judgement, evidence)
}

fn own_limits(figures: &Figures) -> Judgement {
    let all = figures.processes.iter().all(|one| one.right == WANTED);
    Judgement::of(lived(&figures.processes), CANCELS).and(Judgement::observed(all))
}

/// Com o limite curto o pool perde o que não devia; com o longo, cancela tarde.
fn one_limit_does_not_do(figures: &Figures) -> Judgement {
    let always_loses = figures.pool_short.iter().all(|one| one.right < WANTED);
    Judgement::of(lived(&figures.pool_long), LATE_IN_THE_POOL)
        .and(Judgement::observed(always_loses))
}

fn priority_shows(figures: &Figures) -> Judgement {
    let unasked = Judgement::of(ratio(&figures.without), PREFERRED).verdict;
    // Se um já ganha do outro sem pedir nada, ganhar pedindo não quer dizer nada.
    Judgement::of(ratio(&figures.with_priority), PREFERRED).needs(unasked != Verdict::Confirmed, || {
        "sem que se pedisse, o sistema já deu bem mais processador a um dos dois; meça de novo"
    })
}

/// Quanto a cancelada viveu, em vezes o seu limite.
pub fn lived(attempts: &[Attempt]) -> Estimate {
    Estimate::of(&attempts.iter().map(|attempt| attempt.lived).collect::<Vec<_>>())
}

/// Quantas vezes o processador do segundo o primeiro conseguiu.
pub fn ratio(bouts: &[[f64; 2]]) -> Estimate {
    // Quem não conseguiu nada ainda entra na conta, com um milionésimo de segundo.
    let ratio = |[first, second]: &[f64; 2]| first.max(1e-6) / second.max(1e-6);
    Estimate::of(&bouts.iter().map(ratio).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(right: usize, lived: f64) -> Vec<Attempt> {
        let attempt = |turn: u32| Attempt {
            right,
            wrong: 0,
            lived: lived * (1.0 + f64::from(turn) / 1000.0),
            spans: Vec::new(),
        };
        (0..8).map(attempt).collect()
    }

    fn usual() -> Figures {
        Figures {
            processes: attempts(2, 1.05),
            pool_short: attempts(0, 1.05),
            pool_long: attempts(2, 8.0),
            with_priority: vec![[0.09, 0.01]; 8],
            without: vec![[0.05, 0.05]; 8],
            others: 0.0,
        }
    }

    fn verdict(figures: &Figures) -> Option<Verdict> {
        suits_distinct_tasks(figures).verdict
    }

    #[test]
    fn own_limits_and_a_priority_that_shows_confirm() {
        assert_eq!(verdict(&usual()), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_cancellation_that_costs_another_answer_refutes() {
        let mut figures = usual();
        figures.processes[3].right = 1;
        assert_eq!(verdict(&figures), Some(Verdict::Refuted));
        let mut figures = usual();
        figures.processes[3].wrong = 1;
        assert_eq!(verdict(&figures), Some(Verdict::Refuted));
    }

    #[test]
    fn a_late_cancellation_refutes() {
        let late = Figures { processes: attempts(2, 3.0), ..usual() };
        assert_eq!(verdict(&late), Some(Verdict::Refuted));
    }

    #[test]
    fn a_pool_that_does_as_well_refutes() {
        let with_short = Figures { pool_short: attempts(2, 1.05), ..usual() };
        assert_eq!(verdict(&with_short), Some(Verdict::Refuted));
        let with_long = Figures { pool_long: attempts(2, 1.2), ..usual() };
        assert_eq!(verdict(&with_long), Some(Verdict::Refuted));
    }

    #[test]
    fn a_priority_that_does_not_show_refutes() {
        let ignored = Figures { with_priority: vec![[0.05, 0.06]; 8], ..usual() };
        assert_eq!(verdict(&ignored), Some(Verdict::Refuted));
    }

    #[test]
    fn what_is_true_by_little_is_not_refuted() {
        for little in [
            Figures { processes: attempts(2, 1.7), ..usual() },
            Figures { pool_long: attempts(2, 1.7), ..usual() },
            Figures { with_priority: vec![[0.06, 0.05]; 8], ..usual() },
        ] {
            let claim = suits_distinct_tasks(&little);
            assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
            assert!(claim.reason.is_some_and(|reason| reason.contains("por pouco")));
        }
    }

    #[test]
    fn an_unfair_core_noise_and_a_busy_machine_decide_nothing() {
        let unfair = Figures { without: vec![[0.09, 0.01]; 8], ..usual() };
        let mut noisy = usual();
        noisy.with_priority =
            (1..9).map(|turn| [0.01 * f64::from(turn), 0.02]).collect();
        let busy = Figures { others: 0.5, ..usual() };
        for figures in [unfair, noisy, busy] {
            assert_eq!(verdict(&figures), Some(Verdict::Inconclusive));
        }
    }

    #[test]
    fn who_got_nothing_still_has_a_ratio() {
        assert!(ratio(&[[0.1, 0.0]; 3]).median.is_finite());
    }
}

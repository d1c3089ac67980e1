//! O que se afirma das falhas, e como cada afirmação é decidida.

use registro::format::{decimal, integer, seconds};
use registro::judge::Judgement;
use registro::record::Claim;

use crate::fall::Fall;
use crate::fault::Fault;
use crate::python::{Outcome, Round};
use crate::storm::Storm;

/// De quantos processos mortos em diante, ao todo, é uma tempestade: com menos, poucas tarefas teriam perdido quem as fazia.
const STORM: u64 = 32;

/// 17.C1: confirmada se, em todas as rodadas, as outras respostas chegam e a da tarefa morta não: nem resposta, nem
/// erro, num limite de muitas vezes o que o trabalho todo leva. Uma resposta ou um erro refutam.
pub fn pythons_pool_waits(rounds: &[Round], ours: &[Fall]) -> Claim {
    let text = "Depois de um kill -9, o Pool do Python espera para sempre.";
    let kills: Vec<&Round> =
        rounds.iter().filter(|round| round.fault == "kill").collect();
    let Some(shortest) = kills.iter().min_by(|a, b| a.limit.total_cmp(&b.limit)) else {
        return Claim::unmeasured(
            "17.C1",
            text,
            "não há um Python que medir; instale o python3, ou diga onde há um com --python",
        );
    };
    let waits = |round: &&&Round| round.outcome == Outcome::Waiting;
    // Quem ainda devia outras respostas não esperava só pela que se perdeu.
    let alone = |round: &&Round| round.right + 1 == round.asked;
    let judgement = Judgement::observed(kills.iter().all(|round| waits(&round)))
        .confirms_only_if(kills.iter().all(alone), || {
            "faltavam ainda outras respostas, e não se esperava só pela que se perdeu; feche outros programas e meça \
             de novo"
        });
    let here =
        ours.iter().filter(|fall| fall.fault == Fault::Kill).map(|fall| fall.seconds);
    let evidence = format!(
        "em {} de {} rodadas, entregues as outras {} respostas, nem a que faltava nem um erro vieram em {}, {} \
         vezes o que o trabalho todo leva; aqui, as outras e o erro vieram em {}",
        kills.iter().filter(waits).count(),
        kills.len(),
        shortest.asked - 1,
        seconds(shortest.limit),
        decimal(shortest.limit / shortest.normal, 0),
        seconds(here.fold(0.0, f64::max)),
    );
    Claim::judged("17.C1", text, judgement, evidence)
}

/// 17.C2: confirmada se cada falha custa só a resposta da sua tarefa, se o erro diz o que houve e em que processo, e
/// se o pool continua.
pub fn only_the_running_task_is_lost(falls: &[Fall]) -> Claim {
    let text = "Com um item por chunk, o imap daqui perde só a tarefa que estava rodando, e o erro vem no lugar dela.";
    let happened = falls.iter().all(|fall| fall.ran_in != 0);
    let only_one = |fall: &&Fall| fall.lost == [fall.fatal] && fall.fate.wrong == 0;
    let holds = |fall: &Fall| only_one(&fall) && fall.is_told() && fall.goes_on;
    let judgement = Judgement::observed(falls.iter().all(holds)).needs(
        happened && !falls.is_empty(),
        || "alguma das falhas não chegou a acontecer; meça de novo",
    );
    let asked: usize = falls.iter().map(|fall| fall.fate.asked).sum();
    let evidence = format!(
        "em {} falhas, de {}, perderam-se {} de {} respostas; {} erros disseram o que houve e onde, e {} pools \
         seguiram trabalhando",
        falls.len(),
        Fault::ALL.map(Fault::label).join(", "),
        integer(falls.iter().map(|fall| fall.lost.len() as u64).sum()),
        integer(asked as u64),
        falls.iter().filter(|fall| fall.is_told()).count(),
        falls.iter().filter(|fall| fall.goes_on).count(),
    );
    Claim::judged("17.C2", text, judgement, evidence)
}

/// 17.C3: confirmada se, com processos bastantes a morrer, toda resposta chega e é a da conta em série.
pub fn a_storm_loses_nothing(storms: &[Storm]) -> Claim {
    let text = "Com repetição, uma tempestade de mortes não perde nenhuma resposta.";
    let deaths: u64 = storms.iter().map(|storm| storm.deaths).sum();
    let whole = |storm: &Storm| storm.lost == 0 && storm.right == storm.asked;
    let judgement = Judgement::observed(storms.iter().all(whole)).confirms_only_if(deaths >= STORM, || {
        format!(
            "morreram {} processos, e uma tempestade são {STORM}; meça com mais --repeticoes, ou com um --limite maior",
            integer(deaths)
        )
    });
    let sum = |of: fn(&Storm) -> usize| {
        integer(storms.iter().map(|storm| of(storm) as u64).sum())
    };
    let evidence = format!(
        "{} processos mortos por SIGKILL; de {} respostas, {} iguais às da conta em série, e {} perdidas",
        integer(deaths),
        sum(|storm| storm.asked),
        sum(|storm| storm.right),
        sum(|storm| storm.lost),
    );
    Claim::judged("17.C3", text, judgement, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use multiprocessamento::{Error, ExitStatus};
    use registro::fate::Fate;
    use registro::record::Verdict;

    fn round(outcome: Outcome, right: usize) -> Round {
        let fault = "kill".to_owned();
        Round {
            fault,
            outcome,
            asked: 64,
            right,
            processes: 2,
            died: 1,
            normal: 0.02,
            limit: 1.0,
        }
    }

    fn first(rounds: &[Round]) -> Option<Verdict> {
        pythons_pool_waits(rounds, &[]).verdict
    }

    #[test]
    fn a_pool_that_only_waits_confirms_and_one_that_tells_or_answers_refutes() {
        let waits = round(Outcome::Waiting, 63);
        assert_eq!(first(&[waits.clone(), waits.clone()]), Some(Verdict::Confirmed));
        for other in [round(Outcome::Raised, 63), round(Outcome::Answered, 64)] {
            assert_eq!(first(&[waits.clone(), other]), Some(Verdict::Refuted));
        }
    }

    #[test]
    fn without_python_or_with_other_answers_missing_nothing_is_decided() {
        assert_eq!(first(&[]), Some(Verdict::Inconclusive));
        let late = [round(Outcome::Waiting, 63), round(Outcome::Waiting, 40)];
        assert_eq!(first(&late), Some(Verdict::Inconclusive));
    }

    /// O fim de um processo, nos bits em que o sistema o conta.
    fn status(raw: i32) -> ExitStatus {
        Some(raw).into()
    }

    fn fall(fault: Fault) -> Fall {
        let died = |raw| Error::WorkerDied { pid: 7, status: status(raw) };
        let told = match fault {
            Fault::Panic => Error::Panicked {
                message: "de propósito".to_owned(),
                location: "fault.rs:1:1".to_owned(),
            },
            Fault::Exit => died(3 << 8),
            Fault::Abort => died(6),
            Fault::Kill => died(9),
            Fault::Stuck => {
                Error::TaskTimedOut { pid: 7, limit: std::time::Duration::from_secs(1) }
            }
        };
        Fall {
            fault,
            fate: Fate { asked: 64, right: 63, wrong: 0, processes: 2, died: 1 },
            fatal: 5,
            lost: vec![5],
            ran_in: 7,
            told: Some(told),
            goes_on: true,
            seconds: 0.01,
        }
    }

    fn second(change: impl Fn(&mut Fall)) -> Option<Verdict> {
        let mut falls = Fault::ALL.map(fall);
        falls.iter_mut().for_each(change);
        only_the_running_task_is_lost(&falls).verdict
    }

    #[test]
    fn one_lost_answer_with_its_reason_confirms() {
        assert_eq!(second(|_| ()), Some(Verdict::Confirmed));
    }

    #[test]
    fn another_lost_a_wrong_one_a_vague_error_or_a_dead_pool_refutes() {
        let refuted =
            |change: fn(&mut Fall)| assert_eq!(second(change), Some(Verdict::Refuted));
        refuted(|fall| fall.lost.push(6));
        refuted(|fall| fall.lost = vec![6]);
        refuted(|fall| fall.lost.clear());
        refuted(|fall| fall.fate.wrong = 1);
        refuted(|fall| fall.goes_on = false);
        refuted(|fall| fall.told = None);
        refuted(|fall| fall.told = Some(Error::Terminated));
        refuted(|fall| fall.ran_in = 8);
        // O erro de uma falha não serve à outra.
        refuted(|fall| fall.fault = Fault::Kill);
    }

    #[test]
    fn a_fault_that_did_not_happen_decides_nothing() {
        assert_eq!(second(|fall| fall.ran_in = 0), Some(Verdict::Inconclusive));
        assert_eq!(
            only_the_running_task_is_lost(&[]).verdict,
            Some(Verdict::Inconclusive)
        );
    }

    fn third(right: usize, lost: usize, deaths: u64) -> Option<Verdict> {
        let storm = Storm { asked: 100, right, lost, deaths, ..Storm::default() };
        a_storm_loses_nothing(&[
            storm,
            Storm { asked: 100, right: 100, ..Storm::default() },
        ])
        .verdict
    }

    #[test]
    fn every_answer_right_under_many_deaths_confirms_and_one_lost_or_wrong_refutes() {
        assert_eq!(third(100, 0, 40), Some(Verdict::Confirmed));
        assert_eq!(third(99, 1, 40), Some(Verdict::Refuted));
        assert_eq!(third(99, 0, 40), Some(Verdict::Refuted));
    }

    #[test]
    fn a_drizzle_decides_nothing() {
        assert_eq!(third(100, 0, 5), Some(Verdict::Inconclusive));
    }
}

//! O que as notas afirmam do pipe, e como a afirmação é decidida.

use registro::format::integer;
use registro::judge::Judgement;
use registro::record::Claim;
use serde::{Deserialize, Serialize};

/// Uma fala: o número da vez, o que se disse, e quem disse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// A vez, a partir de zero; a resposta repete o da pergunta.
    pub number: u64,
    /// A pergunta, ou a resposta.
    pub value: u64,
    /// O processo que falou.
    pub pid: u32,
}

impl Line {
    /// Uma fala deste processo.
    pub fn new(number: u64, value: u64) -> Self {
        Line { number, value, pid: std::process::id() }
    }
}

/// Uma conversa, contada pelos dois lados.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// O processo criado para responder.
    pub partner_pid: u32,
    /// O que ele respondeu, como chegou aqui.
    pub answers: Vec<Line>,
    /// O que ele ouviu, como chegou lá.
    pub heard: Vec<Line>,
}

/// 7.C1: confirmada se as `turns` perguntas chegaram ao outro processo, e as respostas a este: todas, na ordem, sem
/// mudar, e cada uma assinada pelo processo do outro lado.
pub fn two_processes_talk(turns: u64, conversation: &Conversation) -> Claim {
    judge(std::process::id(), turns, conversation)
}

fn judge(own: u32, turns: u64, conversation: &Conversation) -> Claim {
    let text = "Dois processos podem conversar por um pipe.";
    let Conversation { partner_pid: partner, answers, heard } = conversation;
    let line = |number, value, pid| Line { number, value, pid };
    let asked = right(heard, turns, |number| line(number, number, own));
    let answered =
        right(answers, turns, |number| line(number, number * number, *partner));
    let talked = asked == turns && answered == turns && *partner != own;
    let complete = heard.len() as u64 == turns && answers.len() as u64 == turns;
    let judgement = Judgement::observed(talked && complete)
        .needs(turns > 0, || "não houve conversa; meça com pelo menos uma pergunta");
    let evidence = format!(
        "o processo {own} fez {} perguntas ao processo {partner}; chegaram certas, na vez delas, {} lá e {} respostas aqui",
        integer(turns),
        integer(asked),
        integer(answered)
    );
    Claim::judged("7.C1", text, judgement, evidence)
}

/// Quantas falas são, na posição delas, a que se esperava.
fn right(lines: &[Line], turns: u64, expected: impl Fn(u64) -> Line) -> u64 {
    (0..turns).zip(lines).filter(|(number, line)| **line == expected(*number)).count()
        as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    const OWN: u32 = 7;

    fn line(number: u64, value: u64, pid: u32) -> Line {
        Line { number, value, pid }
    }

    fn talk() -> Conversation {
        Conversation {
            partner_pid: 8,
            answers: (0..10).map(|number| line(number, number * number, 8)).collect(),
            heard: (0..10).map(|number| line(number, number, OWN)).collect(),
        }
    }

    fn verdict(conversation: &Conversation) -> Option<Verdict> {
        judge(OWN, 10, conversation).verdict
    }

    #[test]
    fn every_question_and_every_answer_in_order_confirm() {
        assert_eq!(verdict(&talk()), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_lost_changed_repeated_or_swapped_line_refutes() {
        let spoil = |change: fn(&mut Conversation)| {
            let mut conversation = talk();
            change(&mut conversation);
            verdict(&conversation)
        };
        let changes: [fn(&mut Conversation); 6] = [
            |talk| talk.answers.truncate(9),
            |talk| talk.heard.retain(|line| line.number != 3),
            |talk| talk.answers.swap(3, 4),
            |talk| talk.heard[3].value = 0,
            |talk| talk.answers[3].value += 1,
            |talk| talk.answers.push(talk.answers[0].clone()),
        ];
        for change in changes {
            assert_eq!(spoil(change), Some(Verdict::Refuted));
        }
    }

    #[test]
    fn an_answer_from_the_same_process_refutes() {
        let mut own = talk();
        own.partner_pid = OWN;
        own.answers.iter_mut().for_each(|line| line.pid = OWN);
        assert_eq!(verdict(&own), Some(Verdict::Refuted));
        let mut other = talk();
        other.answers[5].pid = 9;
        assert_eq!(verdict(&other), Some(Verdict::Refuted));
    }

    #[test]
    fn no_conversation_decides_nothing() {
        assert_eq!(judge(OWN, 0, &talk()).verdict, Some(Verdict::Inconclusive));
    }
}

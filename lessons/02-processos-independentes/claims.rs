//! O que as notas afirmam de threads e processos, e como cada afirmação é decidida.

use std::collections::BTreeSet;
use std::fmt;

use licoes::load::model::Model;
use licoes::measure::compare::Comparison;
use registro::format::count;
use registro::judge::Judgement;
use registro::record::{Claim, Span};
use serde::{Deserialize, Serialize};

/// Uma visita ao contador: quem foi, e o valor que viu depois de somar 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// O processo da visita.
    pub pid: u32,
    /// A thread da visita.
    pub tid: u32,
    /// O valor do contador depois da soma.
    pub seen: u64,
    /// Onde o contador está, na memória daquele processo.
    pub address: usize,
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Visit { pid, tid, seen, address } = self;
        write!(
            f,
            "processo {pid}, thread {tid}: somou 1 e viu {seen}, no endereço {address:#x}"
        )
    }
}

/// Um processo e a sua cópia, depois de a cópia somar 1 ao contador que veio com ela.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Twins {
    /// O que a cópia viu.
    pub copy: Visit,
    /// O que o original viu, depois.
    pub original: Visit,
}

impl Twins {
    /// Se o que um escreveu não chegou ao outro.
    fn are_apart(&self) -> bool {
        self.copy.seen == self.original.seen + 1
    }
}

impl fmt::Display for Twins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Twins { copy, original } = self;
        write!(
            f,
            "a cópia {} somou 1 e viu {}, no endereço {:#x}; depois disso o original {} vê {}, no endereço {:#x}",
            copy.pid,
            copy.seen,
            copy.address,
            original.pid,
            original.seen,
            original.address
        )
    }
}

/// O contador deste processo, visitado por threads e depois por outros processos.
pub struct Counter {
    /// O valor antes de tudo.
    pub start: u64,
    /// As visitas das threads.
    pub threads: Vec<Visit>,
    /// O valor aqui, depois delas.
    pub after_threads: u64,
    /// As visitas dos processos.
    pub processes: Vec<Visit>,
    /// O valor aqui, depois deles.
    pub after_processes: u64,
    /// O contador de outro processo, que foi copiado.
    pub twins: Twins,
}

/// 2.C1: confirmada se todos os trechos dos modelos de threads têm o PID deste processo e vieram de mais
/// de uma thread.
pub fn threads_share_a_process(own: u32, comparison: &Comparison) -> Claim {
    let text = "O multithreading usa threads dentro de um mesmo processo; a biblioteca, ao contrário, cria processos separados.";
    let of_threads = [Model::Threads, Model::ThreadPool, Model::Rayon];
    let spans = of_threads
        .iter()
        .filter_map(|&model| comparison.get(model))
        .flat_map(|m| m.typical_spans());
    let (judgement, evidence) = judge_threads(own, spans);
    Claim::judged("2.C1", text, judgement, evidence)
}

fn judge_threads<'a>(
    own: u32,
    spans: impl Iterator<Item = &'a Span>,
) -> (Judgement, String) {
    let seen: BTreeSet<(u32, u32)> = spans.map(|span| (span.pid, span.tid)).collect();
    let pids: BTreeSet<u32> = seen.iter().map(|(pid, _)| *pid).collect();
    let inside = Judgement::observed(pids.iter().all(|pid| *pid == own));
    let judgement = inside.confirms_only_if(seen.len() > 1, || {
        "não houve duas threads trabalhando; meça com dois trabalhadores ou mais, e sem excluir as threads"
    });
    (
        judgement,
        format!(
            "{} threads trabalharam, em {}; o deste programa é {own}",
            seen.len(),
            count(pids.len(), "processo", "processos")
        ),
    )
}

/// 2.C2: confirmada se cada processo tem PID próprio, nenhum viu a escrita dos outros nem a deste, e este
/// não viu a deles, nem um processo a da sua cópia. As threads servem de contraste: delas, este processo viu todas as escritas.
pub fn processes_are_separate(own: u32, counter: &Counter) -> Claim {
    let text = "Cada processo tem o seu próprio interpretador Python e o seu próprio espaço de memória.";
    let pids: BTreeSet<u32> =
        counter.processes.iter().map(|visit| visit.pid).chain([own]).collect();
    let separate = pids.len() == counter.processes.len() + 1;
    let blind = counter.processes.iter().all(|visit| visit.seen == 1);
    let untouched = counter.after_processes == counter.after_threads;
    let contrast =
        counter.after_threads == counter.start + counter.threads.len() as u64;
    let apart = separate && blind && untouched && counter.twins.are_apart();
    // Sem ver a escrita das threads, não ver a dos processos não quer dizer nada.
    let judgement = Judgement::observed(apart).needs(contrast && !counter.processes.is_empty(), || {
        "o contador não mostrou nem as somas das threads, e não prova nada dos processos; meça de novo"
    });
    let evidence = format!(
        "{} processos somaram 1 cada um, e cada um viu {}; aqui o contador ficou em {} (as threads o levaram de {} a {})",
        counter.processes.len(),
        if blind { "1" } else { "a escrita de outro" },
        counter.after_processes,
        counter.start,
        counter.after_threads,
    );
    Claim::judged("2.C2", text, judgement, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    fn span(pid: u32, tid: u32) -> Span {
        Span {
            model: "threads".to_owned(),
            worker: 0,
            pid,
            tid,
            cpu: 0,
            start: 0.0,
            end: 1.0,
        }
    }

    fn threads_verdict(spans: &[Span]) -> Verdict {
        judge_threads(7, spans.iter()).0.verdict
    }

    #[test]
    fn threads_in_one_process_confirm_and_a_foreign_pid_refutes() {
        assert_eq!(threads_verdict(&[span(7, 8), span(7, 9)]), Verdict::Confirmed);
        assert_eq!(threads_verdict(&[span(7, 8), span(6, 9)]), Verdict::Refuted);
        assert_eq!(threads_verdict(&[span(7, 8)]), Verdict::Inconclusive);
        assert_eq!(threads_verdict(&[]), Verdict::Inconclusive);
    }

    fn counter(seen: [u64; 2], pids: [u32; 2], after_processes: u64) -> Counter {
        let visit = |pid, seen| Visit { pid, tid: pid, seen, address: 0 };
        Counter {
            start: 100,
            threads: vec![visit(7, 101), visit(7, 102)],
            after_threads: 102,
            processes: vec![visit(pids[0], seen[0]), visit(pids[1], seen[1])],
            after_processes,
            twins: Twins { copy: visit(10, 101), original: visit(9, 100) },
        }
    }

    fn verdict(counter: &Counter) -> Option<Verdict> {
        processes_are_separate(7, counter).verdict
    }

    #[test]
    fn processes_that_see_nothing_of_each_other_confirm() {
        assert_eq!(verdict(&counter([1, 1], [8, 9], 102)), Some(Verdict::Confirmed));
    }

    #[test]
    fn any_leak_between_processes_refutes() {
        assert_eq!(verdict(&counter([1, 2], [8, 9], 102)), Some(Verdict::Refuted));
        assert_eq!(verdict(&counter([1, 1], [8, 9], 104)), Some(Verdict::Refuted));
        assert_eq!(verdict(&counter([1, 1], [8, 8], 102)), Some(Verdict::Refuted));
        assert_eq!(verdict(&counter([1, 1], [7, 9], 102)), Some(Verdict::Refuted));
        let mut shared = counter([1, 1], [8, 9], 102);
        shared.twins.original.seen = 101;
        assert_eq!(verdict(&shared), Some(Verdict::Refuted));
    }

    #[test]
    fn without_the_contrast_of_threads_nothing_is_decided() {
        let blind = Counter { after_threads: 100, ..counter([1, 1], [8, 9], 100) };
        assert_eq!(verdict(&blind), Some(Verdict::Inconclusive));
    }
}

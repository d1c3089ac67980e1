//! O que as notas afirmam da fila, e como a afirmação é decidida.

use std::collections::BTreeMap;

use licoes::measure::compare::{TOO_SMALL, is_worth_sharing};
use licoes::measure::trace::{Piece, spans};
use registro::format::{integer, percent};
use registro::judge::{Judgement, Ruler};
use registro::record::{Claim, Span, Verdict};
use registro::stats::Estimate;

/// Quanto teve quem menos trabalhou, do que lhe caberia numa divisão igual do tempo de processador. As fatias não são
/// iguais e um processo nasce depois do outro: exigir mais do que metade seria exigir sorte. Com um décimo, ele só
/// assistiu, e ninguém diria que a fila o alimentou.
const FED: Ruler =
    Ruler::above(0.1).from(0.5).percent().named("a parte de quem menos trabalhou");

/// O que voltou de uma passagem das fatias pela fila: o número de cada uma, e como foi contada.
pub struct Passage {
    /// Quando a passagem começou, no relógio da máquina.
    pub start: f64,
    /// Uma por fatia, na ordem em que as respostas chegaram.
    pub answers: Vec<(usize, Piece<u64>)>,
}

impl Passage {
    /// Segundos, do começo à última fatia contada.
    pub fn seconds(&self) -> f64 {
        self.answers.iter().map(|(_, piece)| piece.end).fold(self.start, f64::max)
            - self.start
    }

    /// Quantas fatias cada processo contou, da maior parte à menor.
    pub fn hands(&self) -> Vec<usize> {
        let mut hands: Vec<usize> =
            self.by_process().values().map(|(slices, _)| *slices).collect();
        hands.sort_unstable_by(|a, b| b.cmp(a));
        hands
    }

    /// Os trechos, para a linha do tempo.
    pub fn spans(&self) -> Vec<Span> {
        let pieces: Vec<_> =
            self.answers.iter().map(|(_, piece)| piece.clone()).collect();
        spans("queue", &pieces, self.start)
    }

    /// Se cada uma das `slices` fatias voltou uma vez só, e a soma é `total`.
    fn is_exact(&self, slices: usize, total: u64) -> bool {
        let mut numbers: Vec<usize> =
            self.answers.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        let sum: u64 = self.answers.iter().map(|(_, piece)| piece.value).sum();
        numbers.into_iter().eq(0..slices) && sum == total
    }

    /// O tempo de processador de quem menos trabalhou, sobre a parte igual de cada um.
    fn least_share(&self, workers: usize) -> f64 {
        let by_process = self.by_process();
        if by_process.len() < workers {
            return 0.0;
        }
        let least = by_process.values().map(|(_, busy)| *busy).fold(f64::MAX, f64::min);
        least * workers as f64 / self.busy()
    }

    fn busy(&self) -> f64 {
        self.answers.iter().map(|(_, piece)| piece.cpu_seconds).sum()
    }

    /// De cada processo, quantas fatias contou e em quantos segundos de processador.
    fn by_process(&self) -> BTreeMap<u32, (usize, f64)> {
        let mut all: BTreeMap<u32, (usize, f64)> = BTreeMap::new();
        for (_, piece) in &self.answers {
            let (slices, busy) = all.entry(piece.pid).or_default();
            *slices += 1;
            *busy += piece.cpu_seconds;
        }
        all
    }
}

/// O que devia voltar, e quem devia contar.
pub struct Plan {
    /// Quantas fatias entraram na fila.
    pub slices: usize,
    /// A soma certa.
    pub total: u64,
    /// Quantos trabalhadores tiravam dela.
    pub workers: usize,
    /// Núcleos desta máquina.
    pub cores: usize,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

/// 6.C1: confirmada se, em todas as passagens, cada fatia foi contada uma vez só, e todos os trabalhadores tiveram
/// uma parte justa do trabalho.
pub fn fed_by_a_queue(passages: &[Passage], plan: &Plan) -> Claim {
    let text = "Os trabalhadores podem ser alimentados por uma fila.";
    let exact =
        passages.iter().filter(|passage| passage.is_exact(plan.slices, plan.total));
    let exact = exact.count();
    let shares: Vec<f64> =
        passages.iter().map(|passage| passage.least_share(plan.workers)).collect();
    let shares = Estimate::of(&shares);
    let all_back = Judgement::observed(exact == passages.len());
    let judgement = all_back.and(sharing(passages, plan, shares));
    let shared = match plan.workers {
        1 => "com um trabalhador só não há o que repartir".to_owned(),
        workers => format!(
            "de {workers} trabalhadores, o que menos trabalhou fez {} da parte igual ({} a {})",
            percent(shares.median),
            percent(shares.low),
            percent(shares.high),
        ),
    };
    let evidence = format!(
        "em {exact} de {} passagens, cada uma das {} fatias foi contada uma vez só, e a soma são os {} primos; {shared}",
        passages.len(),
        plan.slices,
        integer(plan.total),
    );
    Claim::judged("6.C1", text, judgement, evidence)
}

/// Se o trabalho se repartiu. Com mais trabalhadores do que núcleos, quem reparte o tempo é o sistema; com um só,
/// ou com uma conta pequena demais, não há o que repartir.
fn sharing(passages: &[Passage], plan: &Plan, shares: Estimate) -> Judgement {
    let Plan { workers, cores, others, .. } = *plan;
    let is_heavy =
        passages.iter().all(|passage| is_worth_sharing(passage.busy(), workers));
    let fed = Judgement::of(shares, FED);
    // Outros programas podem tirar o processador de um trabalhador, mas não dar-lhe trabalho feito.
    let others = if fed.verdict == Verdict::Confirmed { 0.0 } else { others };
    fed.timed(others)
        .needs(is_heavy, || TOO_SMALL)
        .needs(workers <= cores, || {
            "há mais trabalhadores do que núcleos, e quem reparte o tempo é o sistema; meça com menos --trabalhadores"
        })
        .needs_two_cores(cores.min(workers))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { slices: 4, total: 40, workers: 2, cores: 2, others: 0.0 };

    /// Cada fatia: o número, o processo e os segundos de processador.
    fn passage(slices: &[(usize, u32, f64)]) -> Passage {
        let piece = |pid, cpu_seconds| Piece {
            value: 10,
            pid,
            tid: pid,
            cpu: 0,
            start: 1.0,
            end: 2.0,
            cpu_seconds,
        };
        let answers =
            slices.iter().map(|&(number, pid, busy)| (number, piece(pid, busy)));
        Passage { start: 0.5, answers: answers.collect() }
    }

    fn verdict(slices: &[(usize, u32, f64)], plan: &Plan) -> Option<Verdict> {
        let passages: Vec<_> = (0..8).map(|_| passage(slices)).collect();
        fed_by_a_queue(&passages, plan).verdict
    }

    const SHARED: [(usize, u32, f64); 4] =
        [(0, 7, 0.1), (2, 8, 0.1), (1, 7, 0.1), (3, 8, 0.1)];

    #[test]
    fn every_slice_once_and_a_fair_share_for_all_confirm() {
        assert_eq!(verdict(&SHARED, &PLAN), Some(Verdict::Confirmed));
        assert_eq!(passage(&SHARED).hands(), [2, 2]);
        assert_eq!(passage(&SHARED).seconds(), 1.5);
    }

    #[test]
    fn a_lost_a_repeated_or_a_wrong_slice_refutes() {
        assert_eq!(verdict(&SHARED[..3], &PLAN), Some(Verdict::Refuted));
        let repeated = [SHARED[0], SHARED[0], SHARED[1], SHARED[2]];
        assert_eq!(verdict(&repeated, &PLAN), Some(Verdict::Refuted));
        assert_eq!(
            verdict(&SHARED, &Plan { total: 41, ..PLAN }),
            Some(Verdict::Refuted)
        );
    }

    #[test]
    fn one_worker_doing_everything_refutes() {
        let alone = SHARED.map(|(number, _, busy)| (number, 7, busy));
        assert_eq!(verdict(&alone, &PLAN), Some(Verdict::Refuted));
        let watching = [(0, 7, 0.1), (1, 7, 0.1), (2, 7, 0.1), (3, 8, 0.01)];
        assert_eq!(verdict(&watching, &PLAN), Some(Verdict::Refuted));
    }

    #[test]
    fn a_worker_fed_by_little_is_not_a_refutation() {
        let little = [(0, 7, 0.1), (1, 7, 0.1), (2, 7, 0.1), (3, 8, 0.04)];
        assert_eq!(verdict(&little, &PLAN), Some(Verdict::Inconclusive));
    }

    #[test]
    fn what_cannot_be_shared_decides_nothing() {
        let small = SHARED.map(|(number, pid, _)| (number, pid, 0.001));
        assert_eq!(verdict(&small, &PLAN), Some(Verdict::Inconclusive));
        for plan in [Plan { cores: 1, ..PLAN }, Plan { workers: 1, ..PLAN }] {
            assert_eq!(verdict(&SHARED, &plan), Some(Verdict::Inconclusive));
        }
    }

    #[test]
    fn a_busy_machine_can_take_work_away_but_not_give_it() {
        let busy = Plan { others: 0.5, ..PLAN };
        assert_eq!(verdict(&SHARED, &busy), Some(Verdict::Confirmed));
        let alone = SHARED.map(|(number, _, spent)| (number, 7, spent));
        assert_eq!(verdict(&alone, &busy), Some(Verdict::Inconclusive));
        assert_eq!(verdict(&SHARED[..3], &busy), Some(Verdict::Refuted));
    }
}

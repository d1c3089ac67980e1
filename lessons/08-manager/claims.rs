//! O que as notas afirmam do Manager, e como a afirmação é decidida.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use licoes::measure::tally::Tally;
use registro::format::integer;
use registro::judge::Judgement;
use registro::record::Claim;

/// O que está anotado em cada chave.
pub type Notes = BTreeMap<String, u64>;

/// Uma estrutura, vista de cada processo que a usou.
#[derive(Clone, Debug)]
pub struct Board {
    /// O processo principal, que a criou.
    pub here: u32,
    /// O servidor, que a guarda.
    pub server: u32,
    /// Os que escreveram nela.
    pub writers: Vec<u32>,
    /// Um que só leu, e por fim deixou a soma do que leu.
    pub witness: u32,
    /// O que cada um disse ter escrito: devolvido por `join`, e não pela estrutura.
    pub written: Notes,
    /// O que o processo principal leu.
    pub seen_here: Notes,
    /// O que a testemunha leu.
    pub seen_by_witness: Notes,
    /// A soma que a testemunha deixou, lida pelo processo principal.
    pub sum: Option<u64>,
    /// Quantos primos há: a resposta dos seis modelos.
    pub primes: u64,
}

impl Board {
    /// Se havia mesmo processos diferentes: o principal, o servidor, a testemunha e cada escritor.
    fn are_strangers(&self) -> bool {
        let all: Vec<u32> = [self.here, self.server, self.witness]
            .into_iter()
            .chain(self.writers.iter().copied())
            .collect();
        !self.writers.is_empty()
            && all.iter().collect::<BTreeSet<_>>().len() == all.len()
    }

    /// Se todo o escrito foi visto, igual, e nos dois sentidos.
    fn is_whole(&self) -> bool {
        self.seen_here == self.written
            && self.seen_by_witness == self.written
            && self.written.values().sum::<u64>() == self.primes
            && self.sum == Some(self.primes)
    }
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writers: Vec<String> =
            self.writers.iter().take(4).map(u32::to_string).collect();
        let more = if self.writers.len() > 4 { ", …" } else { "" };
        write!(
            f,
            "{} chaves escritas pelos processos {}{more}; lidas pelo {}, que não escreveu nenhuma; \
             guardadas no {}. Este é o {}",
            self.written.len(),
            writers.join(", "),
            self.witness,
            self.server,
            self.here,
        )
    }
}

/// 8.C1: confirmada se tudo o que os processos escreveram foi visto igual pelo principal e por um terceiro, se o que
/// o terceiro escreveu voltou, e se nenhum `update` se perdeu. O `get` seguido de `insert` serve de controle: se nem
/// ele perdeu uma soma, os processos não chegaram a se encontrar, e o `update` não foi posto à prova.
pub fn processes_share_a_structure(
    board: &Board,
    get_insert: &Tally,
    update: &Tally,
) -> Claim {
    let text = "Um Manager permite que processos compartilhem uma estrutura.";
    let judgement = Judgement::observed(board.is_whole() && update.is_exact())
        .confirms_only_if(!get_insert.is_exact(), || {
            "nem o get seguido de insert, o controle, perdeu uma soma: os processos não se encontraram; meça de \
             novo, com mais --repeticoes"
        })
        .confirms_only_if(board.are_strangers(), || {
            "dois dos papéis couberam ao mesmo processo; meça de novo, com dois trabalhadores ou mais"
        });
    let losses = |tally: &Tally| match tally.lost() as u64 {
        _ if tally.is_exact() => "não perdeu nenhuma".to_owned(),
        lost => format!("perdeu {} de cada {}", integer(lost), integer(tally.expected)),
    };
    let evidence = format!(
        "{} de {} chaves vistas iguais pelo principal e por um terceiro processo; em {} × {} somas, \
         update {}, e get seguido de insert {}",
        agreed(board),
        board.written.len(),
        update.counted.len(),
        integer(update.expected),
        losses(update),
        losses(get_insert),
    );
    Claim::judged("8.C1", text, judgement, evidence)
}

/// Quantas chaves os dois leitores viram como foram escritas.
fn agreed(board: &Board) -> usize {
    let seen = |key: &String, value: &u64| {
        board.seen_here.get(key) == Some(value)
            && board.seen_by_witness.get(key) == Some(value)
    };
    board.written.iter().filter(|(key, value)| seen(key, value)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    fn board() -> Board {
        let written =
            BTreeMap::from([("fatia 0".to_owned(), 15), ("fatia 1".to_owned(), 10)]);
        Board {
            here: 1,
            server: 2,
            writers: vec![3, 4],
            witness: 5,
            seen_here: written.clone(),
            seen_by_witness: written.clone(),
            written,
            sum: Some(25),
            primes: 25,
        }
    }

    fn tally(counted: &[u64]) -> Tally {
        Tally {
            expected: 100,
            counted: counted.to_vec(),
            seconds: vec![1.0; counted.len()],
        }
    }

    fn verdict(board: &Board, get_insert: &[u64], update: &[u64]) -> Option<Verdict> {
        processes_share_a_structure(board, &tally(get_insert), &tally(update)).verdict
    }

    #[test]
    fn all_that_was_written_is_seen_and_no_update_is_lost() {
        assert_eq!(
            verdict(&board(), &[60, 100], &[100, 100]),
            Some(Verdict::Confirmed)
        );
    }

    #[test]
    fn a_key_missing_or_different_in_any_process_refutes() {
        let refuted = |change: fn(&mut Board)| {
            let mut changed = board();
            change(&mut changed);
            assert_eq!(verdict(&changed, &[60], &[100]), Some(Verdict::Refuted));
        };
        refuted(|board| {
            board.seen_here.remove("fatia 1");
        });
        refuted(|board| {
            board.seen_by_witness.remove("fatia 0");
        });
        refuted(|board| {
            board.seen_by_witness.insert("fatia 0".to_owned(), 14);
        });
        refuted(|board| board.sum = None);
        refuted(|board| board.sum = Some(24));
        refuted(|board| board.primes = 26);
    }

    #[test]
    fn one_lost_update_refutes() {
        assert_eq!(verdict(&board(), &[60], &[100, 99]), Some(Verdict::Refuted));
    }

    #[test]
    fn without_other_processes_or_without_a_clash_nothing_is_decided() {
        let alone = Board { writers: vec![1, 4], ..board() };
        assert_eq!(verdict(&alone, &[60], &[100]), Some(Verdict::Inconclusive));
        let nobody = Board { writers: vec![], ..board() };
        assert_eq!(verdict(&nobody, &[60], &[100]), Some(Verdict::Inconclusive));
        assert_eq!(verdict(&board(), &[100, 100], &[100]), Some(Verdict::Inconclusive));
    }
}

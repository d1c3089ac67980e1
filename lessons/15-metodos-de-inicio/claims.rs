//! O que se afirma dos métodos de início, e como cada afirmação é decidida.

use licoes::measure::birth::METHODS;
use multiprocessamento::Error;
use registro::format::{integer, times};
use registro::judge::{COSTS_MORE, Judgement, Ruler};
use registro::record::Claim;
use registro::stats::Estimate;

use crate::inheritance::{AT_FIRST, Family};
use crate::locked::{Attempt, Outcomes};

/// O que separa um custo que cresce com a memória do pai de um que não cresce. Da menor memória à maior ela cresce
/// dezenas de vezes: um custo que vem dela passa do dobro com folga, e um que nem dobra vem de outra coisa.
const GROWS: Ruler = COSTS_MORE.named("o tempo do fork");
const DOES_NOT_GROW: Ruler = Ruler::below(2.0).from(1.25).named("o tempo dos outros");

/// 15.C1: confirmada se, em todas as famílias, a cópia viu a memória que o pai mudou, e os outros dois, a de um
/// programa que acaba de começar.
pub fn fork_copies_the_rest_begin_anew(families: &[Family]) -> Claim {
    let text = "O fork copia a memória do pai; o spawn e o forkserver começam do zero.";
    // Um pai que não mudou nada não se distingue de um programa que começa.
    let changed = families.iter().all(|family| !family.parent.is_fresh());
    let holds = |Family { parent, children: [copy, server, new] }: &Family| {
        copy.has_memory_of(parent) && server.is_fresh() && new.is_fresh()
    };
    let tested = changed && !families.is_empty();
    let judgement = Judgement::observed(families.iter().all(holds)).needs(
        tested,
        || "o pai não chegou a mudar a sua memória, e nada se distingue; meça de novo",
    );
    let evidence = match families.first() {
        None => "nenhum filho nasceu".to_owned(),
        Some(Family { parent, children }) => {
            let seen = METHODS.iter().zip(children);
            let seen =
                seen.map(|((_, id), child)| format!("{} por {id}", child.global));
            format!(
                "a global que o pai mudou de {AT_FIRST} para {} valia {}; igual em {} famílias",
                parent.global,
                seen.collect::<Vec<_>>().join(", "),
                families.iter().filter(|family| holds(family)).count(),
            )
        }
    };
    Claim::judged("15.C1", text, judgement, evidence)
}

/// O que se mediu do nascimento, com o pai usando cada vez mais memória.
pub struct Births {
    /// Os tamanhos, em MiB, do menor ao maior.
    pub mebibytes: Vec<usize>,
    /// Segundos: por repetição, por tamanho, por método, na ordem de [`METHODS`].
    pub seconds: Vec<Vec<[f64; 3]>>,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

impl Births {
    /// Quantas vezes mais custa nascer com a maior memória do que com a menor.
    fn growth(&self, method: usize) -> Estimate {
        let ratio =
            |sizes: &Vec<[f64; 3]>| sizes[sizes.len() - 1][method] / sizes[0][method];
        Estimate::of(&self.seconds.iter().map(ratio).collect::<Vec<_>>())
    }
}

/// 15.C2: confirmada se, da menor memória à maior, o custo do fork pelo menos dobra e o dos outros cresce menos de um quarto.
pub fn only_fork_pays_for_memory(births: &Births) -> Claim {
    let text = "O custo do fork cresce com a memória do pai; o do spawn e o do forkserver, não.";
    let growth = [0, 1, 2].map(|method| births.growth(method));
    let judgement = Judgement::of(growth[0], GROWS)
        .and(Judgement::of(growth[1], DOES_NOT_GROW))
        .and(Judgement::of(growth[2], DOES_NOT_GROW));
    let shown = METHODS
        .iter()
        .zip(growth)
        .map(|((_, id), growth)| format!("o tempo do {id} ficou {}", times(growth)));
    let evidence = format!(
        "de {} a {} MiB no pai: {}",
        births.mebibytes.first().map_or(0, |size| *size),
        integer(births.mebibytes.last().map_or(0, |size| *size) as u64),
        shown.collect::<Vec<_>>().join("; ")
    );
    Claim::judged("15.C2", text, judgement.timed(births.others), evidence)
}

/// 15.C3: confirmada se, no Python, todo filho por fork travou com a trava na mão de outra thread, e nenhum sem ela ou
/// por outro método. O que esta biblioteca faz, recusar o fork e só o fork, é mostrado ao lado, e não se julga: a frase não
/// fala dela.
pub fn a_fork_with_threads_can_hang(attempts: &[Attempt], here: &Outcomes) -> Claim {
    let text = "Num fork com threads, a trava que outra thread segurava fica fechada para \
                sempre no filho.";
    let (locked, free): (Vec<&Attempt>, Vec<&Attempt>) =
        attempts.iter().partition(|one| one.held && one.method == "fork");
    let hung = locked.iter().filter(|one| !one.finished).count();
    let finished = free.iter().filter(|one| one.finished).count();
    let refused = matches!(here[0], Err(Error::ForkWithThreads { .. }));
    let judgement = Judgement::observed(hung == locked.len())
        .confirms_only_if(finished == free.len(), || {
            "também travaram filhos a que nada faltava, e outra coisa os prende; meça de novo"
        })
        .needs(!locked.is_empty() && !free.is_empty(), || {
            "faltou um Python que tentasse; instale o python3, ou diga onde há um com --python"
        });
    let evidence = match locked.len() {
        0 => format!("aqui, o fork foi {}", outcome(refused)),
        all => format!(
            "no Python, travaram {hung} de {all} filhos por fork com a trava na mão de outra thread, e \
             {} de {} dos outros; aqui, o fork foi {}",
            free.len() - finished,
            free.len(),
            outcome(refused)
        ),
    };
    Claim::judged("15.C3", text, judgement, evidence)
}

fn outcome(refused: bool) -> &'static str {
    if refused { "recusado" } else { "aceito" }
}

/// Quanto custa a mais, no fork, cada MiB do pai, em microssegundos.
pub fn price_of_a_mebibyte(births: &Births) -> f64 {
    let (first, last) =
        (births.mebibytes[0], births.mebibytes[births.mebibytes.len() - 1]);
    let price = |sizes: &Vec<[f64; 3]>| {
        1e6 * (sizes[sizes.len() - 1][0] - sizes[0][0]) / (last - first) as f64
    };
    Estimate::of(&births.seconds.iter().map(price).collect::<Vec<_>>()).median
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inheritance::View;
    use registro::record::Verdict;

    fn view(global: u64) -> View {
        let list = if global == AT_FIRST { vec![] } else { vec![global] };
        View { global, list, folder: "/".into(), open_files: 0 }
    }

    fn first(globals: [u64; 4]) -> Option<Verdict> {
        let [parent, copy, server, new] = globals.map(view);
        let family = Family { parent, children: [copy, server, new] };
        fork_copies_the_rest_begin_anew(&[family]).verdict
    }

    #[test]
    fn a_copy_beside_two_that_begin_confirms_and_any_other_family_refutes() {
        assert_eq!(first([42, 42, 1, 1]), Some(Verdict::Confirmed));
        for globals in [[42, 1, 1, 1], [42, 42, 42, 1], [42, 42, 1, 42], [42, 7, 1, 1]]
        {
            assert_eq!(first(globals), Some(Verdict::Refuted), "{globals:?}");
        }
    }

    #[test]
    fn a_parent_that_changed_nothing_decides_nothing() {
        assert_eq!(first([1, 1, 1, 1]), Some(Verdict::Inconclusive));
        let none = fork_copies_the_rest_begin_anew(&[]).verdict;
        assert_eq!(none, Some(Verdict::Inconclusive));
    }

    fn second(growth: [f64; 3], others: f64) -> Option<Verdict> {
        let sizes = vec![[1e-3; 3], growth.map(|growth| growth * 1e-3)];
        let births =
            Births { mebibytes: vec![1, 256], seconds: vec![sizes; 8], others };
        only_fork_pays_for_memory(&births).verdict
    }

    #[test]
    fn a_fork_that_alone_grows_confirms() {
        assert_eq!(second([20.0, 1.0, 1.1], 0.0), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_fork_that_does_not_grow_or_another_that_does_refutes() {
        for growth in [[1.0, 1.0, 1.0], [20.0, 4.0, 1.0], [20.0, 1.0, 4.0]] {
            assert_eq!(second(growth, 0.0), Some(Verdict::Refuted), "{growth:?}");
        }
    }

    #[test]
    fn a_spawn_that_grows_a_little_is_neither_one_nor_the_other() {
        assert_eq!(second([20.0, 1.6, 1.0], 0.0), Some(Verdict::Inconclusive));
    }

    #[test]
    fn a_fork_that_grows_a_little_is_not_a_refutation() {
        assert_eq!(second([1.5, 1.0, 1.0], 0.0), Some(Verdict::Inconclusive));
    }

    #[test]
    fn a_busy_machine_decides_nothing_about_times() {
        assert_eq!(second([20.0, 1.0, 1.0], 0.5), Some(Verdict::Inconclusive));
    }

    fn third(locked: bool, free: bool, spawned: bool) -> Option<Verdict> {
        let attempt = |method: &str, held, finished| Attempt {
            method: method.to_owned(),
            held,
            finished,
        };
        let attempts = [
            attempt("fork", true, locked),
            attempt("fork", false, free),
            attempt("spawn", true, spawned),
        ];
        let here = [Err(Error::ForkWithThreads { threads: 2 }), Ok(()), Ok(())];
        a_fork_with_threads_can_hang(&attempts, &here).verdict
    }

    #[test]
    fn only_the_locked_fork_hanging_confirms() {
        assert_eq!(third(false, true, true), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_locked_fork_that_finishes_refutes() {
        assert_eq!(third(true, true, true), Some(Verdict::Refuted));
    }

    #[test]
    fn without_python_or_when_everyone_hangs_nothing_is_decided() {
        assert_eq!(third(false, false, true), Some(Verdict::Inconclusive));
        assert_eq!(third(false, true, false), Some(Verdict::Inconclusive));
        let here = [Err(Error::ForkWithThreads { threads: 2 }), Ok(()), Ok(())];
        let none = a_fork_with_threads_can_hang(&[], &here).verdict;
        assert_eq!(none, Some(Verdict::Inconclusive));
    }
}

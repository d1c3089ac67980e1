//! O que as notas afirmam do isolamento, e como cada afirmação é decidida.

use registro::format::integer;
use registro::judge::Judgement;
use registro::legend::label;
use registro::record::Claim;

use crate::belongings::{Belongings, Visit};
use crate::fall::Fall;
use crate::legend::LEGEND;
use crate::sharing::Trip;
use crate::stray::Damage;
use crate::who::Who;

/// 5.C1: confirmada se um processo, novo ou copiado, muda tudo o que é seu e o dono não vê mudar nada.
/// Uma thread serve de contraste: dela, o dono vê tudo.
pub fn nothing_is_shared(visits: &[Visit]) -> Claim {
    let text = "Processos não compartilham memória por padrão.";
    let everyone_meddled =
        visits.iter().all(|visit| visit.made().len() == Belongings::KINDS);
    let leaks = |who| {
        let visit = visits.iter().find(|visit| visit.who == who);
        visit.map_or(0, |visit| visit.leaked().len())
    };
    let [thread, copy, new] = Who::ALL.map(leaks);
    // Sem mudança, ou sem ver as da thread, não ver as dos processos não quer dizer nada.
    let tested = everyone_meddled && thread == Belongings::KINDS;
    let judgement = Judgement::observed(copy + new == 0).needs(tested, || {
        "nem as mudanças da thread, o contraste, foram todas vistas, e nada se prova; meça de novo"
    });
    let limit = match visits.iter().any(|v| v.who == Who::Copy && v.moved_the_file()) {
        true => {
            "; só a posição de um arquivo já aberto, que é do sistema, os dois dividem"
        }
        false => "",
    };
    let evidence = format!(
        "das {} coisas que cada um mudou, o dono viu {thread} da thread, {copy} da cópia (fork) e {new} do \
         processo novo (spawn){limit}",
        Belongings::KINDS
    );
    Claim::judged("5.C1", text, judgement, evidence)
}

/// 5.C2: mais estável e mais seguro, os dois em todas as rodadas.
pub fn safer_and_more_stable(falls: &[[Fall; 3]], damages: &[[Damage; 3]]) -> Claim {
    let text = "Isso melhora a segurança e a estabilidade.";
    let judgement = more_stable(falls).and(safer(damages));
    let lost = |model: usize| {
        let lost = falls.iter().map(|round| round[model].fate.lost());
        lost.max().unwrap_or(0)
    };
    let spoiled = |is_thread: bool| {
        let wrong = |damage: &&Damage| damage.fate().wrong > 0;
        damages
            .iter()
            .flatten()
            .filter(|damage| (damage.who == Who::Thread) == is_thread)
            .filter(wrong)
            .count()
    };
    let evidence = format!(
        "um abort custou até {} respostas com threads, {} com processos e {} com o pool; um ponteiro errado \
         mudou a soma do dono em {} de {} escritas de threads, e em {} de {} escritas de outros processos",
        lost(0),
        lost(1),
        lost(2),
        spoiled(true),
        damages.len(),
        spoiled(false),
        2 * damages.len(),
    );
    Claim::judged("5.C2", text, judgement, evidence)
}

/// Com isolamento perde-se só o que estava na mão de quem abortou; sem ele, também o dos outros.
fn more_stable(falls: &[[Fall; 3]]) -> Judgement {
    let took_others = |fall: &Fall| fall.fate.lost() > fall.in_hand;
    let holds = |[threads, processes, pool]: &[Fall; 3]| {
        took_others(threads) && !took_others(processes) && !took_others(pool)
    };
    let tested =
        !falls.is_empty() && falls.iter().flatten().all(|fall| fall.fate.died > 0);
    Judgement::observed(falls.iter().all(holds)).needs(
        tested,
        || "algum abort não derrubou ninguém, e não houve o que perder; meça de novo",
    )
}

/// Um processo que escreve por um ponteiro do outro não muda o que é do outro. A thread serve de contraste, e
/// a cópia tem que ter estragado a si mesma: sem isso, a escrita não aconteceu.
fn safer(damages: &[[Damage; 3]]) -> Judgement {
    let intact = |damage: &Damage| damage.fate().wrong == 0;
    let fired = |[thread, copy, _]: &[Damage; 3]| {
        !intact(thread) && (copy.writer_saw == Some(0) || copy.writer_died)
    };
    let tested = !damages.is_empty() && damages.iter().all(fired);
    let unharmed = damages.iter().all(|[_, copy, new]| intact(copy) && intact(new));
    Judgement::observed(unharmed).needs(tested, || {
        "alguma escrita errada não aconteceu, nem na thread, o contraste; meça de novo"
    })
}

/// 5.C3: confirmada se, de processo para processo, nada chega sem mecanismo e tudo chega com cada um deles.
/// A global com threads serve de contraste.
pub fn sharing_needs_a_mechanism(trips: &[Trip], expected: u64) -> Claim {
    let text = "Se for necessário compartilhar dados, são precisos mecanismos explícitos de comunicação, como Queue, Pipe ou Manager.";
    let arrived =
        |way| trips.iter().find(|trip| trip.way == way).map(|trip| trip.arrived);
    let mechanisms = || trips.iter().filter(|trip| trip.is_a_mechanism());
    let only_by_them = arrived("processes") == Some(0)
        && mechanisms().all(|trip| trip.arrived == expected);
    let tested = arrived("threads") == Some(expected) && mechanisms().count() > 0;
    let judgement = Judgement::observed(only_by_them).needs(tested, || {
        "a global falhou até com threads, o contraste, e nada se prova dos processos; meça de novo"
    });
    let by = mechanisms()
        .map(|trip| format!("{}, {}", label(LEGEND, trip.way), integer(trip.arrived)));
    let evidence = format!(
        "dos {} primos que os filhos contaram chegaram, pela global, {}; por {}",
        integer(expected),
        arrived("processes").map_or_else(|| "—".to_owned(), integer),
        by.collect::<Vec<_>>().join("; por ")
    );
    Claim::judged("5.C3", text, judgement, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::fate::Fate;
    use registro::record::Verdict;

    fn things(global: u64, touched: bool) -> Belongings {
        Belongings {
            global,
            list: vec![1; usize::from(touched)],
            folder: if touched { "/proc" } else { "/" }.into(),
            open_files: usize::from(touched),
            position: 0,
        }
    }

    fn visits(threads: bool, copy: bool, new: bool) -> Vec<Visit> {
        let meddled =
            |touched| [things(100, false), things(100 + u64::from(touched), touched)];
        Who::ALL
            .into_iter()
            .zip([threads, copy, new])
            .map(|(who, leaks)| Visit {
                who,
                meddler: meddled(true),
                owner: meddled(leaks),
            })
            .collect()
    }

    fn first(visits: &[Visit]) -> Option<Verdict> {
        nothing_is_shared(visits).verdict
    }

    #[test]
    fn an_owner_that_sees_only_the_thread_confirms_and_any_leak_refutes() {
        assert_eq!(first(&visits(true, false, false)), Some(Verdict::Confirmed));
        assert_eq!(first(&visits(true, true, false)), Some(Verdict::Refuted));
        assert_eq!(first(&visits(true, false, true)), Some(Verdict::Refuted));
        let mut one_folder = visits(true, false, false);
        one_folder[2].owner[1].folder = "/proc".into();
        assert_eq!(first(&one_folder), Some(Verdict::Refuted));
    }

    #[test]
    fn without_the_contrast_of_the_thread_or_the_changes_nothing_is_decided() {
        assert_eq!(first(&visits(false, false, false)), Some(Verdict::Inconclusive));
        let mut idle = visits(true, false, false);
        idle[1].meddler = [things(100, false), things(100, false)];
        assert_eq!(first(&idle), Some(Verdict::Inconclusive));
    }

    fn fall(lost: usize, in_hand: usize) -> Fall {
        let fate =
            Fate { asked: 64, right: 64 - lost, wrong: 0, processes: 2, died: 1 };
        Fall { fate, in_hand, counted_and_lost: 0 }
    }

    fn damage(who: Who, hit: bool) -> Damage {
        let writer_saw = (who != Who::NewProcess).then_some(0);
        let after = vec![4, if hit { 0 } else { 3 }];
        Damage { who, right: vec![4, 3], after, writer_saw, writer_died: false }
    }

    fn falls(threads: usize, processes: usize, pool: usize) -> [Fall; 3] {
        [fall(threads, 32), fall(processes, 32), fall(pool, 1)]
    }

    fn damages(hits: [bool; 3]) -> [Damage; 3] {
        let [thread, copy, new] = Who::ALL;
        [damage(thread, hits[0]), damage(copy, hits[1]), damage(new, hits[2])]
    }

    const ISOLATED: [bool; 3] = [true, false, false];

    fn second(falls: &[[Fall; 3]], damages: &[[Damage; 3]]) -> Option<Verdict> {
        safer_and_more_stable(falls, damages).verdict
    }

    #[test]
    fn losing_only_what_was_in_hand_and_keeping_the_sum_confirms() {
        let verdict = second(&[falls(64, 32, 1)], &[damages(ISOLATED)]);
        assert_eq!(verdict, Some(Verdict::Confirmed));
    }

    #[test]
    fn losing_what_others_had_or_a_spoiled_sum_refutes() {
        for round in [falls(64, 33, 1), falls(64, 32, 2), falls(32, 32, 1)] {
            let verdict = second(&[falls(64, 32, 1), round], &[damages(ISOLATED)]);
            assert_eq!(verdict, Some(Verdict::Refuted), "{round:?}");
        }
        for hits in [[true, true, false], [true, false, true]] {
            let verdict =
                second(&[falls(64, 32, 1)], &[damages(ISOLATED), damages(hits)]);
            assert_eq!(verdict, Some(Verdict::Refuted), "{hits:?}");
        }
    }

    #[test]
    fn a_shot_that_did_not_go_off_decides_nothing() {
        let alive = falls(0, 0, 0)
            .map(|fall| Fall { fate: Fate { died: 0, ..fall.fate }, ..fall });
        assert_eq!(second(&[alive], &[damages(ISOLATED)]), Some(Verdict::Inconclusive));
        let good = [falls(64, 32, 1)];
        assert_eq!(second(&good, &[damages([false; 3])]), Some(Verdict::Inconclusive));
        let mut harmless_copy = damages(ISOLATED);
        harmless_copy[1].writer_saw = None;
        assert_eq!(second(&good, &[harmless_copy]), Some(Verdict::Inconclusive));
        assert_eq!(second(&[], &[]), Some(Verdict::Inconclusive));
    }

    fn third(
        threads: u64,
        processes: u64,
        queue: u64,
        manager: u64,
    ) -> Option<Verdict> {
        let ways = [
            ("threads", threads),
            ("processes", processes),
            ("queue", queue),
            ("manager", manager),
        ];
        let trips = ways.map(|(way, arrived)| Trip { way, arrived });
        sharing_needs_a_mechanism(&trips, 100).verdict
    }

    #[test]
    fn what_arrives_only_by_mechanisms_confirms() {
        assert_eq!(third(100, 0, 100, 100), Some(Verdict::Confirmed));
    }

    #[test]
    fn what_arrives_without_one_or_not_by_one_refutes() {
        assert_eq!(third(100, 100, 100, 100), Some(Verdict::Refuted));
        assert_eq!(third(100, 40, 100, 100), Some(Verdict::Refuted));
        assert_eq!(third(100, 0, 60, 100), Some(Verdict::Refuted));
    }

    #[test]
    fn a_global_that_fails_even_for_threads_decides_nothing() {
        assert_eq!(third(60, 0, 100, 100), Some(Verdict::Inconclusive));
    }
}

//! O que o capítulo afirma dos ranks do MPI, e como cada afirmação é decidida.

use registro::format::{count, decimal, seconds, times};
use registro::judge::{Judgement, Ruler};
use registro::record::Claim;
use registro::stats::Estimate;

/// O tempo dos ranks sobre o do Pool. Mais rápido, neste caderno, é quem ganha um décimo: abaixo disto, eles terminariam
/// antes. A metade de um décimo é a variação de uma repetição para a outra.
const NO_FASTER: Ruler = Ruler::above(1.0 / 1.1).from(1.0 / 1.05);

/// A ida e volta até o outro host sobre a que não sai da máquina. O dobro está na frase.
const FARTHER: Ruler = Ruler::above(2.0);

/// O que se mediu sobre o que se previa. A previsão tem só duas contas, e não conhece o despertar de ninguém; errar por
/// mais do que o dobro, para um lado ou para o outro, já é prever outra coisa.
const NOT_LESS: Ruler =
    Ruler::above(0.5).from(0.75).named("aceleração sobre a prevista");
const NOT_MORE: Ruler =
    Ruler::below(2.0).from(1.33).named("aceleração sobre a prevista");

const WITHOUT: &str = "esta lição foi compilada sem o MPI; rode-a com --features mpi";

/// O que se mediu; o que falta não pôde ser medido.
#[derive(Default)]
pub struct Figures {
    /// Se os ranks responderam o que os outros modelos respondem.
    pub same: Option<Same>,
    /// O tempo dos ranks sobre o do Pool, na carga comum, com todos já de pé.
    pub against_pool: Option<Estimate>,
    /// A ida e volta entre dois hosts sobre a ida e volta num só, e quanto leva cada uma, em segundos.
    pub distance: Option<(Estimate, [f64; 2])>,
    /// O que a morte de um trabalhador levou.
    pub death: Option<Death>,
    /// A aceleração com cada vez mais ranks.
    pub scaling: Vec<Scaling>,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

/// As respostas dos ranks.
pub struct Same {
    /// Com todos nesta máquina.
    pub here: bool,
    /// Repartidos por dois hosts; ou por que não houve dois.
    pub there: Result<bool, String>,
}

/// Uma tarefa que derruba quem a faz: nos ranks e no Pool.
pub struct Death {
    /// O erro que a chamada devolveu; nada, se ela voltou como se nada fosse.
    pub told: Option<String>,
    /// Quantos processos do MPI havia, e quantos ficaram de pé.
    pub ranks: usize,
    /// Quantos deles ficaram de pé.
    pub left: usize,
    /// Segundos até que se soubesse.
    pub seconds: f64,
    /// Quantas respostas se pediram ao Pool.
    pub asked: usize,
    /// Quantas ele deu.
    pub answered: usize,
}

/// A aceleração com um número de ranks.
pub struct Scaling {
    /// Quantos trabalham.
    pub ranks: usize,
    /// A que se mediu.
    pub measured: Estimate,
    /// A que a conta previa.
    pub predicted: f64,
}

/// 18.C1: confirmada se a soma é a dos outros modelos, num host e em dois. Uma soma errada refuta; sem dois hosts, a
/// afirmação fica pela metade.
pub fn the_same_answers(figures: &Figures) -> Claim {
    let text =
        "A mesma chamada dá as mesmas respostas em ranks do MPI, num host e em dois.";
    let Some(Same { here, there }) = &figures.same else {
        return Claim::unmeasured("18.C1", text, WITHOUT);
    };
    let told =
        |same: bool| if same { "as mesmas respostas" } else { "outras respostas" };
    let (judgement, far) = match there {
        Ok(same) => (Judgement::observed(*same), format!("em dois, {}", told(*same))),
        Err(reason) => (
            Judgement::inconclusive(format!("dois hosts não houve: {reason}")),
            "em dois, não se sabe".to_owned(),
        ),
    };
    let evidence = format!("num host, {}; {far}", told(*here));
    Claim::judged("18.C1", text, Judgement::observed(*here).and(judgement), evidence)
}

/// 18.C2: confirmada se os ranks não ganham do Pool, com todos já de pé.
pub fn no_faster_on_one_machine(figures: &Figures) -> Claim {
    let text = "Numa máquina só, os ranks do MPI não terminam antes do Pool.";
    let Some(ratio) = figures.against_pool else {
        return Claim::unmeasured("18.C2", text, WITHOUT);
    };
    let judgement = Judgement::of(ratio, NO_FASTER).timed(figures.others);
    let evidence = format!(
        "com todos já de pé, os ranks levaram {} o tempo do Pool",
        times(ratio)
    );
    Claim::judged("18.C2", text, judgement, evidence)
}

/// 18.C3: confirmada se a ida e volta entre dois hosts leva pelo menos o dobro da que não sai da máquina.
pub fn another_host_is_farther(figures: &Figures) -> Claim {
    let text = "Um rank em outro host está mais longe: a ida e volta até ele leva mais do que o dobro.";
    let Some((ratio, [here, there])) = figures.distance else {
        let missing = match &figures.same {
            Some(Same { there: Err(reason), .. }) => reason,
            _ => WITHOUT,
        };
        return Claim::unmeasured("18.C3", text, missing);
    };
    let judgement = Judgement::of(ratio, FARTHER).timed(figures.others);
    let evidence = format!(
        "num host, {}; entre dois, {}: {}",
        seconds(here),
        seconds(there),
        times(ratio)
    );
    Claim::judged("18.C3", text, judgement, evidence)
}

/// 18.C4: confirmada se a morte de um rank encerra todos, com um erro, e a de um processo do Pool custa uma resposta.
/// São fatos, e não tempos: uma máquina ocupada não os muda.
pub fn a_dead_rank_takes_all(figures: &Figures) -> Claim {
    let text = "Um rank que morre leva o programa inteiro; um processo do Pool daqui, só o que ele fazia.";
    let Some(death) = &figures.death else {
        return Claim::unmeasured("18.C4", text, without_other_ranks(figures));
    };
    let ended = death.told.is_some() && death.left == 0;
    let judgement = Judgement::observed(ended && death.answered + 1 == death.asked);
    let evidence = format!(
        "dos {}, {}, e a chamada {} em {}; o Pool deu {} de {} respostas",
        count(death.ranks, "rank", "ranks"),
        if death.left == 0 {
            "nenhum ficou".to_owned()
        } else {
            count(death.left, "ficou", "ficaram")
        },
        if death.told.is_some() { "devolveu um erro" } else { "voltou sem erro" },
        seconds(death.seconds),
        death.answered,
        death.asked,
    );
    Claim::judged("18.C4", text, judgement, evidence)
}

/// 18.C5: confirmada se, com cada número de ranks, a aceleração é a prevista: a deles, até a que o rank 0 consegue
/// alimentar.
pub fn one_master_saturates(figures: &Figures) -> Claim {
    let text =
        "Mais ranks ajudam até que o rank 0 não dê conta de lhes entregar tarefas.";
    let Figures { scaling, others, .. } = figures;
    let Some(last) = scaling.last() else {
        return Claim::unmeasured("18.C5", text, without_other_ranks(figures));
    };
    let each = scaling.iter().map(|Scaling { measured, predicted, .. }| {
        let Estimate { median, low, high } = *measured;
        let ratio = Estimate {
            median: median / predicted,
            low: low / predicted,
            high: high / predicted,
        };
        Judgement::of(ratio, NOT_LESS).and(Judgement::of(ratio, NOT_MORE))
    });
    // Se nem com todos os ranks o rank 0 chegou ao limite, nada se viu dele.
    let reached = last.predicted < last.ranks as f64;
    let start = Judgement::observed(true).needs(reached, || {
        "nem com todos os ranks o rank 0 chegou ao que consegue alimentar, e nada se viu dele; meça com mais ranks"
    });
    let judgement = each.fold(start, Judgement::and).timed(*others);
    let point = |scaling: &Scaling| {
        let (measured, predicted) =
            (decimal(scaling.measured.median, 1), decimal(scaling.predicted, 1));
        format!("com {}, {measured} (previsto {predicted})", scaling.ranks)
    };
    let evidence = format!(
        "aceleração {}",
        scaling.iter().map(point).collect::<Vec<_>>().join("; ")
    );
    Claim::judged("18.C5", text, judgement, evidence)
}

/// Por que faltam medidas com outros números de ranks.
fn without_other_ranks(figures: &Figures) -> &'static str {
    match figures.same {
        Some(_) => {
            "o mpirun já criou os ranks deste programa; com cargo run, a lição cria outros"
        }
        None => WITHOUT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    fn around(median: f64) -> Estimate {
        Estimate { median, low: 0.97 * median, high: 1.03 * median }
    }

    fn scaling(ranks: usize, measured: f64, predicted: f64) -> Scaling {
        Scaling { ranks, measured: around(measured), predicted }
    }

    fn figures() -> Figures {
        Figures {
            same: Some(Same { here: true, there: Ok(true) }),
            against_pool: Some(around(1.1)),
            distance: Some((around(12.0), [1e-6, 12e-6])),
            death: Some(Death {
                told: Some("morreu".to_owned()),
                ranks: 3,
                left: 0,
                seconds: 0.5,
                asked: 64,
                answered: 63,
            }),
            scaling: vec![
                scaling(1, 1.0, 1.0),
                scaling(4, 3.9, 4.0),
                scaling(16, 7.6, 8.0),
            ],
            others: 0.0,
        }
    }

    fn verdicts(figures: &Figures) -> [Verdict; 5] {
        let judge: [fn(&Figures) -> Claim; 5] = [
            the_same_answers,
            no_faster_on_one_machine,
            another_host_is_farther,
            a_dead_rank_takes_all,
            one_master_saturates,
        ];
        judge.map(|judge| judge(figures).verdict.expect("um veredito"))
    }

    #[test]
    fn what_the_chapter_says_confirms() {
        assert_eq!(verdicts(&figures()), [Verdict::Confirmed; 5]);
    }

    #[test]
    fn without_the_mpi_nothing_is_decided() {
        assert_eq!(verdicts(&Figures::default()), [Verdict::Inconclusive; 5]);
    }

    #[test]
    fn a_busy_machine_decides_only_the_facts() {
        let busy = verdicts(&Figures { others: 0.5, ..figures() });
        let [same, speed, distance, death, scaling] = busy;
        assert_eq!([same, death], [Verdict::Confirmed; 2]);
        assert_eq!([speed, distance, scaling], [Verdict::Inconclusive; 3]);
    }

    #[test]
    fn another_answer_on_either_side_refutes() {
        for same in [
            Same { here: false, there: Ok(true) },
            Same { here: true, there: Ok(false) },
        ] {
            assert_eq!(
                verdicts(&Figures { same: Some(same), ..figures() })[0],
                Verdict::Refuted
            );
        }
        let same = Some(Same { here: true, there: Err("só com root".to_owned()) });
        assert_eq!(verdicts(&Figures { same, ..figures() })[0], Verdict::Inconclusive);
    }

    #[test]
    fn ranks_a_little_faster_than_the_pool_decide_nothing() {
        let against_pool = Some(around(0.93));
        assert_eq!(
            verdicts(&Figures { against_pool, ..figures() })[1],
            Verdict::Inconclusive
        );
    }

    #[test]
    fn ranks_faster_than_the_pool_refute() {
        let against_pool = Some(around(0.8));
        assert_eq!(
            verdicts(&Figures { against_pool, ..figures() })[1],
            Verdict::Refuted
        );
    }

    #[test]
    fn a_host_that_is_as_near_refutes() {
        let distance = Some((around(1.2), [1e-6, 1.2e-6]));
        assert_eq!(verdicts(&Figures { distance, ..figures() })[2], Verdict::Refuted);
    }

    #[test]
    fn a_rank_left_a_silence_or_a_pool_that_loses_more_refutes() {
        let changes: [fn(&mut Death); 3] = [
            |death| death.left = 1,
            |death| death.told = None,
            |death| death.answered = 40,
        ];
        for change in changes {
            let mut other = figures();
            other.death.iter_mut().for_each(change);
            assert_eq!(verdicts(&other)[3], Verdict::Refuted);
        }
    }

    #[test]
    fn ranks_that_go_on_gaining_or_stop_too_early_refute() {
        for measured in [17.0, 3.0] {
            let mut other = figures();
            other.scaling[2] = scaling(16, measured, 8.0);
            assert_eq!(verdicts(&other)[4], Verdict::Refuted);
        }
        // Um pouco longe da prevista, ainda é a mesma conta.
        for measured in [5.0, 12.0] {
            let mut other = figures();
            other.scaling[2] = scaling(16, measured, 8.0);
            assert_eq!(verdicts(&other)[4], Verdict::Inconclusive);
        }
        // E sem chegar ao limite não se viu nada dele.
        let other = Figures {
            scaling: vec![scaling(1, 1.0, 1.0), scaling(4, 4.0, 4.0)],
            ..figures()
        };
        assert_eq!(verdicts(&other)[4], Verdict::Inconclusive);
    }
}

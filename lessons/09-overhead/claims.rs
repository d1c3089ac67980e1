//! O que as notas afirmam do overhead, e como cada afirmação é decidida.

use licoes::measure::birth::WAYS;
use licoes::measure::granularity::{Crossing, Curve, Sample, Size};
use registro::format::{count, decimal, seconds, times};
use registro::judge::{COSTS_MORE, GAINS, Judgement, Ruler};
use registro::record::Claim;
use registro::stats::{Estimate, median};

/// KiB de uma página: uma thread que acrescenta menos do que isto é arredondamento da conta.
const PAGE: f64 = 4.0;

/// A aceleração em que compensar começa: abaixo dela, o paralelo é mais lento do que fazer tudo em série.
const EVEN: f64 = 1.0;

/// "Só quando o trabalho é grande": a aceleração do pool no menor dos trabalhos.
const SMALL_LOSES: Ruler = Ruler::below(EVEN).named("a aceleração no menor trabalho");

/// A eficiência que define a METG(50 %).
const HALF: f64 = 0.5;

/// O que se mediu.
pub struct Figures {
    /// Segundos de vida de um trabalhador que não faz nada, na ordem de [`WAYS`].
    pub births: Vec<[f64; 4]>,
    /// KiB de uma thread, de um processo do forkserver e de um do spawn, parados.
    pub memory: Vec<[f64; 3]>,
    /// O pool de processos criado para trabalhos cada vez menores.
    pub whole: Curve,
    /// Quantos podem trabalhar ao mesmo tempo: um por núcleo, se há trabalhadores para eles.
    pub at_once: usize,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

/// O tamanho da menor tarefa com que `curve` ainda mantém metade da máquina ocupada, em segundos.
pub fn metg(curve: &Curve, workers: usize) -> Crossing {
    let efficiency = |sample: &Sample| sample.speedup() / workers as f64;
    curve.crossing(Sample::task_seconds, efficiency, HALF)
}

/// O trabalho a partir do qual criar os trabalhadores compensa, em segundos.
pub fn break_even(curve: &Curve) -> Crossing {
    curve.crossing(|sample| sample.serial, Sample::speedup, EVEN)
}

/// A resposta em uma frase, para quem mediu.
pub fn advice(workers: usize, curves: &[Curve], whole: &Curve) -> String {
    let task = |model: &str| {
        let curve = curves.iter().find(|curve| curve.model == model);
        curve.map_or("não foi medido".to_owned(), |curve| match metg(curve, workers) {
            Crossing::At(metg) => format!("pelo menos {}", seconds(metg.median)),
            Crossing::Below(smallest) => format!("{}, ou até menos", seconds(smallest)),
            Crossing::Above(largest) => format!("mais de {}", seconds(largest)),
        })
    };
    let work = match break_even(whole) {
        Crossing::At(even) => format!("a partir de {}", seconds(even.median)),
        Crossing::Below(smallest) => format!("já com menos de {}", seconds(smallest)),
        Crossing::Above(largest) => format!("só com mais de {}", seconds(largest)),
    };
    format!(
        "\nNesta máquina, criar um pool de {} compensa {work} de trabalho ao todo; para \
         manter metade da máquina ocupada, cada tarefa deve durar {} (no Pool do Python: {}).",
        count(workers, "processo", "processos"),
        task("process_pool"),
        task("python_pool"),
    )
}

/// 9.C1: confirmada se nascer e terminar custa a um processo pelo menos o dobro do que custa a uma thread, por
/// qualquer dos métodos de início.
pub fn a_process_takes_longer(figures: &Figures) -> Claim {
    let text = "Criar um processo custa mais tempo do que criar uma thread.";
    let ratio = |way: usize| ratios(&figures.births, |round| round[way] / round[0]);
    let (judgement, shown) = each_costs_more(&WAYS[1..], &ratio, Judgement::of);
    let threads: Vec<f64> = figures.births.iter().map(|round| round[0]).collect();
    let evidence =
        format!("uma thread leva {}; um processo, {shown}", seconds(median(&threads)));
    Claim::judged("9.C1", text, judgement.timed(figures.others), evidence)
}

/// 9.C2: confirmada se um processo parado ocupa pelo menos o dobro da memória de uma thread parada. Memória não
/// depende de quem mais usa o processador.
pub fn a_process_takes_more_memory(figures: &Figures) -> Claim {
    let text = "Um processo também custa mais memória do que uma thread.";
    let ratio =
        |way: usize| ratios(&figures.memory, |round| round[way] / round[0].max(PAGE));
    let (judgement, shown) =
        each_costs_more(&["forkserver", "spawn"], &ratio, Judgement::of_size);
    let threads: Vec<f64> = figures.memory.iter().map(|round| round[0]).collect();
    let thread = decimal(median(&threads), 0);
    let evidence =
        format!("uma thread parada acrescenta {thread} KiB; um processo, {shown}");
    Claim::judged("9.C2", text, judgement, evidence)
}

fn ratios<const N: usize>(
    rounds: &[[f64; N]],
    ratio: impl Fn(&[f64; N]) -> f64,
) -> Estimate {
    Estimate::of(&rounds.iter().map(ratio).collect::<Vec<_>>())
}

/// O julgamento de todos os métodos, cujos números começam depois do da thread, e o que mostrar de cada um.
fn each_costs_more(
    ways: &[&'static str],
    ratio: &impl Fn(usize) -> Estimate,
    judge: fn(Estimate, Ruler) -> Judgement,
) -> (Judgement, String) {
    let mut whole = Judgement::observed(true);
    let mut shown = Vec::new();
    for (index, way) in (1..).zip(ways) {
        let estimate = ratio(index);
        whole = whole.and(judge(estimate, COSTS_MORE.named(way)));
        shown.push(format!("por {way}, {}", times(estimate)));
    }
    (whole, shown.join("; "))
}

/// 9.C3: confirmada se o mesmo pool que perde do serial no menor trabalho ganha dele no maior. Refutada só se ganha até
/// no menor: um que não ganha em nenhum pode precisar de um trabalho maior ainda.
pub fn only_big_work_pays(figures: &Figures) -> Claim {
    let text = "Assim, é importante usar multiprocessing para tarefas que realmente se beneficiem do paralelismo, como cálculos intensivos ou processamento pesado.";
    let at = |size: &Size| {
        let serial = size.estimate(|sample| sample.serial).median;
        (size.estimate(Sample::speedup), seconds(serial))
    };
    let sizes = &figures.whole.sizes;
    let ((big, much), (small, little)) = (at(&sizes[0]), at(&sizes[sizes.len() - 1]));
    let big_gains = Judgement::of(big, GAINS.named("a aceleração no maior trabalho"));
    let judgement = big_gains
        .refutes_only_if(false, || {
            "nem o maior dos trabalhos compensou, e um maior ainda poderia; repetir não muda isso, outra máquina pode mudar"
        })
        .and(Judgement::of(small, SMALL_LOSES));
    let evidence = format!(
        "com {little} de trabalho, a aceleração do pool foi {}; com {much}, {}",
        times(small),
        times(big)
    );
    let judgement = judgement.timed(figures.others).needs_two_cores(figures.at_once);
    Claim::judged("9.C3", text, judgement, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    fn whole(big: f64, small: f64) -> Curve {
        let size = |serial: f64, speedup: f64| {
            let sample = Sample { tasks: 32, serial, parallel: serial / speedup };
            Size { seconds: serial, samples: vec![sample; 8] }
        };
        let sizes =
            vec![size(30e-3, big), size(3e-3, (big + small) / 2.0), size(1e-4, small)];
        Curve { model: "process_pool".to_owned(), sizes }
    }

    fn figures() -> Figures {
        Figures {
            births: vec![[30e-6, 200e-6, 300e-6, 1200e-6]; 8],
            memory: vec![[10.0, 120.0, 340.0]; 8],
            whole: whole(1.7, 0.05),
            at_once: 2,
            others: 0.0,
        }
    }

    fn verdicts(figures: &Figures) -> [Option<Verdict>; 3] {
        [
            a_process_takes_longer(figures),
            a_process_takes_more_memory(figures),
            only_big_work_pays(figures),
        ]
        .map(|claim| claim.verdict)
    }

    #[test]
    fn dear_processes_and_a_pool_that_only_wins_big_confirm_all() {
        assert_eq!(verdicts(&figures()), [Some(Verdict::Confirmed); 3]);
    }

    #[test]
    fn one_cheap_way_to_start_refutes_the_first() {
        let cheap_fork = vec![[30e-6, 27e-6, 300e-6, 1200e-6]; 8];
        let figures = Figures { births: cheap_fork, ..figures() };
        assert_eq!(a_process_takes_longer(&figures).verdict, Some(Verdict::Refuted));
    }

    #[test]
    fn threads_as_heavy_as_processes_refute_the_second() {
        let figures = Figures { memory: vec![[300.0, 120.0, 340.0]; 8], ..figures() };
        assert_eq!(
            a_process_takes_more_memory(&figures).verdict,
            Some(Verdict::Refuted)
        );
    }

    #[test]
    fn a_pool_that_always_wins_refutes_the_third() {
        let figures = Figures { whole: whole(1.9, 1.5), ..figures() };
        assert_eq!(only_big_work_pays(&figures).verdict, Some(Verdict::Refuted));
    }

    #[test]
    fn what_is_true_by_little_or_needs_more_work_is_not_refuted() {
        let little = Figures {
            births: vec![[30e-6, 45e-6, 300e-6, 1200e-6]; 8],
            memory: vec![[100.0, 120.0, 340.0]; 8],
            whole: whole(1.05, 0.05),
            ..figures()
        };
        assert_eq!(verdicts(&little), [Some(Verdict::Inconclusive); 3]);
        let never = Figures { whole: whole(0.8, 0.05), ..figures() };
        let claim = only_big_work_pays(&never);
        assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
        assert!(claim.reason.is_some_and(|reason| reason.contains("um maior ainda")));
    }

    #[test]
    fn on_one_core_no_work_is_big_enough() {
        let alone = verdicts(&Figures { at_once: 1, ..figures() });
        let [costs, pays] = [Verdict::Confirmed, Verdict::Inconclusive].map(Some);
        assert_eq!(alone, [costs, costs, pays]);
    }

    #[test]
    fn a_busy_machine_decides_only_what_is_not_a_time() {
        let busy = verdicts(&Figures { others: 0.5, ..figures() });
        let [times, memory] = [Verdict::Inconclusive, Verdict::Confirmed].map(Some);
        assert_eq!(busy, [times, memory, times]);
    }

    #[test]
    fn the_advice_names_where_work_begins_to_pay() {
        let advice = advice(2, &[whole(1.9, 0.02)], &whole(1.7, 0.05));
        assert!(
            advice.contains("2 processos") && advice.contains(" ms de trabalho"),
            "{advice}"
        );
        assert!(advice.contains("deve durar pelo menos"), "{advice}");
    }
}

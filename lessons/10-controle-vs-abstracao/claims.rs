//! O que as notas afirmam do controle e da abstração, e como cada afirmação é decidida.

use registro::format::percent;
use registro::judge::{Judgement, Ruler};
use registro::record::Claim;
use registro::stats::Estimate;

use crate::accident::Recovery;
use crate::control::Shown;
use crate::idle::Round;
use crate::share::Shares;

/// A parte do tempo em que os trabalhadores do Pool ficam parados. A última fatia sempre deixa alguém esperando; com 32
/// fatias por trabalhador, uns 2 %, e até um décimo há lugar para as mensagens e para o acaso. Parados um quarto do
/// tempo, ninguém diria que o Pool reparte as tarefas.
const LITTLE: Ruler =
    Ruler::below(0.25).from(0.10).percent().named("os do Pool parados");

/// Quanto uma divisão feita à mão desperdiça a mais do que o Pool, na ordem que lhe é pior. Cinco pontos são o dobro do
/// que a última fatia custa a ele; menos do que isso se perde na variação. Se não desperdiça nada a mais, o Pool não
/// reparte melhor do que ela.
const WORSE: Ruler = Ruler::above(0.0).from(0.05).percent();
const BLOCKS_WORSE: Ruler = WORSE.named("os blocos parados a mais do que o Pool");
const CARDS_WORSE: Ruler = WORSE.named("as cartas paradas a mais do que o Pool");

/// O lugar de cada maneira numa linha de [`Shares`].
const BLOCKS: usize = 0;
const CARDS: usize = 1;
const POOL: usize = 2;

/// O que se mediu.
pub struct Figures {
    pub shares: Shares,
    pub recoveries: Vec<Recovery>,
    /// Quantos primos há.
    pub primes: u64,
    /// Linhas escritas: à mão, e pelo Pool.
    pub lines: [usize; 2],
    pub workers: usize,
    pub cores: usize,
}

/// 10.C1: diz o que um `Process` é; nenhuma medida poderia contradizê-la, e a lição a mostra acontecendo.
pub fn process_gives_control(controls: &[Shown]) -> Claim {
    let shown: Vec<String> = controls
        .iter()
        .map(|(control, outcome)| format!("{control}: {outcome}"))
        .collect();
    let text = "Process oferece controle total sobre cada processo.";
    Claim::definition("10.C1", text, shown.join("; "))
}

/// 10.C2: confirmada se o Pool reparte bem nas duas ordens, se cada divisão à mão reparte mal numa delas, se ele
/// repõe quem morre sem perder nada, e se pede menos linhas.
pub fn pool_hides_and_hands_out(figures: &Figures) -> Claim {
    let text = "O Pool abstrai a criação e o gerenciamento dos processos, e distribui as tarefas de forma automática.";
    let Figures { shares, lines: [by_hand, by_pool], .. } = figures;
    let managed = managed(figures);
    let Figures { workers, cores, .. } = *figures;
    // Sozinho, ninguém reparte; sem um núcleo para cada um, todos param, e não por culpa da divisão.
    let judgement = handed_out(shares)
        .timed(shares.others)
        .needs(workers <= cores, || {
            "há mais trabalhadores do que núcleos, e quem os faz parar é o sistema; meça com menos --trabalhadores"
        })
        .needs_two_cores(cores.min(workers))
        .and(Judgement::observed(managed && by_pool < by_hand));
    let [blocks, cards] =
        [BLOCKS, CARDS].map(|way| worst(shares, way, idle(way)).median);
    let pool = worst(shares, POOL, idle(POOL));
    let deaths = if managed {
        "repôs cada morto e não perdeu conta nenhuma"
    } else {
        "não se refez de cada morte"
    };
    let evidence = format!(
        "na pior ordem, parados {} do tempo em blocos, {} como cartas e {} (de {} a {}) pelo Pool, que {deaths}; \
         linhas: {by_hand} à mão, {by_pool} pelo Pool",
        percent(blocks),
        percent(cards),
        percent(pool.median),
        percent(pool.low),
        percent(pool.high),
    );
    Claim::judged("10.C2", text, judgement, evidence)
}

/// Se as contas fecharam, com e sem acidente, e se todo morto foi reposto.
fn managed(figures: &Figures) -> bool {
    let Figures { shares, recoveries, primes, .. } = figures;
    let rounds = shares.in_order.iter().chain(&shares.alternated).flatten();
    rounds.map(|round| round.primes).all(|counted| counted == *primes)
        && recoveries.iter().all(|seen| seen.primes == *primes && seen.replaced > 0)
}

/// O Pool para pouco nas duas ordens, e cada divisão à mão tem uma em que para bem mais do que ele.
fn handed_out(shares: &Shares) -> Judgement {
    let little = Judgement::of(worst(shares, POOL, idle(POOL)), LITTLE);
    let worse =
        |way, ruler| Judgement::of(worst(shares, way, beyond_the_pool(way)), ruler);
    little.and(worse(BLOCKS, BLOCKS_WORSE)).and(worse(CARDS, CARDS_WORSE))
}

fn idle(way: usize) -> impl Fn(&[Round; 3]) -> f64 {
    move |round| round[way].share()
}

/// O que `way` parou a mais do que o Pool, na mesma repetição.
fn beyond_the_pool(way: usize) -> impl Fn(&[Round; 3]) -> f64 {
    move |round| round[way].share() - round[POOL].share()
}

/// `measure` na ordem em que `way` parou mais.
fn worst(
    shares: &Shares,
    way: usize,
    measure: impl Fn(&[Round; 3]) -> f64,
) -> Estimate {
    let share = |round: &[Round; 3]| round[way].share();
    let of = |rounds: &[[Round; 3]], measure: &dyn Fn(&[Round; 3]) -> f64| {
        Estimate::of(&rounds.iter().map(measure).collect::<Vec<_>>())
    };
    let [in_order, alternated] = [&shares.in_order, &shares.alternated];
    let is_in_order = of(in_order, &share).median >= of(alternated, &share).median;
    of(if is_in_order { in_order } else { alternated }, &measure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    /// Repetições em que cada maneira parou esta parte do tempo, com um pouco de variação.
    fn rounds(shares: [f64; 3]) -> Vec<[Round; 3]> {
        let round = |share: f64, jitter: f64| Round {
            seconds: 1.0,
            idle: vec![share + jitter; 2],
            primes: 100,
            spans: Vec::new(),
        };
        let jitters = (0..8).map(|turn| f64::from(turn) / 1000.0);
        jitters.map(|jitter| shares.map(|share| round(share, jitter))).collect()
    }

    fn figures(in_order: [f64; 3], alternated: [f64; 3]) -> Figures {
        let [in_order, alternated] = [in_order, alternated].map(rounds);
        Figures {
            shares: Shares { in_order, alternated, others: 0.0 },
            recoveries: vec![Recovery { primes: 100, replaced: 1 }; 8],
            primes: 100,
            lines: [20, 4],
            workers: 2,
            cores: 2,
        }
    }

    fn usual() -> Figures {
        figures([0.22, 0.02, 0.01], [0.13, 0.22, 0.01])
    }

    fn verdict(figures: &Figures) -> Option<Verdict> {
        pool_hides_and_hands_out(figures).verdict
    }

    #[test]
    fn a_pool_that_wastes_little_in_any_order_confirms() {
        assert_eq!(verdict(&usual()), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_pool_that_leaves_workers_idle_refutes() {
        let lazy = figures([0.45, 0.02, 0.02], [0.13, 0.45, 0.30]);
        assert_eq!(verdict(&lazy), Some(Verdict::Refuted));
    }

    #[test]
    fn a_fixed_split_good_in_both_orders_refutes() {
        let good_cards = figures([0.22, 0.005, 0.01], [0.13, 0.008, 0.01]);
        assert_eq!(verdict(&good_cards), Some(Verdict::Refuted));
    }

    #[test]
    fn a_pool_a_little_lazy_or_a_little_better_is_not_refuted() {
        let lazy = figures([0.45, 0.02, 0.02], [0.13, 0.45, 0.15]);
        let good_cards = figures([0.22, 0.02, 0.01], [0.13, 0.03, 0.01]);
        for little in [lazy, good_cards] {
            let claim = pool_hides_and_hands_out(&little);
            assert_eq!(claim.verdict, Some(Verdict::Inconclusive));
            assert!(claim.reason.is_some_and(|reason| reason.contains("por pouco")));
        }
    }

    #[test]
    fn a_pool_that_does_not_replace_the_dead_or_loses_a_count_refutes() {
        for wrong in [
            Recovery { primes: 100, replaced: 0 },
            Recovery { primes: 99, replaced: 1 },
        ] {
            let mut figures = usual();
            figures.recoveries[5] = wrong;
            assert_eq!(verdict(&figures), Some(Verdict::Refuted));
        }
    }

    #[test]
    fn a_pool_as_long_to_write_refutes() {
        let long = Figures { lines: [4, 4], ..usual() };
        assert_eq!(verdict(&long), Some(Verdict::Refuted));
    }

    #[test]
    fn noise_one_worker_or_too_few_cores_decide_nothing() {
        let noisy = figures([0.22, 0.02, 0.097], [0.13, 0.22, 0.01]);
        let mut busy = usual();
        busy.shares.others = 0.5;
        let alone = Figures { workers: 1, ..usual() };
        let crowded = Figures { cores: 1, ..usual() };
        for figures in [noisy, busy, alone, crowded] {
            assert_eq!(verdict(&figures), Some(Verdict::Inconclusive));
        }
    }

    #[test]
    fn control_is_a_definition_with_what_happened() {
        let claim = process_gives_control(&[("limite", "passou".to_owned())]);
        assert_eq!((claim.verdict, claim.evidence.as_str()), (None, "limite: passou"));
    }
}

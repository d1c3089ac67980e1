//! O que se afirma da memória compartilhada, e como cada afirmação é decidida.

use licoes::measure::tally::Tally;
use registro::format::{integer, seconds, times};
use registro::judge::{COSTS_MORE, Judgement, Ruler};
use registro::legend::label;
use registro::record::{Claim, Verdict};
use registro::stats::{Estimate, median};

use crate::legend::LEGEND;
use crate::neighbours::{DISTANCES, Round};
use crate::race::{Race, WAYS};
use crate::sieve::{PRIMES, SIZE, Sieves};

/// Bytes a que ninguém mais é vizinho: a linha de cache tem 64 nos processadores comuns, e 128 em alguns.
pub const FAR: usize = 128;

/// Quanto ocupa uma peneira, em vezes o seu tamanho. Uma cópia a mais leva a conta a dois; sem cópia, um quarto cobre o
/// que os processos ocupam por outros motivos.
const ONE_SIEVE: Ruler = Ruler::below(2.0).from(1.25);
const COPIED: Ruler = Ruler::above(2.0);

/// 16.C1: confirmada se a corrida perde alguma soma, e o mesmo laço, um processo por vez, nenhuma.
pub fn racing_loses(race: &Race, cores: usize, others: f64) -> Claim {
    let text = "Somar numa memória compartilhada, sem sincronizar, perde atualizações.";
    let racing = &race.tallies[0];
    let lost = Judgement::observed(!racing.is_exact());
    // Sem um núcleo livre para cada um, os processos podem nem ter se encontrado: não perder não prova nada, e perder, sim.
    let judged = match lost.verdict {
        Verdict::Refuted => lost.timed(others).needs_two_cores(cores),
        _ => lost,
    };
    let judgement = judged.needs(race.in_turn.is_exact(), || {
        "o laço, o controle, perdeu somas até sozinho, e o que se perdeu ao mesmo tempo não prova nada; meça de novo"
    });
    let losses = racing.losses();
    let evidence = format!(
        "ao mesmo tempo, {} das {} repetições perderam somas, na mediana {} de {}; um processo por vez, \
         perderam-se {}",
        losses.iter().filter(|lost| **lost > 0.0).count(),
        losses.len(),
        integer(racing.lost().round() as u64),
        integer(racing.expected),
        integer(race.in_turn.lost().round() as u64),
    );
    Claim::judged("16.C1", text, judgement, evidence)
}

/// 16.C2: confirmada se nenhum conserto perde nada e se o mais barato dos que dividem cada soma ainda custa pelo
/// menos o dobro da soma local. Sem uma corrida que perca, os consertos não foram postos à prova.
pub fn sharing_less_is_the_cheapest_repair(race: &Race, others: f64) -> Claim {
    let text = "Cada conserto acerta a conta, e o mais barato é compartilhar menos.";
    let repairs = &race.tallies[1..];
    let (shared, local) = repairs.split_at(repairs.len() - 1);
    let ratio = Estimate::of(&cheapest_over(shared, &local[0]));
    let cheaper = Judgement::of(ratio, COSTS_MORE).timed(others);
    let judgement = Judgement::observed(repairs.iter().all(Tally::is_exact))
        .and(cheaper)
        .confirms_only_if(!race.tallies[0].is_exact(), || {
            "nem a corrida, o controle, perdeu uma soma, e os consertos não foram postos à prova; meça de novo, com \
             mais --repeticoes"
        });
    let price = |(way, tally): (&&str, &Tally)| {
        let lost = if tally.is_exact() { "" } else { ", e perdeu somas" };
        format!("{}, {}{lost}", label(LEGEND, way), seconds(tally.price()))
    };
    let prices: Vec<String> = WAYS[1..].iter().zip(repairs).map(price).collect();
    let evidence = format!(
        "por soma: {}; o mais barato dos que dividem cada soma custa {} a soma local",
        prices.join("; "),
        times(ratio)
    );
    Claim::judged("16.C2", text, judgement, evidence)
}

/// Em cada repetição, o preço do mais barato de `tallies` sobre o de `local`.
fn cheapest_over(tallies: &[Tally], local: &Tally) -> Vec<f64> {
    let local = local.prices();
    let cheapest = |repetition: usize| {
        let prices = tallies.iter().map(|tally| tally.prices()[repetition]);
        prices.fold(f64::INFINITY, f64::min)
    };
    (0..local.len())
        .map(|repetition| cheapest(repetition) / local[repetition])
        .collect()
}

/// 16.C3: confirmada se somar ao lado do contador do outro custa pelo menos o dobro de somar longe dele.
pub fn neighbours_disturb(rounds: &[Round], cores: usize, others: f64) -> Claim {
    let text = "Dois contadores vizinhos atrapalham um ao outro, ainda que cada um tenha um dono só.";
    let far = DISTANCES.iter().position(|distance| *distance == FAR).unwrap_or(0);
    let each = |figure: &dyn Fn(&Round) -> f64| {
        rounds.iter().map(figure).collect::<Vec<f64>>()
    };
    let ratio = Estimate::of(&each(&|round| round.processes[0] / round.processes[far]));
    let judgement =
        Judgement::of(ratio, COSTS_MORE).timed(others).needs_two_cores(cores);
    let at = |index: usize| seconds(median(&each(&|round| round.processes[index])));
    let evidence = format!(
        "cada soma leva {} com os contadores a {} bytes um do outro, e {} a {FAR}: {}",
        at(0),
        DISTANCES[0],
        at(far),
        times(ratio)
    );
    Claim::judged("16.C3", text, judgement, evidence)
}

/// 16.C4: confirmada se a peneira, na memória de todos, ocupa uma vez o seu tamanho. A que viaja é o controle: se nem
/// ela ocupa mais do que uma, a conta não veria uma cópia.
pub fn a_shared_sieve_is_not_copied(sieves: &Sieves) -> Claim {
    let text =
        "Uma peneira na memória compartilhada não é copiada: todos usam a mesma.";
    let (here, sent) = (&sieves.in_place, &sieves.by_pieces);
    let [shared, copied] = [here, sent].map(|made| Estimate::of(&made.sizes));
    let right = [here, sent]
        .iter()
        .all(|made| made.counts.iter().all(|count| *count == PRIMES));
    let control = Judgement::of_size(copied, COPIED).verdict;
    let judgement = Judgement::of_size(shared, ONE_SIEVE)
        .needs(control == Verdict::Confirmed, || {
            "nem a que viaja, o controle, ocupou o dobro: a conta não veria uma cópia; meça de novo, com mais \
             --repeticoes"
        })
        .and(Judgement::observed(right));
    let evidence = format!(
        "em {} processos, uma peneira de {} bytes mandada a cada um ocupa {} o seu tamanho; compartilhada, {}{}",
        here.counts.len() / here.sizes.len().max(1),
        integer(SIZE),
        times(copied),
        times(shared),
        if right { "" } else { "; e algum deles contou errado" },
    );
    Claim::judged("16.C4", text, judgement, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sieve::Made;

    fn tally(counted: u64, price: f64) -> Tally {
        let mut tally = Tally::expecting(100);
        (0..8).for_each(|_| tally.push((counted, 100.0 * price)));
        tally
    }

    /// A corrida conta `racing` de 100; a soma local custa `local` ns, e o `fetch_add`, o mais barato dos outros, 20.
    fn race(racing: u64, local: f64) -> Race {
        let prices = [20.0, 30.0, 200.0, 5000.0, local];
        let mut tallies = vec![tally(racing, 4e-9)];
        tallies.extend(prices.map(|price| tally(100, price * 1e-9)));
        let Ok(tallies) = tallies.try_into() else { panic!("seis maneiras") };
        Race { tallies, in_turn: tally(100, 5e-9) }
    }

    #[test]
    fn a_race_that_loses_confirms_and_one_that_does_not_refutes() {
        assert_eq!(
            racing_loses(&race(60, 1.0), 2, 0.0).verdict,
            Some(Verdict::Confirmed)
        );
        assert_eq!(
            racing_loses(&race(100, 1.0), 2, 0.0).verdict,
            Some(Verdict::Refuted)
        );
    }

    #[test]
    fn one_loss_is_enough_and_a_loop_that_loses_alone_decides_nothing() {
        let mut once = race(100, 1.0);
        once.tallies[0].counted[3] = 99;
        assert_eq!(racing_loses(&once, 1, 0.5).verdict, Some(Verdict::Confirmed));
        for (cores, others) in [(2, 0.5), (1, 0.0)] {
            let unmet = racing_loses(&race(100, 1.0), cores, others).verdict;
            assert_eq!(unmet, Some(Verdict::Inconclusive));
        }
        let alone = Race { in_turn: tally(99, 5e-9), ..race(60, 1.0) };
        assert_eq!(racing_loses(&alone, 2, 0.0).verdict, Some(Verdict::Inconclusive));
    }

    fn repairs(race: &Race, others: f64) -> Option<Verdict> {
        sharing_less_is_the_cheapest_repair(race, others).verdict
    }

    #[test]
    fn exact_repairs_and_a_cheap_local_sum_confirm() {
        assert_eq!(repairs(&race(60, 1.0), 0.0), Some(Verdict::Confirmed));
    }

    #[test]
    fn a_repair_that_loses_or_a_local_sum_as_dear_as_the_others_refutes() {
        for (index, way) in WAYS.into_iter().enumerate().skip(1) {
            let mut leaky = race(60, 1.0);
            leaky.tallies[index].counted[3] = 99;
            assert_eq!(repairs(&leaky, 0.0), Some(Verdict::Refuted), "{way}");
        }
        assert_eq!(repairs(&race(60, 25.0), 0.0), Some(Verdict::Refuted));
        assert_eq!(
            repairs(&race(60, 15.0), 0.0),
            Some(Verdict::Inconclusive),
            "por pouco"
        );
    }

    #[test]
    fn repairs_not_put_to_the_test_or_timed_on_a_busy_machine_decide_nothing() {
        assert_eq!(repairs(&race(100, 1.0), 0.0), Some(Verdict::Inconclusive));
        assert_eq!(repairs(&race(60, 1.0), 0.5), Some(Verdict::Inconclusive));
    }

    fn neighbours(near: f64, cores: usize, others: f64) -> Option<Verdict> {
        let prices = [near, near, near, 10.0, 10.0, 10.0];
        let rounds = (0..8).map(|_| Round { processes: prices, threads: prices });
        neighbours_disturb(&rounds.collect::<Vec<_>>(), cores, others).verdict
    }

    #[test]
    fn only_a_near_counter_at_twice_the_price_confirms() {
        assert_eq!(neighbours(40.0, 2, 0.0), Some(Verdict::Confirmed));
        assert_eq!(neighbours(11.0, 2, 0.0), Some(Verdict::Inconclusive), "por pouco");
        assert_eq!(neighbours(9.0, 2, 0.0), Some(Verdict::Refuted));
        assert_eq!(neighbours(40.0, 2, 0.5), Some(Verdict::Inconclusive));
        assert_eq!(neighbours(40.0, 1, 0.0), Some(Verdict::Inconclusive));
    }

    fn made(size: f64, count: u64) -> Made {
        Made { seconds: vec![0.1; 8], sizes: vec![size; 8], counts: vec![count; 24] }
    }

    fn sieves(shared: f64, copied: f64, count: u64) -> Option<Verdict> {
        let (in_place, by_pieces) = (made(shared, count), made(copied, PRIMES));
        let sieves = Sieves { alone: vec![0.1; 8], in_place, by_pieces };
        a_shared_sieve_is_not_copied(&sieves).verdict
    }

    #[test]
    fn one_sieve_for_all_confirms_and_a_copy_or_a_wrong_count_refutes() {
        assert_eq!(sieves(1.01, 6.0, PRIMES), Some(Verdict::Confirmed));
        assert_eq!(sieves(2.01, 6.0, PRIMES), Some(Verdict::Refuted));
        assert_eq!(sieves(1.5, 6.0, PRIMES), Some(Verdict::Inconclusive), "por pouco");
        assert_eq!(sieves(1.01, 6.0, PRIMES - 1), Some(Verdict::Refuted));
    }

    #[test]
    fn a_count_of_memory_that_misses_copies_decides_nothing() {
        assert_eq!(sieves(1.01, 1.0, PRIMES), Some(Verdict::Inconclusive));
    }
}

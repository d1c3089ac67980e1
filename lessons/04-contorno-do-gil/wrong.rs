//! Respostas erradas ao exercício 4.

#[path = "check.rs"]
mod check;

use std::ops::Range;
use std::thread;

use check::Placar;

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "4-trava-na-mao-inteira",
        main: || check::check(locked_for_the_whole_hand),
        loses: "as threads contam ao mesmo tempo",
    },
    Wrong {
        name: "4-trava-em-cada-fatia",
        main: || check::check(locked_for_each_slice),
        loses: "as threads contam ao mesmo tempo",
    },
    Wrong {
        name: "4-em-serie",
        main: || check::check(serial),
        loses: "as threads contam ao mesmo tempo",
    },
    Wrong {
        name: "4-trava-em-cada-numero",
        main: || check::check(locked_for_each_number),
        loses: "a trava é fechada no máximo uma vez por fatia",
    },
    Wrong {
        name: "4-atualizacao-perdida",
        main: || check::check(lost_update),
        loses: "o total está certo",
    },
];

fn in_threads(threads: usize, work: impl Fn(usize) + Copy + Send) {
    thread::scope(|scope| {
        for hand in 0..threads {
            scope.spawn(move || work(hand));
        }
    });
}

fn hand(
    slices: &[Range<u64>],
    hand: usize,
    threads: usize,
) -> impl Iterator<Item = Range<u64>> {
    slices.iter().skip(hand).step_by(threads).cloned()
}

fn locked_for_the_whole_hand(score: &Placar, slices: &[Range<u64>], threads: usize) {
    in_threads(threads, |own| {
        let mut total = score.trancar();
        hand(slices, own, threads)
            .for_each(|slice| *total += score.contar_fatia(slice));
    });
}

fn locked_for_each_slice(score: &Placar, slices: &[Range<u64>], threads: usize) {
    in_threads(threads, |own| {
        for slice in hand(slices, own, threads) {
            let mut total = score.trancar();
            *total += score.contar_fatia(slice);
        }
    });
}

fn serial(score: &Placar, slices: &[Range<u64>], _threads: usize) {
    let primes: u64 =
        slices.iter().cloned().map(|slice| score.contar_fatia(slice)).sum();
    *score.trancar() += primes;
}

/// Uma trava rápida, mas milhares de vezes: o caminho quente ainda passa por ela.
fn locked_for_each_number(score: &Placar, slices: &[Range<u64>], threads: usize) {
    in_threads(threads, |own| {
        for slice in hand(slices, own, threads) {
            for _prime in 0..score.contar_fatia(slice) {
                *score.trancar() += 1;
            }
        }
    });
}

fn lost_update(score: &Placar, slices: &[Range<u64>], threads: usize) {
    in_threads(threads, |own| {
        let before = *score.trancar();
        let primes: u64 =
            hand(slices, own, threads).map(|slice| score.contar_fatia(slice)).sum();
        *score.trancar() = before + primes;
    });
}

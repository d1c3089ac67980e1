//! Exercício 8: em que algarismo terminam os primos.
//!
//! Complete `histograma` e confira com `cargo run --bin lesson-8 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

use std::ops::Range;

use check::{Placar, um_a_um};
use licoes::load::workload::primes;
use multiprocessamento::{Error, Pool, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(histograma)
}

/// Deixa no `placar` quantos primos das `fatias` terminam em cada algarismo, de 0 a 9,
/// contados por tantos `processos`.
///
/// A versão A, `um_a_um`, está em `check.rs`: um `update` por primo. A sua conta cada fatia
/// no processo que a recebe, e só então leva ao placar o que contou, um `update` por final.
fn histograma(
    fatias: Vec<Range<u64>>,
    processos: usize,
    placar: &Placar,
) -> Result<(), Error> {
    todo!("reparta as fatias entre os processos; conte em cada um; junte no placar")
}

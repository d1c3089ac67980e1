//! A conferência do exercício 2: o total certo, contado em processos separados e ao mesmo tempo.

use std::collections::BTreeSet;
use std::ops::Range;
use std::process::ExitCode;

use licoes::load::workload::{count_primes, slices};
use licoes::measure::trace::traced;
use licoes::run::exercise::{Check, expect_equal};
use multiprocessamento::Error;
use serde::{Deserialize, Serialize};

/// A conta de uma fatia, e como ela foi feita.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parcial {
    /// Quantos primos há na fatia.
    pub primos: u64,
    /// O processo que contou.
    pub pid: u32,
    /// Quando começou, em segundos.
    pub inicio: f64,
    /// Quando terminou, em segundos.
    pub fim: f64,
}

/// A conta de todas as fatias.
#[derive(Clone, Debug)]
pub struct Total {
    /// Quantos primos há em todas.
    pub primos: u64,
    /// A conta de cada uma.
    pub parciais: Vec<Parcial>,
}

/// Conta os primos de uma fatia, no processo em que for chamada.
pub fn contar_fatia(fatia: Range<u64>) -> Parcial {
    let piece = traced(count_primes, fatia);
    Parcial { primos: piece.value, pid: piece.pid, inicio: piece.start, fim: piece.end }
}

/// Confere uma resposta.
pub fn check(answer: impl Fn(Vec<Range<u64>>) -> Result<Total, Error>) -> ExitCode {
    let mut check = Check::new(2);
    let count =
        |limit, parts| answer(slices(limit, parts)).map_err(|error| error.to_string());
    check.point("sem fatias, o total é zero", || {
        expect_equal(answer(vec![]).map_err(|error| error.to_string())?.primos, 0)
    });
    check.point("o total está certo", || {
        expect_equal(count(100_000, 3)?.primos, 9_592)
    });
    check.point("cada fatia é contada num processo só dela", || {
        let total = count(10_000, 4)?;
        let pids: BTreeSet<u32> =
            total.parciais.iter().map(|parcial| parcial.pid).collect();
        if pids.contains(&std::process::id()) {
            return Err("uma fatia foi contada no programa principal".to_owned());
        }
        expect_equal(pids.len(), 4)
    });
    check.point("os processos trabalham ao mesmo tempo", || {
        let mut parts = count(1_000_000, 4)?.parciais;
        parts.sort_by(|a, b| a.inicio.total_cmp(&b.inicio));
        if parts.windows(2).any(|pair| pair[1].inicio < pair[0].fim) {
            return Ok(());
        }
        Err("cada processo só começou depois que o anterior terminou".to_owned())
    });
    check.finish()
}

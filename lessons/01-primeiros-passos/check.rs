//! A conferência do exercício 1: a resposta certa, feita onde devia.

use std::collections::BTreeSet;
use std::process::ExitCode;

use licoes::run::exercise::{Check, expect_equal};
use multiprocessamento::{Error, Pool, Transport};
use serde::{Deserialize, Serialize};

/// Um quadrado e o processo que o calculou.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visita {
    /// `x * x`.
    pub quadrado: u64,
    /// O processo que fez a conta.
    pub pid: u32,
}

/// Confere uma resposta.
pub fn check(
    answer: impl Fn(&Pool, Vec<u64>) -> Result<Vec<Visita>, Error>,
) -> ExitCode {
    let mut check = Check::new(1);
    let visits = |numbers: Vec<u64>| {
        // Por soquete, cada um recebe a sua parte. Por memória, numa conta tão pequena, o primeiro a acordar faria tudo.
        let pool = Pool::builder().workers(2).transport(Transport::Socket).build();
        let pool = pool.map_err(|error| error.to_string())?;
        let visits = answer(&pool, numbers).map_err(|error| error.to_string())?;
        Ok::<_, String>((visits, pool.pids()))
    };
    check.point("uma lista vazia dá uma lista vazia", || {
        expect_equal(visits(vec![])?.0, vec![])
    });
    check.point("os quadrados vêm na ordem dos números", || {
        let squares: Vec<u64> =
            visits(vec![3, 1, 2])?.0.iter().map(|visit| visit.quadrado).collect();
        expect_equal(squares, vec![9, 1, 4])
    });
    check.point(
        "as contas são feitas pelos processos do pool, e por mais de um",
        || {
            let (visits, pids) = visits((0..100).collect())?;
            let seen: BTreeSet<u32> = visits.iter().map(|visit| visit.pid).collect();
            match seen.iter().find(|pid| !pids.contains(pid)) {
                Some(pid) => {
                    Err(format!("o processo {pid} fez contas e não é do pool {pids:?}"))
                }
                None => expect_equal(seen.len(), pids.len()),
            }
        },
    );
    check.finish()
}

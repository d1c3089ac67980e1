//! Exercício 8, uma solução.

mod check;

use std::ops::Range;

use check::Placar;
use licoes::load::workload::primes;
use multiprocessamento::{Error, Pool, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(histograma)
}

// ANCHOR: solution
/// Deixa no `placar` quantos primos das `fatias` terminam em cada algarismo, de 0 a 9,
/// contados por tantos `processos`.
fn histograma(
    fatias: Vec<Range<u64>>,
    processos: usize,
    placar: &Placar,
) -> Result<(), Error> {
    let pool = Pool::new(processos)?;
    let tarefas = fatias.into_iter().map(|fatia| (fatia, placar.clone()));
    pool.chunk_size(1)?.map(por_fatia, tarefas)?.into_iter().collect()
}

/// Conta a fatia neste processo, e só então fala com o Manager.
fn por_fatia((fatia, placar): (Range<u64>, Placar)) -> Result<(), Error> {
    let mut finais = [0; 10];
    for primo in primes(fatia) {
        finais[(primo % 10) as usize] += 1;
    }
    for (algarismo, quantos) in (0..).zip(finais) {
        if quantos > 0 {
            placar.update(algarismo, |antes| antes + quantos)?;
        }
    }
    Ok(())
}
// ANCHOR_END: solution

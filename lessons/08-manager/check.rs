//! A conferência do exercício 8: o histograma certo, sem soma perdida, e com poucos pedidos ao Manager.

use std::ops::Range;
use std::process::{self, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use licoes::load::workload::{primes, slices};
use licoes::measure::trace::{Piece, process_seconds};
use licoes::run::exercise::{Check, expect_equal, expect_shared_work};
use multiprocessamento::{Error, ManagedDict, Manager, Pool};
use registro::format::{integer, seconds};
use serde::{Deserialize, Serialize};

/// Quantos primos terminam em cada algarismo, num dicionário de um Manager.
///
/// Os clones são o mesmo placar, e ele vai como argumento a qualquer processo.
#[derive(Clone, Serialize, Deserialize)]
pub struct Placar {
    finais: ManagedDict<u64, u64>,
    /// O que cada processo fez aqui, pelo seu PID.
    visitas: ManagedDict<u32, Visita>,
    /// Quanto um `get` demora além do normal: tempo para que outro processo escreva.
    demora: Duration,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Visita {
    operacoes: u64,
    updates: u64,
    processador: f64,
}

#[allow(dead_code, reason = "oferece três operações; uma boa resposta usa uma")]
impl Placar {
    /// Quantos primos terminam em `algarismo`, até agora.
    pub fn get(&self, algarismo: u64) -> Result<u64, Error> {
        self.anotar(0)?;
        let quantos = self.finais.get(&algarismo)?.unwrap_or(0);
        sleep(self.demora);
        Ok(quantos)
    }

    /// Põe `quantos` no lugar do que houver em `algarismo`.
    pub fn insert(&self, algarismo: u64, quantos: u64) -> Result<(), Error> {
        self.anotar(0)?;
        self.finais.insert(algarismo, quantos)
    }

    /// Troca o que há em `algarismo` pelo que `mudar` faz dele, sem que outro processo entre
    /// no meio.
    pub fn update(
        &self,
        algarismo: u64,
        mut mudar: impl FnMut(u64) -> u64,
    ) -> Result<u64, Error> {
        self.anotar(1)?;
        self.finais.update(&algarismo, |antes| mudar(antes.unwrap_or(0)))
    }

    fn anotar(&self, updates: u64) -> Result<(), Error> {
        let mais_uma = |antes: Option<Visita>| {
            let antes = antes.unwrap_or_default();
            Visita {
                operacoes: antes.operacoes + 1,
                updates: antes.updates + updates,
                processador: process_seconds(),
            }
        };
        self.visitas.update(&process::id(), mais_uma).map(drop)
    }
}

// ANCHOR: um_a_um
/// A versão A: cada primo vai ao placar assim que aparece. Está certa, e é lenta.
pub fn um_a_um((fatia, placar): (Range<u64>, Placar)) -> Result<(), Error> {
    for primo in primes(fatia) {
        placar.update(primo % 10, |antes| antes + 1)?;
    }
    Ok(())
}
// ANCHOR_END: um_a_um

/// O que uma resposta deixou no placar, e como.
struct Rodada {
    finais: [u64; 10],
    visitas: Vec<(u32, Visita)>,
    segundos: f64,
}

impl Rodada {
    fn operacoes(&self) -> u64 {
        self.visitas.iter().map(|(_, visita)| visita.operacoes).sum()
    }

    /// O trabalho de cada processo que levou algo ao placar.
    fn pieces(&self) -> Vec<Piece<()>> {
        let levaram = self.visitas.iter().filter(|(_, visita)| visita.updates > 0);
        let piece = |&(pid, visita): &(u32, Visita)| Piece {
            value: (),
            pid,
            tid: pid,
            cpu: 0,
            start: 0.0,
            end: 0.0,
            cpu_seconds: visita.processador,
        };
        levaram.map(piece).collect()
    }
}

/// Roda uma resposta num placar novo; `demora` é a de cada `get`.
fn rodar(
    resposta: impl Fn(Vec<Range<u64>>, usize, &Placar) -> Result<(), Error>,
    fatias: &[Range<u64>],
    processos: usize,
    demora: Duration,
) -> Result<Rodada, String> {
    let rodar = || {
        let manager = Manager::start()?;
        let placar =
            Placar { finais: manager.dict()?, visitas: manager.dict()?, demora };
        let inicio = Instant::now();
        resposta(fatias.to_vec(), processos, &placar)?;
        let segundos = inicio.elapsed().as_secs_f64();
        let mut finais = [0; 10];
        for (algarismo, quantos) in placar.finais.items()? {
            finais[(algarismo % 10) as usize] += quantos;
        }
        Ok(Rodada { finais, visitas: placar.visitas.items()?, segundos })
    };
    rodar().map_err(|error: Error| error.to_string())
}

/// A versão A, com um pool.
fn versao_a(
    fatias: Vec<Range<u64>>,
    processos: usize,
    placar: &Placar,
) -> Result<(), Error> {
    let tarefas = fatias.into_iter().map(|fatia| (fatia, placar.clone()));
    Pool::new(processos)?.chunk_size(1)?.map(um_a_um, tarefas)?.into_iter().collect()
}

fn histograma(fatias: &[Range<u64>]) -> [u64; 10] {
    let mut finais = [0; 10];
    for primo in fatias.iter().cloned().flat_map(primes) {
        finais[(primo % 10) as usize] += 1;
    }
    finais
}

/// Confere uma resposta.
pub fn check(
    resposta: impl Fn(Vec<Range<u64>>, usize, &Placar) -> Result<(), Error>,
) -> ExitCode {
    let mut check = Check::new(8);
    let sem_demora =
        |fatias: &[Range<u64>]| rodar(&resposta, fatias, 2, Duration::ZERO);
    check.point("sem fatias, o placar fica vazio", || {
        expect_equal(sem_demora(&[])?.finais, [0; 10])
    });
    check.point("o histograma está certo", || {
        let fatias = slices(100_000, 8);
        expect_equal(sem_demora(&fatias)?.finais, histograma(&fatias))
    });
    check.point("nenhuma soma se perde com quatro processos ao mesmo tempo", || {
        let fatias = slices(4_000, 16);
        let certo = histograma(&fatias);
        for _ in 0..3 {
            let finais = rodar(&resposta, &fatias, 4, Duration::from_millis(5))?.finais;
            let perdidas = certo.iter().sum::<u64>().saturating_sub(finais.iter().sum());
            if perdidas > 0 {
                return Err(format!("{perdidas} somas se perderam: o que um processo leu, outro já mudou"));
            }
            expect_equal(finais, certo)?;
        }
        Ok(())
    });
    let mut comparacao = None;
    check.point("cada fatia leva cada final ao placar uma vez só", || {
        let fatias = slices(50_000, 8);
        let sua = sem_demora(&fatias)?;
        let (feitas, bastam) = (integer(sua.operacoes()), 10 * fatias.len() as u64);
        if sua.operacoes() > bastam {
            return Err(format!(
                "foram {feitas} operações; com 8 fatias e 10 finais, bastam {bastam}"
            ));
        }
        let antes = rodar(versao_a, &fatias, 2, Duration::ZERO)?;
        comparacao = Some(format!(
            "{feitas} operações em {}; a versão A fez {} em {}",
            seconds(sua.segundos),
            integer(antes.operacoes()),
            seconds(antes.segundos),
        ));
        Ok(())
    });
    if let Some(comparacao) = comparacao {
        println!("      {comparacao}");
    }
    check.point("os processos repartem a conta", || {
        expect_shared_work(&sem_demora(&slices(600_000, 32))?.pieces(), 2)
    });
    check.finish()
}

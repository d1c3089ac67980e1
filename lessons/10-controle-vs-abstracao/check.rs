//! A conferência do exercício 10: quem morre ou trava é posto de novo, um por vez, e não para sempre.

use std::collections::BTreeSet;
use std::fs;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use licoes::load::workload::count_primes;
use licoes::run::exercise::{Check, expect_equal, expect_no_children};
use licoes::system::crash::abort_quietly;
use multiprocessamento::{Error, SharedArray};
use serde::{Deserialize, Serialize};

/// O que derruba um processo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Queda {
    /// Abortar.
    Aborta,
    /// Sair do programa, com código 3.
    Sai,
    /// Não voltar nunca mais.
    Trava,
    /// Entrar em pânico.
    Panico,
}

/// Contar os primos abaixo de `ate`. O primeiro processo que tentar cai como diz a primeira queda, o segundo como
/// a segunda; acabadas as quedas, a conta sai.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pedido {
    ate: u64,
    quedas: Vec<Queda>,
    diario: Diario,
}

/// Uma função que nem sempre volta.
pub fn instavel(pedido: Pedido) -> u64 {
    let vez = pedido.diario.anotar();
    match pedido.quedas.get(vez) {
        None => count_primes(0..pedido.ate),
        Some(Queda::Aborta) => abort_quietly(),
        Some(Queda::Sai) => std::process::exit(3),
        Some(Queda::Panico) => panic!("pânico de propósito"),
        Some(Queda::Trava) => loop {
            sleep(Duration::from_secs(1));
        },
    }
}

/// Quem tentou, anotado fora da memória de qualquer um: quantas vezes, se o anterior ainda vivia, e os PIDs.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Diario(SharedArray<u64>);

const TRIES: usize = 0;
const OVERLAPS: usize = 1;
const PIDS: usize = 2;
/// Quantas tentativas cabem; mais do que qualquer ponto pede.
const ROOM: usize = 16;

impl Diario {
    fn new() -> Result<Self, String> {
        SharedArray::new(PIDS + ROOM).map(Diario).map_err(|error| error.to_string())
    }

    /// Anota mais uma tentativa, deste processo; devolve quantas já houve antes.
    fn anotar(&self) -> usize {
        let cells = self.0.cells();
        let vez = cells[TRIES].fetch_add(1, Ordering::SeqCst) as usize;
        if vez > 0 && vez < ROOM && is_running(self.0.get(PIDS + vez - 1)) {
            cells[OVERLAPS].fetch_add(1, Ordering::SeqCst);
        }
        if vez < ROOM {
            self.0.set(PIDS + vez, u64::from(std::process::id()));
        }
        vez
    }

    fn tries(&self) -> usize {
        self.0.get(TRIES) as usize
    }

    fn pids(&self) -> BTreeSet<u64> {
        self.0.iter().skip(PIDS).take(self.tries()).collect()
    }
}

/// Se o processo existe e ainda não terminou.
fn is_running(pid: u64) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

/// Uma tentativa boa leva milissegundos; numa máquina ocupada, algumas vezes isso.
const LIMIT: Duration = Duration::from_millis(500);

/// A resposta: recebe o pedido, quantos processos pode criar, e quanto cada um pode levar.
pub trait Answer:
    Fn(Pedido, usize, Duration) -> Result<u64, Error> + Copy + Send + 'static
{
}

impl<F> Answer for F where
    F: Fn(Pedido, usize, Duration) -> Result<u64, Error> + Copy + Send + 'static
{
}

/// O que a resposta devolveu, e o que os processos dela anotaram.
fn ask(
    answer: impl Answer,
    quedas: &[Queda],
    vezes: usize,
) -> Result<(Result<u64, Error>, Diario), String> {
    let diario = Diario::new()?;
    let pedido =
        Pedido { ate: 10_000, quedas: quedas.to_vec(), diario: diario.clone() };
    Ok((answer(pedido, vezes, LIMIT), diario))
}

/// Confere que a conta saiu, depois de `tries` processos diferentes.
fn expect_answer(
    (answered, diario): (Result<u64, Error>, Diario),
    tries: usize,
) -> Result<(), String> {
    let primes = answered.map_err(|error| format!("veio um erro: {error}"))?;
    expect_equal(primes, 1_229)?;
    if diario.tries() != tries {
        return Err(format!(
            "deviam ser {tries} tentativas, e foram {}",
            diario.tries()
        ));
    }
    match diario.pids().len() {
        distinct if distinct == tries => Ok(()),
        distinct => Err(format!("{tries} tentativas, em {distinct} processos")),
    }
}

/// Confere uma resposta.
pub fn check(answer: impl Answer) -> ExitCode {
    use Queda::{Aborta, Panico, Sai, Trava};
    let mut check = Check::new(10);
    check.point_in_time(
        "quem não cai roda uma vez só, fora do programa principal",
        move || {
            let (answered, diario) = ask(answer, &[], 3)?;
            if diario.pids().contains(&u64::from(std::process::id())) {
                return Err("a função rodou no programa principal".to_owned());
            }
            expect_answer((answered, diario), 1)
        },
    );
    check.point_in_time("quem morre é posto de novo, até a conta sair", move || {
        expect_answer(ask(answer, &[Aborta, Sai], 3)?, 3)
    });
    check.point_in_time(
        "quem trava é encerrado no limite, e posto de novo",
        move || expect_answer(ask(answer, &[Trava, Aborta], 4)?, 3),
    );
    check.point_in_time("nunca há dois processos ao mesmo tempo", move || {
        let (_, diario) = ask(answer, &[Trava, Trava], 3)?;
        match diario.0.get(OVERLAPS) {
            0 => Ok(()),
            _ => Err("outro começou com o anterior ainda rodando".to_owned()),
        }
    });
    check.point_in_time(
        "acabadas as vezes, volta o erro do último processo",
        move || {
            let (answered, diario) = ask(answer, &[Aborta, Aborta, Sai], 3)?;
            expect_equal(diario.tries(), 3)?;
            match answered {
                Err(Error::WorkerDied { status, .. }) => {
                    expect_equal(status.code(), Some(3))
                }
                other => {
                    Err(format!("esperava a morte do último, que saiu; veio {other:?}"))
                }
            }
        },
    );
    check.point_in_time("um pânico daria no mesmo: não se repete", move || {
        let (answered, diario) = ask(answer, &[Panico], 3)?;
        match answered {
            Err(Error::Panicked { .. }) => expect_equal(diario.tries(), 1),
            other => Err(format!(
                "esperava o pânico, na primeira; veio {other:?}, em {} tentativas",
                diario.tries()
            )),
        }
    });
    check.point_in_time("nenhum processo fica para trás", move || {
        ask(answer, &[Trava], 1)?.0.ok();
        expect_no_children()
    });
    check.finish()
}

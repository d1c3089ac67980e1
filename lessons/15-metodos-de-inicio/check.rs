//! A conferência do exercício 15: o mesmo resultado pelos três métodos, com o que o pai tem agora.

use std::env;
use std::error::Error;
use std::fs;
use std::ops::Range;
use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use licoes::load::workload::primes;
use licoes::run::exercise::{Check, expect_equal};
use licoes::system::scratch::Scratch;
use multiprocessamento::{Process, StartMethod};
use serde::{Deserialize, Serialize};

/// O que se quer da conta.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ajuste {
    /// Só contam os primos que terminam neste algarismo.
    pub algarismo: u64,
    /// Um arquivo com os primos que não contam, um por linha.
    pub excluidos: PathBuf,
}

static AJUSTE: Mutex<Option<Ajuste>> = Mutex::new(None);

/// O ajuste deste processo, agora. O caminho do arquivo é relativo à pasta atual.
pub fn ajuste_atual() -> Ajuste {
    let padrao = Ajuste { algarismo: 1, excluidos: "excluidos.txt".into() };
    AJUSTE.lock().map_or(None, |ajuste| ajuste.clone()).unwrap_or(padrao)
}

/// O que um filho conta, e quem ele é.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relato {
    /// Quantos primos contam, ou por que não se pôde contar.
    pub quantos: Result<u64, String>,
    pid: u32,
    pai: u32,
    copia: bool,
}

/// Se este processo é uma cópia de um que a conferência marcou.
static MARCA: AtomicBool = AtomicBool::new(false);

/// A conta. Não olha nada além do que recebe.
pub fn contar((fatia, ajuste): (Range<u64>, Ajuste)) -> Relato {
    let contados = |lista: String| {
        let excluidos: Vec<u64> =
            lista.lines().filter_map(|n| n.parse().ok()).collect();
        let conta =
            |primo: &u64| primo % 10 == ajuste.algarismo && !excluidos.contains(primo);
        primes(fatia).filter(conta).count() as u64
    };
    let pasta = env::current_dir().unwrap_or_default();
    let quantos = fs::read_to_string(&ajuste.excluidos).map(contados).map_err(|_| {
        format!("na pasta {}, não há {}", pasta.display(), ajuste.excluidos.display())
    });
    let copia = MARCA.load(Ordering::SeqCst);
    Relato { quantos, pid: process::id(), pai: parent_id(), copia }
}

/// O que uma resposta devolve.
pub type Resposta = Result<Relato, Box<dyn Error>>;

/// Confere uma resposta.
pub fn check<F>(answer: F) -> ExitCode
where
    F: Fn(StartMethod, Range<u64>) -> Resposta + Copy + Send + 'static,
{
    let mut check = Check::new(15);
    check.point_in_time("por spawn, do começo", move || {
        one(answer, StartMethod::Spawn)
    });
    check.point_in_time("por forkserver, de uma cópia vazia", move || {
        one(answer, StartMethod::ForkServer)
    });
    check.point_in_time("por fork, de uma cópia do pai", move || {
        one(answer, StartMethod::Fork)
    });
    check.point_in_time("quando o ajuste muda, o próximo filho o sabe", move || {
        let folder = settle(3)?;
        for method in [StartMethod::Spawn, StartMethod::ForkServer, StartMethod::Fork] {
            for digit in [3, 5] {
                change(digit)?;
                expect_count(&call(answer, method)?, digit)?;
            }
        }
        drop(folder);
        Ok(())
    });
    check.finish()
}

/// A conta por um método só.
fn one<F>(answer: F, method: StartMethod) -> Result<(), String>
where
    F: Fn(StartMethod, Range<u64>) -> Resposta,
{
    let _folder = settle(7)?;
    let report = call(answer, method)?;
    if report.pid == process::id() {
        return Err("a conta foi feita no processo pai, e não num filho".to_owned());
    }
    // O filho de um forkserver não é filho deste processo, e só uma cópia tem a marca.
    let born = match (report.copia, report.pai == process::id()) {
        (true, _) => StartMethod::Fork,
        (false, true) => StartMethod::Spawn,
        (false, false) => StartMethod::ForkServer,
    };
    if born != method {
        return Err(format!("pediu-se {method:?}, e o filho nasceu por {born:?}"));
    }
    expect_count(&report, 7)
}

fn call<F>(answer: F, method: StartMethod) -> Result<Relato, String>
where
    F: Fn(StartMethod, Range<u64>) -> Resposta,
{
    answer(method, SLICE).map_err(|error| error.to_string())
}

const SLICE: Range<u64> = 0..20_000;
const EXCLUDED: [u64; 4] = [3, 7, 13, 17];

/// Põe este processo, que é novo, no estado em que um programa de verdade está quando cria filhos: o forkserver já
/// existe, e depois dele a pasta e o ajuste mudaram.
fn settle(digit: u64) -> Result<Scratch, String> {
    let words = |error: &dyn Error| error.to_string();
    let server = Process::builder().start_method(StartMethod::ForkServer);
    let started = server.start(|()| (), ()).and_then(Process::join);
    started.map_err(|error| words(&error))?;
    let folder = Scratch::new().map_err(|error| words(&error))?;
    let list = EXCLUDED.map(|prime| format!("{prime}\n")).concat();
    fs::write(folder.path().join("meus.txt"), list).map_err(|error| words(&error))?;
    env::set_current_dir(folder.path()).map_err(|error| words(&error))?;
    MARCA.store(true, Ordering::SeqCst);
    change(digit)?;
    Ok(folder)
}

fn change(digit: u64) -> Result<(), String> {
    let setting = Ajuste { algarismo: digit, excluidos: "meus.txt".into() };
    *AJUSTE.lock().map_err(|error| error.to_string())? = Some(setting);
    Ok(())
}

fn expect_count(report: &Relato, digit: u64) -> Result<(), String> {
    let counts = |prime: &u64| prime % 10 == digit && !EXCLUDED.contains(prime);
    expect_equal(report.quantos.clone()?, primes(SLICE).filter(counts).count() as u64)
}

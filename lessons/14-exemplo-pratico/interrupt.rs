//! O mesmo programa, morto por um SIGKILL em muitos momentos, e o arquivo que ficou.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use licoes::load::model::Model;
use licoes::load::workload::slices;
use licoes::run::lesson::Failure;
use multiprocessamento::{Error, Process};
use registro::stats::median;

use crate::arguments::Arguments;
use crate::table::Row;
use crate::{models, program};

const SLICES: usize = 64;
const WORKERS: usize = 2;

/// Os trabalhadores de um programa morto terminam em milissegundos; passado este tempo, ficaram.
const FAREWELL: Duration = Duration::from_secs(1);

/// Um jeito de escrever o arquivo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// O do programa: um rascunho ao lado, que no fim troca de nome.
    Draft,
    /// Por cima do que havia, linha a linha.
    InPlace,
}

/// O que ficou depois de uma interrupção.
#[derive(Clone, Copy, Debug)]
pub struct Interruption {
    /// Quando ela veio, em relação à duração do programa.
    pub moment: f64,
    /// Se o programa ainda rodava.
    pub was_running: bool,
    /// Que parte das linhas está no arquivo.
    pub lines: f64,
    /// Se o arquivo é o de antes, inteiro, ou o novo, inteiro.
    pub whole: bool,
    /// Quantos trabalhadores ficaram vivos.
    pub survivors: usize,
}

impl Way {
    /// Os dois, com o nome no registro.
    pub const ALL: [(Way, &str); 2] =
        [(Way::Draft, "draft"), (Way::InPlace, "in_place")];

    /// Começa o programa, que vai escrever em `path`, num processo que se pode matar.
    fn start(
        self,
        path: &Path,
        limit: u64,
    ) -> Result<Process<Result<(), String>>, Error> {
        let job = (path.to_owned(), limit);
        match self {
            Way::Draft => Process::start(|(path, limit)| draft(path, limit), job),
            Way::InPlace => Process::start(|(path, limit)| in_place(path, limit), job),
        }
    }
}

fn draft(path: PathBuf, limit: u64) -> Result<(), String> {
    program::count(&Arguments {
        limit,
        slices: SLICES,
        workers: WORKERS,
        model: Model::ProcessPool,
        output: Some(path),
        replace: true,
    })
    .map(drop)
}

// ANCHOR: in_place
/// O jeito que parece bom: abrir o arquivo e ir escrevendo.
fn in_place(path: PathBuf, limit: u64) -> Result<(), String> {
    let mut file = File::create(path).map_err(|error| error.to_string())?;
    let _ = writeln!(file, "inicio,fim,primos");
    let slices = slices(limit, SLICES);
    models::run(Model::ProcessPool, &slices, WORKERS, |Row { start, end, primes }| {
        let _ = writeln!(file, "{start},{end},{primes}");
    })
    .map_err(|error| error.to_string())
}
// ANCHOR_END: in_place

/// Interrompe `count` vezes o programa que escreve em `folder`, do começo ao fim dele.
pub fn interrupt(
    way: Way,
    folder: &Path,
    limit: u64,
    count: usize,
) -> Result<Vec<Interruption>, Failure> {
    let path = folder.join("primos.csv");
    let whole_run = |limit| -> Result<(String, f64), Failure> {
        let start = Instant::now();
        way.start(&path, limit)?.join()??;
        Ok((fs::read_to_string(&path)?, start.elapsed().as_secs_f64()))
    };
    let times = (0..3).map(|_| whole_run(limit)).collect::<Result<Vec<_>, _>>()?;
    let duration = median(&times.iter().map(|run| run.1).collect::<Vec<_>>());
    let new = sorted(&times[0].0);
    let old = whole_run(limit / 2)?.0;
    let one = |index| {
        // Um quinto além do fim: as últimas encontram o programa terminado.
        let moment = 1.2 * (index as f64 + 0.5) / count as f64;
        fs::write(&path, &old)?;
        let process = way.start(&path, limit)?;
        sleep(Duration::from_secs_f64(moment * duration));
        let (was_running, survivors) = kill(process)?;
        let found = fs::read_to_string(&path).unwrap_or_default();
        Ok(Interruption {
            moment,
            was_running,
            lines: found.matches('\n').count() as f64 / (SLICES + 1) as f64,
            whole: found == old || sorted(&found) == new,
            survivors,
        })
    };
    (0..count).map(one).collect()
}

/// As linhas, sem a ordem: quem escreve à medida que ficam prontas não as põe em ordem.
fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        text.split_inclusive('\n').map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Mata o programa; diz se ele ainda rodava, e quantos filhos dele ficaram.
fn kill(process: Process<Result<(), String>>) -> Result<(bool, usize), Failure> {
    let children = children_of(process.pid());
    process.kill();
    let was_running = match process.join() {
        Ok(finished) => finished.map(|()| false)?,
        Err(Error::WorkerDied { .. }) => true,
        Err(other) => return Err(other.into()),
    };
    let deadline = Instant::now() + FAREWELL;
    loop {
        let alive = children.iter().filter(|child| is_alive(**child)).count();
        if alive == 0 || Instant::now() > deadline {
            return Ok((was_running, alive));
        }
        sleep(Duration::from_millis(1));
    }
}

fn children_of(pid: u32) -> Vec<u32> {
    let tasks =
        fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists =
        tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| numbers(&list)).collect()
}

fn numbers(list: &str) -> Vec<u32> {
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Um zumbi já terminou: só espera quem o recolha.
fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z"))
    })
}

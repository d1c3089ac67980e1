//! O que um processo tem de seu, e quem consegue mexer nisso.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{env, fmt, mem};

use multiprocessamento::{Error, Process};
use rustix::fs::{MemfdFlags, memfd_create};
use serde::{Deserialize, Serialize};

use crate::who::Who;

/// O que um processo tem de seu, e até onde leu um arquivo que estava aberto antes de tudo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Belongings {
    pub global: u64,
    pub list: Vec<u64>,
    pub folder: PathBuf,
    pub open_files: usize,
    pub position: u64,
}

impl Belongings {
    /// Quantas coisas são, sem contar a posição do arquivo, que é do sistema.
    pub const KINDS: usize = 4;

    /// O que é diferente em `other`.
    pub fn changes(&self, other: &Self) -> Vec<&'static str> {
        let changed = [
            ("a global", self.global != other.global),
            ("a lista", self.list != other.list),
            ("a pasta atual", self.folder != other.folder),
            ("os arquivos abertos", self.open_files != other.open_files),
        ];
        changed
            .into_iter()
            .filter_map(|(name, changed)| changed.then_some(name))
            .collect()
    }
}

// ANCHOR: meddle
static GLOBAL: AtomicU64 = AtomicU64::new(0);
static LIST: Mutex<Vec<u64>> = Mutex::new(Vec::new());
static FILE: OnceLock<File> = OnceLock::new();

/// Mexe em tudo o que alcança; devolve o que via antes e o que vê depois.
fn meddle((): ()) -> [Belongings; 2] {
    let before = look();
    GLOBAL.fetch_add(1, Ordering::SeqCst);
    LIST.lock().unwrap_or_else(PoisonError::into_inner).push(1);
    let _ = env::set_current_dir("/proc");
    mem::forget(File::open(MARKER)); // um arquivo aberto que ninguém vai fechar
    let _ = FILE.get().map(|mut file| file.seek(SeekFrom::Current(1)));
    [before, look()]
}
// ANCHOR_END: meddle

/// Um arquivo que ninguém mais abre: cada descritor dele é de [`meddle`].
const MARKER: &str = "/dev/zero";

fn look() -> Belongings {
    let descriptors = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let is_marker =
        |path: PathBuf| fs::read_link(path).is_ok_and(|file| file == Path::new(MARKER));
    Belongings {
        global: GLOBAL.load(Ordering::SeqCst),
        list: LIST.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        folder: env::current_dir().unwrap_or_default(),
        open_files: descriptors.filter(|entry| is_marker(entry.path())).count(),
        position: FILE
            .get()
            .and_then(|mut file| file.stream_position().ok())
            .unwrap_or(0),
    }
}

/// O que o dono das coisas e quem mexeu nelas viam, antes e depois.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visit {
    pub who: Who,
    pub meddler: [Belongings; 2],
    pub owner: [Belongings; 2],
}

// ANCHOR: visit
/// Deixa `who` mexer nas coisas de um processo criado para isso.
pub fn visit(who: Who) -> Result<Visit, Error> {
    let receive = |who: Who| -> Result<Visit, Error> {
        settle().map_err(|error| Error::Io(error.into()))?;
        let before = look();
        let meddler = who.run(meddle, ())?;
        Ok(Visit { who, meddler, owner: [before, look()] })
    };
    Process::start(receive, who)?.join()?
}
// ANCHOR_END: visit

/// Põe as coisas em ordem. O arquivo mora na memória: nada sobra no disco.
fn settle() -> io::Result<()> {
    GLOBAL.store(100, Ordering::SeqCst);
    env::set_current_dir("/")?;
    let file = File::from(memfd_create("arquivo", MemfdFlags::CLOEXEC)?);
    FILE.set(file).map_err(|_| io::ErrorKind::AlreadyExists.into())
}

impl Visit {
    /// O que quem mexeu mudou para si.
    pub fn made(&self) -> Vec<&'static str> {
        self.meddler[0].changes(&self.meddler[1])
    }

    /// O que mudou para o dono.
    pub fn leaked(&self) -> Vec<&'static str> {
        self.owner[0].changes(&self.owner[1])
    }

    /// Se o arquivo que o dono tinha aberto andou.
    pub fn moved_the_file(&self) -> bool {
        self.owner[0].position != self.owner[1].position
    }
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (made, leaked) = (self.made(), self.leaked());
        write!(
            f,
            "{} mudou {} coisas; o dono viu mudar ",
            self.who.label(),
            made.len()
        )?;
        match leaked.len() {
            0 => write!(f, "nenhuma")?,
            _ => write!(f, "{} ({})", leaked.len(), leaked.join(", "))?,
        }
        let file = if self.moved_the_file() { "andou" } else { "ficou onde estava" };
        write!(f, "; a posição do arquivo dele {file}")
    }
}

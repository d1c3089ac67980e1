//! O que um processo recém-nascido tem do pai, por método de início.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{env, fmt};

use licoes::measure::birth::METHODS;
use multiprocessamento::{Error, Process, StartMethod};
use registro::format::count;
use serde::{Deserialize, Serialize};

// ANCHOR: look
/// O que o código diz que elas valem no começo.
pub const AT_FIRST: u64 = 1;

static GLOBAL: AtomicU64 = AtomicU64::new(AT_FIRST);
static LIST: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// O que um processo vê de si.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub global: u64,
    pub list: Vec<u64>,
    pub folder: PathBuf,
    pub open_files: usize,
}

fn look((): ()) -> View {
    View {
        global: GLOBAL.load(Ordering::SeqCst),
        list: LIST.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        folder: env::current_dir().unwrap_or_default(),
        open_files: open_files(),
    }
}
// ANCHOR_END: look

/// Um arquivo que ninguém mais abre: cada descritor dele é de [`change_everything`].
const MARKER: &str = "/dev/zero";

fn open_files() -> usize {
    let descriptors = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let is_marker =
        |path: PathBuf| fs::read_link(path).is_ok_and(|file| file == Path::new(MARKER));
    descriptors.filter(|entry| is_marker(entry.path())).count()
}

/// O pai e os filhos dele, na ordem de [`METHODS`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Family {
    pub parent: View,
    pub children: [View; 3],
}

/// Um processo novo, de uma thread só, para que o `fork` seja possível, cria um filho de cada maneira.
pub fn family() -> Result<Family, Error> {
    Process::start(have_children, ())?.join()?
}

// ANCHOR: children
fn have_children((): ()) -> Result<Family, Error> {
    let child =
        |method| Process::builder().start_method(method).start(look, ())?.join();
    // O forkserver nasce agora, antes de qualquer mudança.
    child(StartMethod::ForkServer)?;

    let _open = change_everything().map_err(|error| Error::Io(error.into()))?;
    let [copy, server, new] = METHODS.map(|(method, _)| child(method));
    Ok(Family { parent: look(()), children: [copy?, server?, new?] })
}

fn change_everything() -> std::io::Result<File> {
    GLOBAL.store(42, Ordering::SeqCst);
    LIST.lock().unwrap_or_else(PoisonError::into_inner).push(42);
    env::set_current_dir("/proc")?;
    File::open(MARKER)
}
// ANCHOR_END: children

impl View {
    /// Se a memória é a de um programa que acaba de começar.
    pub fn is_fresh(&self) -> bool {
        self.global == AT_FIRST && self.list.is_empty()
    }

    /// Se a memória é a de `other`.
    pub fn has_memory_of(&self, other: &View) -> bool {
        self.global == other.global && self.list == other.list
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "global {}, {} na lista, {}, pasta {}",
            self.global,
            count(self.list.len(), "item", "itens"),
            count(self.open_files, "arquivo aberto", "arquivos abertos"),
            self.folder.display()
        )
    }
}

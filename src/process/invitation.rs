//! Como um processo fica sabendo que é um filho, e se pode ter filhos.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, fstat};
use rustix::process::{getpid, getppid};
use rustix::thread::gettid;

use crate::Error;

/// A variável que diz a um filho que ele é um filho: `<inode do soquete>:<pid do pai>:<papel>:<quando>`.
///
/// Ela passa também aos programas que a tarefa executar; só é filho quem tem, na entrada padrão, o
/// soquete com aquele inode.
pub(super) const VARIABLE: &str = "MULTIPROCESSAMENTO_CONVITE";

/// O que o pai espera de um filho executado.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Worker,
    ForkServer,
}

const WORKER: &str = "trabalhador";
const FORKSERVER: &str = "forkserver";

/// Quando atender: em [`init`](crate::init), ou antes de `main`.
const IN_INIT: &str = "em-init";
const BEFORE_MAIN: &str = "antes-de-main";

/// O convite que este processo deixa a um filho, em [`VARIABLE`].
pub(super) fn write(inode: u64, role: Role) -> String {
    let role = if role == Role::ForkServer { FORKSERVER } else { WORKER };
    let moment = if EARLY.load(Ordering::Relaxed) { BEFORE_MAIN } else { IN_INIT };
    format!("{inode}:{}:{role}:{moment}", std::process::id())
}

/// O convite que o pai deixou a este processo.
pub(crate) struct Invitation {
    inode: u64,
    pub(crate) parent: i32,
    pub(crate) role: Role,
    /// Se é para atender antes de `main`.
    pub(crate) is_early: bool,
}

impl Invitation {
    pub(crate) fn read() -> Option<Self> {
        let value = std::env::var(VARIABLE).ok()?;
        let mut parts = value.split(':');
        let (inode, parent) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let role = if parts.next()? == FORKSERVER { Role::ForkServer } else { Role::Worker };
        Some(Invitation { inode, parent, role, is_early: parts.next() == Some(BEFORE_MAIN) })
    }

    /// Um arquivo pode ter, por acaso, o número de um soquete; por isso se olha também o tipo.
    pub(crate) fn is_at_stdin(&self) -> bool {
        fstat(io::stdin()).is_ok_and(|stdin| {
            FileType::from_raw_mode(stdin.st_mode) == FileType::Socket && stdin.st_ino == self.inode
        })
    }

    /// Verdade para o próprio convidado; falso para os programas que ele executa, que herdam a variável.
    pub(crate) fn is_from_my_parent(&self) -> bool {
        getppid().is_some_and(|pid| pid.as_raw_nonzero().get() == self.parent)
    }
}

static INITIALIZED: AtomicBool = AtomicBool::new(false);

/// Se os filhos atendem antes de `main`: quem chamou [`init`](crate::init) aqui não foi `main`.
static EARLY: AtomicBool = AtomicBool::new(false);

/// Anota que este programa passou por [`init`](crate::init); diz se foi a primeira vez.
pub(crate) fn mark_initialized() -> bool {
    // Quem chama de outra thread, ou depois de criar alguma, não está na primeira linha de `main`: é um teste, quase sempre.
    let is_main = || gettid() == getpid() && threads().is_ok_and(|count| count == 1);
    let first = !INITIALIZED.load(Ordering::Relaxed);
    if first && !is_main() {
        EARLY.store(true, Ordering::Relaxed);
    }
    !INITIALIZED.swap(true, Ordering::AcqRel)
}

/// O mesmo, num filho que atende antes de `main`: os filhos dele também atenderão.
pub(crate) fn mark_initialized_early() {
    EARLY.store(true, Ordering::Relaxed);
    INITIALIZED.store(true, Ordering::Release);
}

/// Quantas threads tem este processo.
pub(super) fn threads() -> io::Result<usize> {
    std::fs::read_dir("/proc/self/task").map(Iterator::count)
}

/// Se este programa pode criar processos.
///
/// Um filho que chegou até aqui sem passar por [`init`](crate::init) criaria um filho igual a ele, que criaria
/// outro: ele termina na hora, com uma linha.
pub(crate) fn check_initialized() -> Result<(), Error> {
    // Quem vê que foi chamada vê também como.
    if INITIALIZED.load(Ordering::Acquire) {
        return Ok(());
    }
    match Invitation::read() {
        Some(invitation) if invitation.is_at_stdin() || invitation.is_from_my_parent() => {
            stop(&Error::NotInitialized.to_string())
        }
        _ => Err(Error::NotInitialized),
    }
}

/// Encerra um filho que não é um trabalhador e seguiria como se fosse o programa principal.
pub(crate) fn stop(reason: &str) -> ! {
    // De uma vez só, para que as linhas de dois filhos não se misturem. Sem saída de erros, não há a quem dizer.
    let line = format!("erro: um processo filho chegou ao meio do programa: {reason}\n");
    let _ = io::stderr().write_all(line.as_bytes());
    std::process::exit(2)
}

//! Como um processo fica sabendo que é um filho, e se pode ter filhos.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, fstat};
use rustix::process::getppid;

use crate::Error;

/// A variável que diz a um filho que ele é um filho: `<inode do soquete>:<pid do pai>:<papel>`.
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

/// O convite que este processo deixa a um filho, em [`VARIABLE`].
pub(super) fn write(inode: u64, role: Role) -> String {
    let role = if role == Role::ForkServer { FORKSERVER } else { WORKER };
    format!("{inode}:{}:{role}", std::process::id())
}

/// O convite que o pai deixou a este processo.
pub(crate) struct Invitation {
    inode: u64,
    pub(crate) parent: i32,
    pub(crate) role: Role,
}

impl Invitation {
    pub(crate) fn read() -> Option<Self> {
        let value = std::env::var(VARIABLE).ok()?;
        let (inode, rest) = value.split_once(':')?;
        let (parent, role) = rest.split_once(':')?;
        let role = if role == FORKSERVER { Role::ForkServer } else { Role::Worker };
        Some(Invitation { inode: inode.parse().ok()?, parent: parent.parse().ok()?, role })
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

/// Anota que este programa passou por [`init`](crate::init); diz se foi a primeira vez.
pub(crate) fn mark_initialized() -> bool {
    !INITIALIZED.swap(true, Ordering::Relaxed)
}

/// Se este programa pode criar processos.
///
/// Um filho que chegou até aqui sem passar por [`init`](crate::init) criaria um filho igual a ele, que criaria
/// outro: ele termina na hora, com uma linha.
pub(crate) fn check_initialized() -> Result<(), Error> {
    if INITIALIZED.load(Ordering::Relaxed) {
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

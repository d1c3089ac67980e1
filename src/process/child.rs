//! O lado do filho: descobrir que é um filho, apresentar-se e atender pedidos até o pai fechar.

use std::ffi::{CString, OsStr};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::process::getppid;

use super::{forkserver, lifeline, protocol};
use crate::Error;
use crate::ipc::parcel::Parcel;
use crate::ipc::socket::FrameSocket;

/// A variável que diz a um filho que ele é um filho: `<inode do soquete>:<pid do pai>:<papel>`.
///
/// Ela passa também aos programas que a tarefa executar; só é filho quem tem, na entrada padrão, o
/// soquete com aquele inode.
pub(super) const INVITATION: &str = "MULTIPROCESSAMENTO_CONVITE";

/// O que o pai espera de um filho executado.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Worker,
    ForkServer,
}

/// O convite que este processo deixa a um filho.
pub(super) fn invitation(inode: u64, role: Role) -> String {
    let role = if role == Role::ForkServer { FORKSERVER } else { "trabalhador" };
    format!("{inode}:{}:{role}", std::process::id())
}

const FORKSERVER: &str = "forkserver";

/// O código de saída de um filho cuja última tarefa entrou em pânico, o mesmo de um programa Rust.
pub(super) const PANIC_EXIT_CODE: i32 = 101;

static INITIALIZED: AtomicBool = AtomicBool::new(false);

/// Prepara este programa para criar processos. Chame na primeira linha de `main`.
///
/// No programa que você rodou, volta na hora. Num processo filho, que é este mesmo programa executado
/// de novo, não volta: atende as tarefas do pai e termina com ele. É o que
/// `if __name__ == "__main__":` faz em Python, do avesso: lá a guarda protege o resto do arquivo do
/// filho; aqui o filho nunca chega ao resto.
///
/// # Exemplos
///
/// ```
/// multiprocessamento::init();
/// // Daqui para baixo, só o programa principal.
/// ```
// ANCHOR: init
pub fn init() {
    // Só a primeira chamada conta: num filho que já atende, o convite foi usado.
    if INITIALIZED.swap(true, Ordering::Relaxed) {
        return;
    }
    #[cfg(feature = "mpi")]
    crate::mpi::job::serve_if_rank();
    let Some(invitation) = Invitation::read() else { return };
    if invitation.is_at_stdin() {
        // Um erro é o pai que fechou ou morreu no meio de uma mensagem: ninguém espera mais nada daqui.
        std::process::exit(serve_from_stdin(&invitation).unwrap_or(1));
    }
    if invitation.is_from_my_parent() {
        // Seguir adiante, como se este fosse o programa principal, criaria filhos que criariam filhos.
        stop("a entrada padrão dele foi trocada antes de multiprocessamento::init()");
    }
}
// ANCHOR_END: init

/// Se este programa pode criar processos.
///
/// Um filho que chegou até aqui sem passar por [`init`] criaria um filho igual a ele, que criaria
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

fn stop(reason: &str) -> ! {
    // De uma vez só, para que as linhas de dois filhos não se misturem. Sem saída de erros, não há a quem dizer.
    let line = format!("erro: um processo filho chegou ao meio do programa: {reason}\n");
    let _ = io::stderr().write_all(line.as_bytes());
    std::process::exit(2)
}

/// O que o pai deixou em [`INVITATION`].
struct Invitation {
    inode: u64,
    parent: i32,
    role: Role,
}

impl Invitation {
    fn read() -> Option<Self> {
        let value = std::env::var(INVITATION).ok()?;
        let (inode, rest) = value.split_once(':')?;
        let (parent, role) = rest.split_once(':')?;
        let role = if role == FORKSERVER { Role::ForkServer } else { Role::Worker };
        Some(Invitation { inode: inode.parse().ok()?, parent: parent.parse().ok()?, role })
    }

    /// Um arquivo pode ter, por acaso, o número de um soquete; por isso se olha também o tipo.
    fn is_at_stdin(&self) -> bool {
        fstat(io::stdin()).is_ok_and(|stdin| {
            FileType::from_raw_mode(stdin.st_mode) == FileType::Socket && stdin.st_ino == self.inode
        })
    }

    /// Verdade para o próprio convidado; falso para os programas que ele executa, que herdam a variável.
    fn is_from_my_parent(&self) -> bool {
        getppid().is_some_and(|pid| pid.as_raw_nonzero().get() == self.parent)
    }
}

/// Um filho executado: o soquete é a entrada padrão, e o nome que o pai escolheu vem em `argv[0]`.
fn serve_from_stdin(invitation: &Invitation) -> Result<i32, Error> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().map_err(Error::io)?);
    let name = std::env::args_os().next().unwrap_or_default();
    prepare(invitation.parent, &name)?;
    match invitation.role {
        Role::Worker => serve_requests(socket.into()),
        Role::ForkServer => forkserver::serve(socket.into()),
    }
}

/// Um filho copiado; devolve o código de saída.
pub(super) fn serve_copy(socket: UnixStream, parent: i32, name: &OsStr) -> i32 {
    // Um erro é o pai que fechou ou morreu no meio de uma mensagem: ninguém espera mais nada daqui.
    prepare(parent, name).and_then(|()| serve_requests(socket.into())).unwrap_or(1)
}

fn prepare(parent: i32, name: &OsStr) -> Result<(), Error> {
    lifeline::follow(parent).map_err(Error::io)?;
    // `ps aux` mostra `argv[0]`; `top` e `ps -e` mostrariam `exe`, o fim de `/proc/self/exe`. Um nome a menos
    // na lista não impede ninguém de trabalhar.
    if let Ok(name) = CString::new(name.as_bytes()) {
        let _ = rustix::thread::set_name(&name);
    }
    // A tarefa que ler da entrada padrão encontra o fim do arquivo, e não os pedidos do pai.
    let null = open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(Error::io)?;
    rustix::stdio::dup2_stdin(null).map_err(Error::io)
}

/// Confere que quem pede é o mesmo programa que atende.
pub(super) fn check_parent(greeting: &Parcel) -> Result<(), Error> {
    protocol::check_greeting(greeting).map_err(|reason| Error::Handshake {
        pid: getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs()),
        reason,
    })
}

/// Apresenta-se e atende pedidos até o pai fechar; devolve o código de saída.
fn serve_requests(mut parent: FrameSocket) -> Result<i32, Error> {
    let Some(greeting) = parent.receive()? else { return Ok(0) };
    check_parent(&greeting)?;
    parent.send(&protocol::greeting()?, None).map_err(Error::io)?;

    let mut code = 0;
    while let Some(request) = parent.receive()? {
        let (answer, panicked) = protocol::serve(request)?;
        code = if panicked { PANIC_EXIT_CODE } else { 0 };
        parent.send(&answer, None).map_err(Error::io)?;
    }
    Ok(code)
}

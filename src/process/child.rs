//! O lado do filho: descobrir que é um filho, apresentar-se e atender pedidos até o pai fechar.

use std::ffi::CString;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::process::getppid;

use super::{lifeline, protocol};
use crate::Error;
use crate::ipc::socket::FrameSocket;

/// A variável que diz a um filho que ele é um filho: `<inode do soquete>:<pid do pai>`.
///
/// Ela passa também aos programas que a tarefa executar; só é filho quem tem, na entrada padrão, o
/// soquete com aquele inode.
pub(super) const INVITATION: &str = "MULTIPROCESSAMENTO_CONVITE";

/// O código de saída de um filho cuja última tarefa entrou em pânico, o mesmo de um programa Rust.
const PANIC_EXIT_CODE: i32 = 101;

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
pub fn init() {
    // Só a primeira chamada conta: num filho que já atende, o convite foi usado.
    if INITIALIZED.swap(true, Ordering::Relaxed) {
        return;
    }
    let Some(invitation) = Invitation::read() else { return };
    if invitation.is_at_stdin() {
        // Um erro é o pai que fechou ou morreu no meio de uma mensagem: ninguém espera mais nada daqui.
        std::process::exit(serve(invitation.parent).unwrap_or(1));
    }
    if invitation.is_from_my_parent() {
        // Seguir adiante, como se este fosse o programa principal, criaria filhos que criariam filhos.
        stop("a entrada padrão dele foi trocada antes de multiprocessamento::init()");
    }
}

/// Se este programa pode criar processos.
///
/// Um filho que chegou até aqui sem passar por [`init`] criaria um filho igual a ele, que criaria
/// outro: ele termina na hora, com uma linha.
pub(super) fn check_initialized() -> Result<(), Error> {
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
}

impl Invitation {
    fn read() -> Option<Self> {
        let value = std::env::var(INVITATION).ok()?;
        let (inode, parent) = value.split_once(':')?;
        Some(Invitation { inode: inode.parse().ok()?, parent: parent.parse().ok()? })
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

/// O nome que o pai escolheu vem em `argv[0]`, e `ps aux` o mostra; `top` e `ps -e` mostrariam `exe`, o fim
/// de `/proc/self/exe`.
fn take_name() {
    if let Some(Ok(name)) = std::env::args_os().next().map(|name| CString::new(name.into_vec())) {
        // Um nome a menos na lista não impede ninguém de trabalhar.
        let _ = rustix::thread::set_name(&name);
    }
}

fn serve(parent: i32) -> Result<i32, Error> {
    lifeline::follow(parent).map_err(Error::io)?;
    take_name();
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().map_err(Error::io)?);
    // A tarefa que ler da entrada padrão encontra o fim do arquivo, e não os pedidos do pai.
    let null = open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(Error::io)?;
    rustix::stdio::dup2_stdin(null).map_err(Error::io)?;

    serve_requests(FrameSocket::from(socket))
}

/// Apresenta-se e atende pedidos até o pai fechar; devolve o código de saída.
fn serve_requests(mut parent: FrameSocket) -> Result<i32, Error> {
    let Some(greeting) = parent.receive()? else { return Ok(0) };
    protocol::check_greeting(&greeting).map_err(|reason| Error::Handshake {
        pid: getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs()),
        reason,
    })?;
    parent.send(&protocol::greeting()?, None).map_err(Error::io)?;

    let mut code = 0;
    while let Some(request) = parent.receive()? {
        let (answer, panicked) = protocol::serve(request)?;
        code = if panicked { PANIC_EXIT_CODE } else { 0 };
        parent.send(&answer, None).map_err(Error::io)?;
    }
    Ok(code)
}

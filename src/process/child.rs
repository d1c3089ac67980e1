//! O lado do filho: descobrir que é um filho, apresentar-se e atender pedidos até o pai fechar.

use std::io::{self, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::process::getppid;

use super::{lifeline, protocol};
use crate::Error;
use crate::ipc::frame;

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
    INITIALIZED.store(true, Ordering::Relaxed);
    if let Some(invitation) = invitation() {
        // Um erro aqui é o pai que fechou ou morreu no meio de uma mensagem: ninguém espera mais nada.
        let code = serve(invitation.parent).unwrap_or(1);
        std::process::exit(code);
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
    if invitation().is_some() {
        eprintln!("erro: um processo filho chegou ao meio do programa: {}", Error::NotInitialized);
        std::process::exit(2);
    }
    Err(Error::NotInitialized)
}

struct Invitation {
    parent: i32,
}

fn invitation() -> Option<Invitation> {
    let value = std::env::var(INVITATION).ok()?;
    let (inode, parent) = value.split_once(':')?;
    let stdin = fstat(io::stdin()).ok()?;
    (stdin.st_ino == inode.parse::<u64>().ok()?).then_some(Invitation { parent: parent.parse().ok()? })
}

fn serve(parent: i32) -> Result<i32, Error> {
    lifeline::follow(parent).map_err(Error::io)?;
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().map_err(Error::io)?);
    // A tarefa que ler da entrada padrão encontra o fim do arquivo, e não os pedidos do pai.
    let null = open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(Error::io)?;
    rustix::stdio::dup2_stdin(null).map_err(Error::io)?;

    let mut requests = BufReader::with_capacity(64 << 10, &socket);
    let mut answers = &socket;
    match frame::read(&mut requests).map_err(Error::io)? {
        Some(body) => protocol::check_greeting(&body).map_err(|reason| Error::Handshake {
            pid: getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs()),
            reason,
        })?,
        None => return Ok(0),
    }
    answers.write_all(&protocol::greeting()?).map_err(Error::io)?;

    let mut code = 0;
    while let Some(body) = frame::read(&mut requests).map_err(Error::io)? {
        let (answer, panicked) = protocol::serve(&body)?;
        code = if panicked { PANIC_EXIT_CODE } else { 0 };
        answers.write_all(&answer).map_err(Error::io)?;
    }
    Ok(code)
}

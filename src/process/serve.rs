//! O lado do filho, nasça como nascer: preparar-se, apresentar-se e atender pedidos até o pai fechar.

use std::ffi::{CString, OsStr};
use std::io::IoSlice;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;

use rustix::fs::{Mode, OFlags, open};
use rustix::net::SendFlags;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::getppid;

use super::build::SameBuild;
use super::{copy, lifeline, panics, protocol};
use crate::Error;
use crate::parcel::Parcel;
use crate::wire::frame;
use crate::wire::socket::FrameSocket;

/// Liga a vida deste processo à do pai, e deixa o que um trabalhador precisa: o nome, e a entrada padrão vazia. Se não
/// consegue, diz ao pai por quê.
pub(crate) fn prepare(parent: i32, socket: &UnixStream, name: &OsStr) -> Result<(), Error> {
    try_prepare(parent, socket, name).inspect_err(|reason| {
        // Se não chegar ao pai, fica só o código de saída.
        if let Ok(excuse) = protocol::excuse(reason) {
            let _ = frame::send(socket, &[IoSlice::new(&excuse.bytes)], &[], SendFlags::empty());
        }
    })
}

fn try_prepare(parent: i32, socket: &UnixStream, name: &OsStr) -> Result<(), Error> {
    lifeline::follow(parent, socket).map_err(Error::spawn)?;
    copy::mark_worker();
    // `ps aux` mostra `argv[0]`; `top` e `ps -e` mostrariam `exe`, o fim de `/proc/self/exe`. Um nome a menos
    // na lista não impede ninguém de trabalhar.
    if let Ok(name) = CString::new(name.as_bytes()) {
        let _ = rustix::thread::set_name(&name);
    }
    // A tarefa que ler da entrada padrão encontra o fim do arquivo, e não os pedidos do pai.
    let null = open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    // Onde não há /dev (um `chroot`), um pipe que já acabou diz o mesmo.
    let empty = null.or_else(|_| pipe_with(PipeFlags::CLOEXEC).map(|(reader, _)| reader));
    let empty = empty.map_err(|error| Error::spawn_without("/dev/null, ou um pipe", error))?;
    rustix::stdio::dup2_stdin(empty).map_err(|error| Error::spawn_without("dup2", error))
}

/// Espera a apresentação do pai e se apresenta; nada, se o pai fechou antes.
///
/// # Erros
///
/// [`Error::Handshake`] se quem pede não é o mesmo programa que atende.
pub(super) fn greet(parent: &mut FrameSocket) -> Result<Option<SameBuild>, Error> {
    let Some(greeting) = parent.receive()? else { return Ok(None) };
    let proof = check_parent(&greeting)?;
    parent.send(&protocol::greeting()?, None).map_err(Error::io)?;
    Ok(Some(proof))
}

fn check_parent(greeting: &Parcel) -> Result<SameBuild, Error> {
    protocol::check_greeting(greeting).map_err(|reason| Error::Handshake {
        pid: getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs()),
        reason,
    })
}

/// Apresenta-se e atende pedidos até o pai fechar; devolve o código de saída.
pub(crate) fn serve_requests(mut parent: FrameSocket) -> Result<i32, Error> {
    let Some(proof) = greet(&mut parent)? else { return Ok(0) };
    let mut code = 0;
    while let Some(request) = parent.receive()? {
        let (answer, panicked) = protocol::serve(request, proof)?;
        code = if panicked { panics::EXIT_CODE } else { 0 };
        parent.send(&answer, None).map_err(Error::io)?;
    }
    Ok(code)
}

/// O mesmo, num filho copiado; devolve o código de saída.
pub(super) fn serve_copy(socket: UnixStream, parent: i32, name: &OsStr) -> i32 {
    // Um erro é o pai que fechou ou morreu no meio de uma mensagem: ninguém espera mais nada daqui.
    prepare(parent, &socket, name).and_then(|()| serve_requests(socket.into())).unwrap_or(1)
}

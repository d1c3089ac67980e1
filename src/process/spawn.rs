//! Executar este programa de novo.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::process::Pid;

use super::child::{Child, ThisProcess, socket_pair};
use super::invitation::{self, Role};
use crate::Error;

// ANCHOR: spawn
/// Cria um filho, que chega a [`init`](crate::init) e ali descobre que é um.
pub(super) fn execute(name: &OsStr, env: &[(OsString, OsString)], role: Role) -> Result<Child, Error> {
    let (ours, theirs) = socket_pair()?;
    let inode = fstat(&theirs).map_err(Error::spawn)?.st_ino;
    // Sem `pre_exec`: com ele a biblioteca padrão troca `posix_spawn` por `fork`, que custa mais
    // quanto maior for o pai. `/proc/self/exe` é este arquivo mesmo que tenha sido recompilado.
    let process = Command::new("/proc/self/exe")
        .arg0(name)
        .envs(env.iter().map(|(key, value)| (key, value)))
        .env(invitation::VARIABLE, invitation::write(inode, role))
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .map_err(refused)?;
    let pid = Pid::from_raw(process.id().cast_signed()).ok_or_else(|| Error::spawn(Errno::SRCH))?;
    Child::watch(pid, ours, Box::new(ThisProcess))
}
// ANCHOR_END: spawn

/// Por que o sistema não executou o filho.
fn refused(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::spawn_without("/proc, por onde um filho executa este arquivo", error),
        _ => Error::spawn_without("posix_spawn", error),
    }
}

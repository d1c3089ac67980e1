//! O lado do pai: criar um filho, falar com ele e recolhê-lo.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::child::{self, INVITATION};
use super::protocol;
use crate::ipc::parcel::Parcel;
pub(crate) use crate::ipc::socket::Received;
use crate::ipc::socket::{FrameSocket, wait};
use crate::{Error, ExitStatus};

/// Quanto se espera que um filho chegue a `init()`. Um filho normal leva um milissegundo; este
/// limite só existe para que um programa errado, ou uma máquina parada, vire um erro.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(30);

/// Quanto se espera que um filho sem mais nada a fazer termine, antes de matá-lo.
const EXIT_LIMIT: Duration = Duration::from_secs(5);

/// Um filho, com o soquete que fala com ele. Quando é descartado, o filho morre e é recolhido.
pub(crate) struct Child {
    process: std::process::Child,
    pidfd: OwnedFd,
    socket: FrameSocket,
    status: Option<ExitStatus>,
}

impl Child {
    /// Executa este programa de novo, como filho. Volta sem esperar que ele se apresente.
    pub(crate) fn spawn(name: &OsStr, env: &[(OsString, OsString)]) -> Result<Self, Error> {
        child::check_initialized()?;
        let (ours, theirs) = UnixStream::pair().map_err(Error::spawn)?;
        let inode = fstat(&theirs).map_err(Error::spawn)?.st_ino;
        // Sem `pre_exec`: com ele a biblioteca padrão troca `posix_spawn` por `fork`, que custa mais
        // quanto maior for o pai. `/proc/self/exe` é este arquivo mesmo que tenha sido recompilado.
        let mut process = Command::new("/proc/self/exe")
            .arg0(name)
            .envs(env.iter().map(|(key, value)| (key, value)))
            .env(INVITATION, format!("{inode}:{}", std::process::id()))
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .map_err(Error::spawn)?;
        let pid = Pid::from_raw(process.id().cast_signed());
        let opened = pid.ok_or(Errno::SRCH).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()));
        let pidfd = match opened {
            Ok(pidfd) => pidfd,
            Err(error) => {
                // Já mudou de mãos: sem descritor para vigiá-lo, o filho não pode ficar.
                let _ = process.kill();
                let _ = process.wait();
                return Err(Error::spawn(error));
            }
        };
        let child = Child { process, pidfd, socket: FrameSocket::from(ours), status: None };
        match child.send(&protocol::greeting()?, Instant::now() + START_LIMIT) {
            // Um filho que já morreu nasceu mesmo assim: quem o ouvir fica sabendo como foi.
            Ok(()) | Err(Error::Io(_)) => Ok(child),
            Err(other) => Err(other),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(crate) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Escreve o quadro inteiro, esperando o filho ler, até `deadline`.
    pub(crate) fn send(&self, frame: &Parcel, deadline: Instant) -> Result<(), Error> {
        self.socket.send(frame, Some(deadline)).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => {
                let reason = format!("não leu a tarefa em {} s", START_LIMIT.as_secs());
                Error::Handshake { pid: self.pid(), reason }
            }
            _ => Error::io(error),
        })
    }

    /// Avisa o filho de que não virão mais pedidos.
    pub(crate) fn finish_requests(&self) {
        self.socket.finish();
    }

    /// Lê o que houver, sem esperar.
    pub(crate) fn receive(&mut self) -> Result<Received, Error> {
        self.socket.try_receive()
    }

    /// Espera o filho escrever, fechar ou terminar; `false` se `deadline` chegou antes.
    pub(crate) fn wait_event(&self, deadline: Option<Instant>) -> Result<bool, Error> {
        let mut events = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&self.pidfd, PollFlags::IN)];
        Ok(wait(&mut events, deadline).map_err(Error::io)? > 0)
    }

    /// Se o processo já terminou.
    pub(crate) fn has_exited(&self) -> bool {
        self.wait_exit(Instant::now())
    }

    /// Espera o processo terminar, até `deadline`; diz se ele terminou.
    pub(crate) fn wait_exit(&self, deadline: Instant) -> bool {
        let mut events = [PollFd::new(&self.pidfd, PollFlags::IN)];
        self.status.is_some() || matches!(wait(&mut events, Some(deadline)), Ok(1..))
    }

    /// Manda um sinal. Um filho que já terminou não o recebe, e nenhum outro processo em seu lugar.
    pub(crate) fn signal(&self, signal: Signal) {
        // Só falha se o processo já terminou.
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }

    /// Recolhe o filho, que já não tem o que fazer; mata-o se ele não terminar logo.
    pub(crate) fn reap(&mut self) -> Result<ExitStatus, Error> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        if !self.wait_exit(Instant::now() + EXIT_LIMIT) {
            self.signal(Signal::KILL);
        }
        let status = ExitStatus::from(self.process.wait().map_err(Error::io)?);
        self.status = Some(status);
        Ok(status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.signal(Signal::KILL);
            let _ = self.reap();
        }
    }
}

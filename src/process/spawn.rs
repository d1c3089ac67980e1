//! O lado do pai: criar um filho, falar com ele e recolhê-lo.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::net::SendFlags;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::child::{self, INVITATION};
use super::protocol;
use crate::ipc::frame::{Filled, FrameReader};
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
    socket: UnixStream,
    inbox: FrameReader,
    status: Option<ExitStatus>,
}

/// Uma mensagem do filho, ou a falta dela.
pub(crate) enum Received {
    Frame(Vec<u8>),
    Nothing,
    /// O filho fechou o seu lado: terminou ou está terminando.
    End,
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
        let child = Child { process, pidfd, socket: ours, inbox: FrameReader::default(), status: None };
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

    /// Escreve `bytes` inteiros, esperando o filho ler, até `deadline`.
    pub(crate) fn send(&self, mut bytes: &[u8], deadline: Instant) -> Result<(), Error> {
        while !bytes.is_empty() {
            // NOSIGNAL: um filho morto é um erro a devolver, não um SIGPIPE que mata o pai.
            match rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let mut events = [PollFd::new(&self.socket, PollFlags::OUT)];
                    if wait(&mut events, Some(deadline)).map_err(Error::io)? == 0 {
                        let reason = format!("não leu a tarefa em {} s", START_LIMIT.as_secs());
                        return Err(Error::Handshake { pid: self.pid(), reason });
                    }
                }
                Err(error) => return Err(Error::io(error)),
            }
        }
        Ok(())
    }

    /// Avisa o filho de que não virão mais pedidos.
    pub(crate) fn finish_requests(&self) {
        // Falha só se o filho já fechou, e então não há a quem avisar.
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }

    /// Lê o que houver, sem esperar.
    pub(crate) fn receive(&mut self) -> Result<Received, Error> {
        loop {
            if let Some(frame) = self.inbox.next()? {
                return Ok(Received::Frame(frame));
            }
            match self.inbox.fill(&self.socket).map_err(Error::io)? {
                Filled::Some => {}
                Filled::Nothing => return Ok(Received::Nothing),
                Filled::End => return Ok(Received::End),
            }
        }
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

/// `poll` até `deadline`; um sinal no meio não encurta a espera. Devolve quantos eventos há.
pub(crate) fn wait(events: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<usize> {
    loop {
        let left = deadline.map(|deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        match poll(events, left.as_ref()) {
            Err(Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

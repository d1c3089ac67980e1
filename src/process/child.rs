//! O lado do pai: falar com um filho, vigiá-lo e recolhê-lo.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, pidfd_send_signal, waitpid,
};

use super::copy::process_id;
use super::{priority, protocol};
use crate::parcel::Parcel;
use crate::wire::socket::{FrameSocket, Received, wait};
use crate::{Error, ExitStatus};

/// Quanto se espera que um filho chegue a `init()`. Um filho normal leva um milissegundo; este
/// limite só existe para que um programa errado, ou uma máquina parada, vire um erro.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(30);

/// Quanto se espera que um filho sem mais nada a fazer termine, antes de matá-lo.
pub(crate) const EXIT_LIMIT: Duration = Duration::from_secs(5);

/// A chamada que dá um descritor para vigiar um processo.
pub(super) const PIDFD: &str = "pidfd_open (do Linux 5.3)";

/// Os dois lados do soquete por onde pai e filho se falam.
pub(super) fn socket_pair() -> Result<(UnixStream, UnixStream), Error> {
    UnixStream::pair().map_err(|error| Error::spawn_without("socketpair", error))
}

/// Um filho, com o soquete que fala com ele. Quando é descartado, o filho morre e é recolhido.
pub(crate) struct Child {
    pid: Pid,
    pidfd: OwnedFd,
    socket: FrameSocket,
    reaper: Box<dyn Reap>,
    status: Option<ExitStatus>,
    /// De quem ele é filho. Uma cópia (`fork`) daquele processo herda esta memória, mas não o filho.
    owner: u32,
    /// O número que ele tem para quem o recolhe: outro, se nasceu em outro espaço de PIDs.
    known_as: Pid,
}

/// Quem recolhe um processo que terminou: o pai dele, e mais ninguém.
pub(super) trait Reap: Send + Sync {
    /// Recolhe `pid`, esperando que ele termine; diz como foi.
    fn reap(&self, pid: Pid) -> Result<ExitStatus, Error>;
}

impl Child {
    /// Um processo recém-criado passa a ser vigiado, e recebe a apresentação.
    pub(super) fn watch(pid: Pid, socket: UnixStream, reaper: Box<dyn Reap>) -> Result<Self, Error> {
        let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(error) => {
                // Sem descritor para vigiá-lo, o filho não pode ficar.
                let _ = kill_process(pid, Signal::KILL);
                let _ = reaper.reap(pid);
                return Err(Error::spawn_without(PIDFD, error));
            }
        };
        Self::watch_by(pid, pid, pidfd, socket, reaper)
    }

    /// O mesmo, de um filho que nasceu em outro espaço de PIDs, onde ele é `known_as`: só o descritor diz quem ele é aqui.
    pub(super) fn watch_from_afar(
        known_as: Pid,
        pidfd: OwnedFd,
        socket: UnixStream,
        reaper: Box<dyn Reap>,
    ) -> Result<Self, Error> {
        let pid = pid_of(&pidfd).unwrap_or(known_as);
        Self::watch_by(pid, known_as, pidfd, socket, reaper)
    }

    fn watch_by(
        pid: Pid,
        known_as: Pid,
        pidfd: OwnedFd,
        socket: UnixStream,
        reaper: Box<dyn Reap>,
    ) -> Result<Self, Error> {
        let child = Child {
            pid,
            pidfd,
            socket: FrameSocket::from(socket),
            reaper,
            status: None,
            owner: process_id(),
            known_as,
        };
        match child.send(&protocol::greeting()?, Instant::now() + START_LIMIT) {
            // Um filho que já morreu nasceu mesmo assim: quem o ouvir fica sabendo como foi.
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(child),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
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

    /// Espera o próximo quadro, até `deadline`.
    ///
    /// # Erros
    ///
    /// [`Error::Disconnected`] se o filho fechou; [`Error::Handshake`] se o tempo acabou.
    pub(super) fn receive_until(&mut self, deadline: Instant) -> Result<Parcel, Error> {
        loop {
            match self.receive()? {
                Received::Frame(frame) => return Ok(frame),
                Received::End => return Err(Error::Disconnected),
                Received::Nothing if self.has_exited() => return Err(Error::Disconnected),
                Received::Nothing => {
                    if !self.wait_event(Some(deadline))? {
                        let reason = format!("não respondeu em {} s", START_LIMIT.as_secs());
                        return Err(Error::Handshake { pid: self.pid(), reason });
                    }
                }
            }
        }
    }

    /// Confere que quem respondeu é este mesmo programa.
    pub(crate) fn check_greeting(&self, greeting: &Parcel) -> Result<(), Error> {
        let proof = protocol::check_greeting(greeting);
        proof.map(|_| ()).map_err(|reason| Error::Handshake { pid: self.pid(), reason })
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

    /// Por que um filho que ainda não se apresentou não serve: se ele fechou, é porque terminou.
    pub(crate) fn stillbirth(&mut self, cause: Error) -> Error {
        let pid = self.pid();
        if !matches!(cause, Error::Disconnected | Error::Closed) {
            // Ele está de pé, e esperaria por nós.
            self.signal(Signal::KILL);
        }
        match (cause, self.reap()) {
            (Error::Disconnected | Error::Closed, Ok(status)) => {
                Error::Handshake { pid, reason: format!("{status} antes de chegar a init()") }
            }
            (cause, _) => cause,
        }
    }

    /// Soma `increment` ao nice desta thread, e dá o resultado ao filho, que ainda não recebeu pedido nenhum.
    pub(super) fn raise_nice(&self, increment: i32) -> Result<(), Error> {
        priority::raise_nice(self.pid, increment)
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
            // Nem um SIGKILL acaba logo com quem está preso no sistema, nem com o primeiro de um espaço de PIDs, que espera pelos
            // outros: esperar por ele aqui poderia ser para sempre.
            if !self.wait_exit(Instant::now() + EXIT_LIMIT) {
                return Err(Error::TimedOut(EXIT_LIMIT));
            }
        }
        let status = self.reaper.reap(self.known_as)?;
        self.status = Some(status);
        Ok(status)
    }
}

/// Se o que se mandou não foi por já não haver quem o receba.
pub(super) fn is_gone(error: &Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset};
    matches!(error, Error::Io(error) if matches!(error.kind(), BrokenPipe | ConnectionReset))
}

/// O número, neste espaço de PIDs, do processo que `pidfd` vigia.
fn pid_of(pidfd: &OwnedFd) -> Option<Pid> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    let number = info.lines().find_map(|line| line.strip_prefix("Pid:"))?;
    Pid::from_raw(number.trim().parse().ok()?)
}

/// O pai do processo é este.
pub(super) struct ThisProcess;

impl Reap for ThisProcess {
    fn reap(&self, pid: Pid) -> Result<ExitStatus, Error> {
        loop {
            match waitpid(Some(pid), WaitOptions::empty()) {
                Ok(Some((_, status))) => return Ok(ExitStatus::from_raw(status.as_raw())),
                Ok(None) | Err(Errno::INTR) => {}
                // SIGCHLD ignorado, ou um `waitpid(-1)` de outra parte do programa: ele terminou, e não se sabe como.
                Err(Errno::CHILD) => return Ok(ExitStatus::UNKNOWN),
                Err(error) => return Err(Error::io(error)),
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.status.is_none() && self.owner == process_id() {
            self.signal(Signal::KILL);
            let _ = self.reap();
        }
    }
}

//! O *forkserver*: um processo pequeno e de uma thread só, que se copia quando pedem.
//!
//! Um `fork` é barato se há pouco a copiar e seguro se há uma thread só, e o programa principal não costuma ser
//! nem uma coisa nem outra. Então se executa o programa uma vez, ele para em [`init`](crate::init), ainda
//! vazio, e dali em diante cada filho é uma cópia dele.
//!
//! ```text
//!   este processo ──▶ forkserver   Fork { nome, variáveis, soquete }
//!   forkserver ──▶ este processo   Forked(pid, pidfd)
//!   este processo ──▶ forkserver   Reap { pid }          só o pai de um processo o recolhe
//!   forkserver ──▶ este processo   Reaped(como terminou)
//! ```

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, getppid, kill_process, pidfd_open, waitpid};
use serde::{Deserialize, Serialize};

use super::child::{Child, PIDFD, Reap, START_LIMIT, socket_pair};
use super::invitation::Role;
use super::{fork, serve, spawn};
use crate::parcel::{Descriptor, Parcel};
use crate::wire::frame;
use crate::wire::socket::FrameSocket;
use crate::{Error, ExitStatus};

#[derive(Serialize, Deserialize)]
enum ForkRequest {
    Fork { name: OsString, env: Vec<(OsString, OsString)>, socket: Descriptor },
    Reap { pid: i32 },
}

#[derive(Serialize, Deserialize)]
enum ForkAnswer {
    /// O pid da cópia. Se quem pede está em outro espaço de PIDs, onde esse número é de outro processo ou de nenhum, vai também
    /// um descritor que só pode ser dela.
    Forked(i32, Option<Descriptor>),
    TooManyThreads(usize),
    Refused(Error),
    /// Como o processo terminou, nos bits do sistema.
    Reaped(Option<i32>),
}

/// O forkserver deste processo, visto daqui.
struct ForkServer {
    /// Uma conversa por vez: um pedido, uma resposta.
    child: Mutex<Child>,
    /// De quem ele é filho. Uma cópia (`fork`) deste processo herda esta memória, mas não o filho.
    owner: u32,
}

static CURRENT: Mutex<Option<Arc<ForkServer>>> = Mutex::new(None);

/// Pede uma cópia ao forkserver, que começa na primeira vez.
///
/// O pid continua sendo desse processo até ser recolhido, mesmo que ele termine antes: o forkserver só recolhe
/// quem lhe pedem.
///
/// # Erros
///
/// [`Error::Spawn`] se o sistema recusou o processo, ou o próprio forkserver; [`Error::Handshake`] se o
/// forkserver não chegou a atender.
pub(super) fn fork_from_server(name: &OsStr, env: &[(OsString, OsString)]) -> Result<Child, Error> {
    let (ours, theirs) = socket_pair()?;
    let socket = OwnedFd::from(theirs).into();
    let request = ForkRequest::Fork { name: name.into(), env: env.into(), socket };
    let mut server = ForkServer::current()?;
    let mut answer = server.ask(&request);
    if matches!(answer, Err(Error::Disconnected)) {
        // Alguém o matou desde a última vez. Se o novo também morrer, há algo errado com ele.
        server.retire();
        server = ForkServer::current()?;
        answer = server.ask(&request);
    }
    let failed = |reason: String| Err(Error::Handshake { pid: server.pid(), reason });
    match answer {
        Ok(ForkAnswer::Forked(pid, pidfd)) => match Pid::from_raw(pid) {
            Some(pid) => match pidfd {
                None => Child::watch(pid, ours, Box::new(server)),
                Some(pidfd) => {
                    let pidfd = pidfd.as_fd().try_clone_to_owned().map_err(Error::spawn)?;
                    Child::watch_from_afar(pid, pidfd, ours, Box::new(server))
                }
            },
            None => failed("o forkserver respondeu o que não devia".to_owned()),
        },
        Ok(ForkAnswer::TooManyThreads(threads)) => {
            failed(format!("o forkserver tem {threads} threads: init() tem que vir antes delas"))
        }
        Ok(ForkAnswer::Refused(error)) => Err(error),
        Ok(ForkAnswer::Reaped(_)) => failed("o forkserver respondeu o que não devia".to_owned()),
        Err(Error::Disconnected) => failed("o forkserver terminou assim que recebeu um pedido".to_owned()),
        Err(error) => Err(error),
    }
}

impl ForkServer {
    fn current() -> Result<Arc<Self>, Error> {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = std::process::id();
        if let Some(server) = current.take_if(|server| server.owner != owner) {
            // Descartá-lo mataria o filho do original.
            std::mem::forget(server);
        }
        if let Some(server) = &*current {
            return Ok(server.clone());
        }
        let mut child = spawn::execute("forkserver".as_ref(), &[], Role::ForkServer)?;
        let greeting = child.receive_until(Instant::now() + START_LIMIT);
        greeting
            .and_then(|greeting| child.check_greeting(&greeting))
            .map_err(|error| child.stillbirth(error))?;
        let server = Arc::new(ForkServer { child: Mutex::new(child), owner });
        *current = Some(server.clone());
        Ok(server)
    }

    /// Deixa de ser o atual; some quando o último filho dele for recolhido.
    fn retire(self: &Arc<Self>) {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|server| Arc::ptr_eq(server, self));
    }

    fn pid(&self) -> u32 {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).pid()
    }

    fn ask(&self, request: &ForkRequest) -> Result<ForkAnswer, Error> {
        let frame = frame::build(|body| body.write(request))?;
        let deadline = Instant::now() + START_LIMIT;
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = child.send(&frame, deadline).and_then(|()| child.receive_until(deadline));
        match answer {
            Ok(answer) => answer.read(),
            Err(error) => {
                // Parado ou morto, ele não sabe mais em que ponto da conversa está.
                child.signal(Signal::KILL);
                Err(if matches!(error, Error::Io(_)) { Error::Disconnected } else { error })
            }
        }
    }
}

impl Reap for Arc<ForkServer> {
    /// O pai das cópias é o forkserver. Se ele se foi, levou a resposta.
    fn reap(&self, pid: Pid) -> Result<ExitStatus, Error> {
        Ok(match self.ask(&ForkRequest::Reap { pid: pid.as_raw_nonzero().get() }) {
            Ok(ForkAnswer::Reaped(Some(raw))) => ExitStatus::from_raw(raw),
            _ => ExitStatus::UNKNOWN,
        })
    }
}

/// O forkserver, visto de dentro: atende pedidos até o pai fechar.
pub(crate) fn serve(mut parent: FrameSocket) -> Result<i32, Error> {
    if serve::greet(&mut parent)?.is_none() {
        return Ok(0);
    }
    let mut parent = Some(parent);
    while let Some(request) = receive(&mut parent)? {
        let answer = match request.read::<ForkRequest>()? {
            ForkRequest::Fork { name, env, socket } => fork_for(&mut parent, &name, &env, &socket),
            ForkRequest::Reap { pid } => ForkAnswer::Reaped(reap_child(pid)),
        };
        let answer = frame::build(|body| body.write(&answer))?;
        if let Some(parent) = &parent {
            parent.send(&answer, None).map_err(Error::io)?;
        }
    }
    Ok(0)
}

fn receive(parent: &mut Option<FrameSocket>) -> Result<Option<Parcel>, Error> {
    parent.as_mut().map_or(Ok(None), FrameSocket::receive)
}

fn fork_for(
    parent: &mut Option<FrameSocket>,
    name: &OsStr,
    env: &[(OsString, OsString)],
    socket: &Descriptor,
) -> ForkAnswer {
    let me = std::process::id().cast_signed();
    let forked = fork::fork(env, || {
        // A conversa com o pai não é da cópia.
        drop(parent.take());
        socket
            .as_fd()
            .try_clone_to_owned()
            .map_or(1, |socket| serve::serve_copy(UnixStream::from(socket), me, name))
    });
    match forked {
        Ok(pid) => announce(pid),
        Err(Error::ForkWithThreads { threads }) => ForkAnswer::TooManyThreads(threads),
        Err(error) => ForkAnswer::Refused(error),
    }
}

/// Diz ao pai quem é a cópia que nasceu.
fn announce(pid: Pid) -> ForkAnswer {
    // Um pai que se vê daqui vê os mesmos números.
    if getppid().is_some() {
        return ForkAnswer::Forked(pid.as_raw_nonzero().get(), None);
    }
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => ForkAnswer::Forked(pid.as_raw_nonzero().get(), Some(pidfd.into())),
        Err(error) => {
            // Sem descritor para vigiá-la, a cópia não pode ficar.
            let _ = kill_process(pid, Signal::KILL);
            reap_child(pid.as_raw_nonzero().get());
            ForkAnswer::Refused(Error::spawn_without(PIDFD, error))
        }
    }
}

fn reap_child(pid: i32) -> Option<i32> {
    // Sem WNOHANG: o pai só pergunta depois de ver, pelo pidfd, que ele terminou.
    let (_, status) = waitpid(Some(Pid::from_raw(pid)?), WaitOptions::empty()).ok().flatten()?;
    Some(status.as_raw())
}

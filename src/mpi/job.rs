//! Um programa do MPI comandado por este: o `mpirun` roda este mesmo executável, e o rank 0 faz o que se pede daqui.
//!
//! ```text
//!   este programa ══pipes══ rank 0 ──MPI── ranks 1, 2, …
//!        └── mpirun, que os criou, e que termina quando um deles morre
//! ```
//!
//! O `mpirun` não passa adiante nenhum descritor. O rank 0, que está nesta máquina, abre os dois pipes pelo `/proc` deste
//! processo: assim nada tem nome em disco, e nada fica para trás.

use std::env;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process, kill_process_group, pidfd_open};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::world::{World, own_rank};
use crate::Error;
use crate::codec::portable::Portable;
use crate::parcel::{self, Parcel};
use crate::process::build::{Build, SameBuild};
use crate::process::copy::mark_worker;
use crate::process::function::Task;
use crate::process::protocol;
use crate::process::task::{Arguments, TaskId};

/// O primeiro argumento de um programa que é um rank: `--rank-de=<pid>:<pedidos>:<respostas>`, e [`BOUND`] no fim.
const RANK_OF: &str = "--rank-de=";

/// Cada rank se prende a um núcleo.
const BOUND: &str = ":presos";

/// O que se diz de um rank que roda outro programa, ou outra compilação deste.
const OTHER_BUILD: &str = "o executável dos ranks é outro, ou foi compilado de outra vez";

/// Quanto se espera que os ranks se apresentem. Numa máquina sossegada é menos de um segundo.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Quanto se espera que eles se despeçam, antes de matar o `mpirun`.
const EXIT_LIMIT: Duration = Duration::from_secs(10);

/// Ranks criados por um `mpirun` que este programa roda. Descartado, eles terminam.
///
/// # Exemplos
///
/// ```no_run
/// use multiprocessamento::{Error, MpiJob, MpiPool, init};
///
/// fn quadrado(x: u64) -> u64 {
///     x * x
/// }
///
/// fn main() -> Result<(), Error> {
///     init();
///     let mut job = MpiJob::start(2)?; // o mesmo que `mpirun -n 3`
///     let somar = |ate: u64| -> Result<u64, Error> { Ok(MpiPool::new()?.map(quadrado, 0..ate)?.iter().sum()) };
///     assert_eq!(job.call(somar, 4)??, 14);
///     Ok(())
/// }
/// ```
#[must_use = "descartado, os ranks terminam"]
pub struct MpiJob {
    mpirun: Child,
    requests: Option<PipeWriter>,
    answers: PipeReader,
}

impl fmt::Debug for MpiJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MpiJob").field("mpirun", &self.mpirun.id()).finish_non_exhaustive()
    }
}

impl MpiJob {
    /// Um rank 0, e `workers` ranks que trabalham para ele, nesta máquina.
    ///
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] com zero, e os de [`launch`](Self::launch).
    pub fn start(workers: usize) -> Result<Self, Error> {
        Error::at_least_one("workers", workers)?;
        let mut mpirun = Command::new("mpirun");
        // Mais ranks do que núcleos, e nenhum preso a um deles: quem os reparte é o sistema, como no Pool.
        mpirun.args(["--oversubscribe", "--bind-to", "none", "-n", &(workers + 1).to_string()]);
        Self::launch(mpirun)
    }

    /// Os ranks que `mpirun`, com as opções que já tem, criar deste programa.
    ///
    /// ```no_run
    /// # use std::process::Command;
    /// # use multiprocessamento::{init, Error, MpiJob};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let mut mpirun = Command::new("mpirun");
    /// mpirun.args(["--hostfile", "maquinas", "-n", "9"]);
    /// let job = MpiJob::launch(mpirun)?; // para medir, com cada rank no seu núcleo: `MpiJob::launch_bound(mpirun)`
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::NotInitialized`] sem [`init`](crate::init); [`Error::Mpi`] se não há `mpirun`, ou se os ranks não se
    /// apresentaram. Nenhum processo fica.
    pub fn launch(mpirun: Command) -> Result<Self, Error> {
        Self::launch_with(mpirun, "")
    }

    /// O mesmo, com cada rank preso a um núcleo: o rank `n` ao `n`-ésimo dos que pode usar, em roda, em qualquer host.
    /// Onde o sistema não deixa, fica solto. Os processos que uma tarefa criar ficam presos ao núcleo dela.
    ///
    /// É para medir. O rank 0 espera perguntando, e há em geral tantos trabalhadores quantos núcleos: soltos, o sistema
    /// ora põe dois trabalhadores no mesmo, ora um deles com o rank 0, e cada medida sai diferente.
    ///
    /// # Erros
    ///
    /// Os de [`launch`](Self::launch).
    pub fn launch_bound(mpirun: Command) -> Result<Self, Error> {
        Self::launch_with(mpirun, BOUND)
    }

    fn launch_with(mut mpirun: Command, bound: &str) -> Result<Self, Error> {
        crate::process::invitation::check_initialized()?;
        let (for_rank, requests) = io::pipe().map_err(Error::spawn)?;
        let (answers, from_rank) = io::pipe().map_err(Error::spawn)?;
        let program = env::current_exe().map_err(Error::spawn)?;
        let (me, requests_fd, answers_fd) = (std::process::id(), for_rank.as_raw_fd(), from_rank.as_raw_fd());
        let child = mpirun
            .arg(program)
            .arg(format!("{RANK_OF}{me}:{requests_fd}:{answers_fd}{bound}"))
            // Root é comum num contêiner, e o Open MPI o recusa se ninguém disser que é de propósito.
            .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
            .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
            // Quem conta a morte de um rank é este programa; o relato dele, em inglês, não diria mais.
            .env("OMPI_MCA_orte_execute_quiet", "1")
            .env("OMPI_MCA_opal_signal", "")
            // O Ctrl-C é deste programa; os ranks vão com ele.
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| {
                Error::Mpi(match error.kind() {
                    ErrorKind::NotFound => "não há mpirun no PATH".to_owned(),
                    _ => error.to_string(),
                })
            })?;
        let mut job = MpiJob { mpirun: child, requests: Some(requests), answers };
        job.introduce()?;
        job.meet()?;
        // Daqui em diante estes lados são só do rank 0: se ele termina, os pipes se fecham.
        drop((for_rank, from_rank));
        Ok(job)
    }

    /// Roda `function(argument)` no rank 0, que ali tem o [`MpiPool`](crate::MpiPool) com
    /// [`MpiPool::new`](crate::MpiPool::new).
    ///
    /// # Erros
    ///
    /// [`Error::Mpi`] se um dos ranks morreu: o MPI encerra os outros. E os de uma tarefa: [`Error::Panicked`],
    /// [`Error::Encode`], [`Error::Decode`].
    pub fn call<F, A, R>(&mut self, function: F, argument: A) -> Result<R, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        let mut request = Parcel::of(&TaskId::of(function)?)?;
        request.write(&argument)?;
        let sent = match &mut self.requests {
            Some(requests) => send(requests, &request.into_bytes()?),
            None => Err(ErrorKind::BrokenPipe.into()),
        };
        let answer = sent.and_then(|()| receive(&mut self.answers)).map_err(|_| self.obituary())?;
        protocol::only(parcel::read_list(protocol::results_of(&answer)??, &[])?)
    }

    /// Apresenta-se ao rank 0: cabe no pipe, haja ou não quem leia.
    fn introduce(&mut self) -> Result<(), Error> {
        let greeting = Parcel::of(Build::own()?)?.into_bytes()?;
        self.requests.as_mut().map_or(Ok(()), |requests| send(requests, &greeting)).map_err(Error::io)
    }

    /// Espera que o rank 0 se apresente, o que ele só faz depois de conhecer os outros.
    fn meet(&mut self) -> Result<(), Error> {
        let exit = exit_of(&self.mpirun)?;
        let mut events = [poll_in(&self.answers), poll_in(&exit)];
        poll(&mut events, Some(&limit(START_LIMIT))).map_err(Error::io)?;
        if events.iter().all(|event| event.revents().is_empty()) {
            return Err(Error::Mpi(format!("os ranks não se apresentaram em {} s", START_LIMIT.as_secs())));
        }
        if events[0].revents().is_empty() {
            let status = self.mpirun.wait().map_err(Error::io)?;
            return Err(Error::Mpi(format!(
                "o mpirun terminou antes de os ranks começarem, com {}",
                ended(status)
            )));
        }
        let greeting = receive(&mut self.answers).map_err(|_| self.obituary())?;
        let theirs = parcel::read::<Result<Build, Error>>(&greeting, &[])??;
        Build::own()?.prove(&theirs).map(|_| ()).ok_or_else(|| Error::Mpi(OTHER_BUILD.to_owned()))
    }

    /// Por que ninguém responde.
    fn obituary(&mut self) -> Error {
        self.requests = None;
        let status = self.end();
        Error::Mpi(match status {
            Some(status) => format!("um dos ranks morreu, e o MPI encerrou os outros: {}", ended(status)),
            None => "um dos ranks morreu, e o mpirun teve que ser encerrado também".to_owned(),
        })
    }

    /// Espera o `mpirun` terminar; depois do limite, mata-o com tudo o que é dele.
    fn end(&mut self) -> Option<ExitStatus> {
        let in_time = exit_of(&self.mpirun)
            .is_ok_and(|exit| poll(&mut [poll_in(&exit)], Some(&limit(EXIT_LIMIT))) == Ok(1));
        if !in_time && let Some(group) = Pid::from_raw(self.mpirun.id().cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.mpirun.wait().ok().filter(|_| in_time)
    }
}

impl Drop for MpiJob {
    fn drop(&mut self) {
        // Sem pedidos, o rank 0 se despede dos outros e termina.
        self.requests = None;
        self.end();
    }
}

/// Algo que se pode esperar, e que avisa quando o `mpirun` termina.
fn exit_of(mpirun: &Child) -> Result<OwnedFd, Error> {
    let pid = Pid::from_child(mpirun);
    pidfd_open(pid, PidfdFlags::empty()).map_err(Error::io)
}

fn poll_in(descriptor: &impl AsFd) -> PollFd<'_> {
    PollFd::new(descriptor, PollFlags::IN)
}

fn limit(limit: Duration) -> Timespec {
    Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: 0 }
}

/// O Open MPI devolve o código do rank que falhou: acima de 128, o sinal que o matou.
fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code @ 129..=192) => format!("o sinal {}", code - 128),
        Some(code) => format!("o código {code}"),
        None => status.to_string(),
    }
}

/// Escreve uma mensagem: o tamanho, e os bytes.
fn send(pipe: &mut impl Write, body: &[u8]) -> io::Result<()> {
    pipe.write_all(&(body.len() as u64).to_ne_bytes())?;
    pipe.write_all(body)
}

/// Lê a próxima. Um pipe que se fechou é um erro.
fn receive(pipe: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut size = [0; 8];
    pipe.read_exact(&mut size)?;
    let mut body = vec![0; u64::from_ne_bytes(size) as usize];
    pipe.read_exact(&mut body)?;
    Ok(body)
}

/// Num rank de um [`MpiJob`], não volta: faz o que se pede, e sai do programa. Nos outros, volta na hora.
pub(crate) fn serve_if_rank() {
    let argument = env::args_os().nth(1).unwrap_or_default();
    let argument = argument.to_string_lossy();
    let Some(invitation) = argument.strip_prefix(RANK_OF) else { return };
    if invitation.ends_with(BOUND) {
        bind();
    }
    // Um erro é o programa que comandava e se foi: ninguém espera mais nada daqui.
    std::process::exit(serve(invitation).map_or(1, |()| 0))
}

/// Prende este processo ao seu núcleo, se o sistema deixa.
fn bind() {
    let (Some(rank), Ok(allowed)) = (own_rank(), sched_getaffinity(None)) else { return };
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
    let mut own = CpuSet::new();
    own.set(cores[rank % cores.len()]);
    let _ = sched_setaffinity(None, &own);
}

/// O rank 0, até que se fechem os pedidos. Os outros ranks não saem de `MpiPool::new`.
fn serve(invitation: &str) -> io::Result<()> {
    mark_worker();
    let world = World::enter();
    let mut parts = invitation.split(':');
    let mut next = || parts.next().ok_or(ErrorKind::InvalidInput);
    let (pid, requests, answers) = (next()?, next()?, next()?);
    let mut requests = File::open(format!("/proc/{pid}/fd/{requests}"))?;
    let mut answers = OpenOptions::new().write(true).open(format!("/proc/{pid}/fd/{answers}"))?;
    follow(answers.try_clone()?);
    let theirs: Build = parcel::read(&receive(&mut requests)?, &[]).map_err(io::Error::other)?;
    let own = Build::own().map_err(io::Error::other)?;
    let greeting = world.as_ref().map(|_| own).map_err(Clone::clone);
    send(&mut answers, &Parcel::of(&greeting).map_err(io::Error::other)?.bytes)?;
    let proof = own.prove(&theirs).ok_or_else(|| io::Error::other(OTHER_BUILD))?;
    while let Ok(request) = receive(&mut requests) {
        let answer = answer_to(&request, proof).map_err(io::Error::other)?;
        send(&mut answers, &answer.bytes)?;
    }
    Ok(())
}

fn answer_to(request: &[u8], proof: SameBuild) -> Result<Parcel, Error> {
    let (task, bytes) = parcel::read_first::<TaskId>(request, &[])?;
    let mut answer = Parcel::default();
    protocol::run(task, Arguments { items: 1, bytes, descriptors: Vec::new() }, &mut answer, proof)?;
    Ok(answer)
}

/// O rank 0 morre com quem o comanda, mesmo no meio de uma tarefa; o `mpirun` faz o resto.
fn follow(answers: File) {
    thread::spawn(move || {
        // Sem nada a esperar, `poll` só volta quando o outro lado do pipe se fecha.
        let mut closed = [PollFd::new(&answers, PollFlags::empty())];
        while poll(&mut closed, None).is_err() {}
        let _ = kill_process(getpid(), Signal::KILL);
    });
}

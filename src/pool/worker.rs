//! Um trabalhador visto pelo pool: o filho, os blocos que estão com ele e o seu ritmo.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::IoSlice;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::SendFlags;
use rustix::process::Signal;

use super::reply::Promise;
use crate::Error;
use crate::ipc::frame;
use crate::ipc::parcel::Parcel;
use crate::process::protocol;
use crate::process::spawn::{Child, Received, START_LIMIT};

/// Um bloco a fazer: o pedido já em bytes e a quem responder.
pub(crate) struct Job {
    pub(crate) request: Parcel,
    pub(crate) promise: Promise<Parcel>,
}

/// Um processo do pool.
pub(crate) struct Worker {
    child: Child,
    /// Os blocos com este trabalhador, do mais antigo ao mais novo. O primeiro é o que ele faz agora.
    jobs: VecDeque<Job>,
    /// Quantos de `jobs` já foram escritos inteiros, e quantos bytes do seguinte.
    sent: usize,
    sent_bytes: usize,
    /// Até quando ele pode se apresentar; `None` depois que se apresentou.
    greeting_due: Option<Instant>,
    pace: Pace,
}

/// Como um trabalhador terminou e o que fazer com o que estava com ele.
pub(crate) struct Death {
    /// O bloco que ele fazia, e o que dizer a quem o pediu.
    pub(crate) lost: Option<Job>,
    pub(crate) error: Error,
    /// A morte em palavras, com tarefa ou sem.
    pub(crate) reason: String,
    /// Os que ele não começou.
    pub(crate) untouched: VecDeque<Job>,
}

impl Worker {
    pub(crate) fn spawn(name: &OsStr) -> Result<Self, Error> {
        Ok(Worker {
            child: Child::spawn(name, &[])?,
            jobs: VecDeque::new(),
            sent: 0,
            sent_bytes: 0,
            greeting_due: Some(Instant::now() + START_LIMIT),
            pace: Pace::new(),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.pid()
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.greeting_due.is_none()
    }

    pub(crate) fn greeting_due(&self) -> Option<Instant> {
        self.greeting_due
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Se cabe mais um bloco; com algum já em mãos, só se `ahead` permite adiantar.
    pub(crate) fn has_room(&self, ahead: bool) -> bool {
        self.is_ready() && (self.is_idle() || ahead && self.jobs.len() < self.pace.depth())
    }

    pub(crate) fn assign(&mut self, job: Job) {
        if self.jobs.is_empty() {
            self.pace.start();
        }
        self.jobs.push_back(job);
    }

    /// Sem blocos para ele: o ritmo do que passou nada diz sobre o que virá depois da folga.
    pub(crate) fn rest(&mut self) {
        self.pace = Pace::new();
    }

    /// O que vigiar: o soquete (para escrever, só se há o que escrever) e o fim do processo.
    pub(crate) fn events(&self) -> [PollFd<'_>; 2] {
        let mut flags = PollFlags::IN;
        if self.sent < self.jobs.len() {
            flags |= PollFlags::OUT;
        }
        let pidfd: BorrowedFd<'_> = self.child.pidfd();
        [PollFd::from_borrowed_fd(self.child.socket(), flags), PollFd::from_borrowed_fd(pidfd, PollFlags::IN)]
    }

    /// Escreve o que couber no soquete, vários pedidos por chamada.
    pub(crate) fn send(&mut self) -> Result<(), Error> {
        /// O sistema aceita 1024 por chamada; a entrega adiantada nunca passa de `Pace::DEEPEST`.
        const BATCH: usize = Pace::DEEPEST;
        while self.sent < self.jobs.len() {
            let mut pieces = [IoSlice::new(&[]); BATCH];
            let mut count = 0;
            // Os descritores vão com o primeiro byte do pedido a que pertencem; o sistema os junta a um envio,
            // não a um pedido, então um pedido com descritores começa sempre um envio.
            let mut descriptors = &[][..];
            for (piece, job) in pieces.iter_mut().zip(self.jobs.range(self.sent..)) {
                let skip = if count == 0 { self.sent_bytes } else { 0 };
                if skip == 0 && !job.request.descriptors.is_empty() {
                    if count > 0 {
                        break;
                    }
                    descriptors = &job.request.descriptors;
                }
                *piece = IoSlice::new(&job.request.bytes[skip..]);
                count += 1;
            }
            match frame::send(self.child.socket(), &pieces[..count], descriptors, SendFlags::DONTWAIT) {
                Ok(written) => self.advance(written),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(Error::io(error)),
            }
        }
        Ok(())
    }

    fn advance(&mut self, mut written: usize) {
        while written > 0 {
            let left = self.jobs[self.sent].request.bytes.len() - self.sent_bytes;
            if written < left {
                self.sent_bytes += written;
                return;
            }
            written -= left;
            self.sent += 1;
            self.sent_bytes = 0;
        }
    }

    /// Lê o que chegou e responde aos blocos prontos; devolve quantos foram.
    ///
    /// # Erros
    ///
    /// O trabalhador fechou, ou disse o que não devia: ele está perdido.
    pub(crate) fn receive(&mut self) -> (usize, Result<(), Error>) {
        let mut done = 0;
        loop {
            match self.child.receive() {
                Ok(Received::Nothing) => return (done, Ok(())),
                Ok(Received::End) => return (done, Err(Error::Closed)),
                Ok(Received::Frame(body)) if !self.is_ready() => {
                    if let Err(reason) = protocol::check_greeting(&body) {
                        return (done, Err(Error::Handshake { pid: self.pid(), reason }));
                    }
                    self.greeting_due = None;
                }
                Ok(Received::Frame(body)) => match self.answer(body) {
                    Ok(()) => done += 1,
                    Err(error) => return (done, Err(error)),
                },
                Err(error) => return (done, Err(error)),
            }
        }
    }

    fn answer(&mut self, body: Parcel) -> Result<(), Error> {
        let reply = protocol::read_reply(body)?;
        if self.sent == 0 {
            return Err(Error::Decode("resposta sem pedido".to_owned()));
        }
        let Some(job) = self.jobs.pop_front() else { return Ok(()) };
        self.sent -= 1;
        job.promise.keep(reply);
        self.pace.tick();
        Ok(())
    }

    /// Espera que o processo se apresente.
    pub(crate) fn wait_ready(&mut self) -> Result<(), Error> {
        while let Some(due) = self.greeting_due {
            let pid = self.pid();
            let failed = |reason| Error::Handshake { pid, reason };
            match self.receive().1 {
                Ok(()) if self.is_ready() => {}
                Ok(()) if !self.child.has_exited() => {
                    if !self.child.wait_event(Some(due))? {
                        return Err(failed(format!("não chegou a init() em {} s", START_LIMIT.as_secs())));
                    }
                }
                Ok(()) | Err(Error::Closed) => {
                    let status = self.child.reap()?;
                    return Err(failed(format!("{status} antes de chegar a init()")));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(crate) fn kill(&self) {
        self.child.signal(Signal::KILL);
    }

    /// Espera o processo terminar, até `deadline`.
    pub(crate) fn wait_exit(&mut self, deadline: Instant) {
        self.child.wait_exit(deadline);
    }

    /// Avisa que não virão mais blocos.
    pub(crate) fn dismiss(&self) {
        self.child.finish_requests();
    }

    /// Se o processo já terminou.
    pub(crate) fn has_exited(&self) -> bool {
        self.child.has_exited()
    }

    /// Mata e recolhe o processo, e diz o que se perdeu com ele.
    pub(crate) fn bury(mut self, cause: Error) -> Death {
        let pid = self.pid();
        if !matches!(cause, Error::Closed) {
            self.child.signal(Signal::KILL);
        }
        let status = self.child.reap();
        let started = self.is_ready() && self.sent > 0;
        let lost = if started { self.jobs.pop_front() } else { None };
        let (error, reason) = match (cause, status) {
            (Error::Closed, Ok(status)) => {
                (Error::WorkerDied { pid, status }, format!("o processo {pid} {status}"))
            }
            (Error::Closed, Err(error)) | (error, _) => (error.clone(), error.to_string()),
        };
        Death { lost, error, reason, untouched: self.jobs }
    }
}

/// Quantos blocos adiantar: o bastante para o trabalhador não parar à espera do próximo, e não mais.
///
/// Acordar um processo custa dezenas de microssegundos. Com tarefas curtas, vale ter muitas na fila
/// dele; com tarefas longas, uma adiantada é uma que outro trabalhador livre não pode pegar.
struct Pace {
    /// Média móvel do tempo entre respostas, em segundos.
    mean: Option<f64>,
    last: Instant,
}

impl Pace {
    const DEEPEST: usize = 32;
    /// Quanto trabalho adiantado cobre com folga um despertar.
    const AHEAD: f64 = 1e-3;
    /// Acima disto, a espera pelo próximo bloco é menos de 1 % dele: não se adianta nada.
    const LONG: f64 = 10e-3;

    fn new() -> Self {
        Pace { mean: None, last: Instant::now() }
    }

    fn start(&mut self) {
        self.last = Instant::now();
    }

    fn tick(&mut self) {
        let elapsed = self.last.elapsed().min(Duration::from_secs(3600)).as_secs_f64();
        self.last = Instant::now();
        self.mean = Some(self.mean.map_or(elapsed, |mean| 0.8 * mean + 0.2 * elapsed));
    }

    fn depth(&self) -> usize {
        match self.mean {
            // Um despertar por série custa menos do que adiantar às cegas uma tarefa longa.
            None => 1,
            Some(mean) if mean > Self::LONG => 1,
            Some(mean) => ((Self::AHEAD / mean) as usize).clamp(2, Self::DEEPEST),
        }
    }
}

//! Um trabalhador visto pelo pool: o filho e os blocos que estão com ele.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::IoSlice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::SendFlags;
use rustix::process::Signal;

use super::board::Board;
use super::board::attend::{Leave, Post, attend};
use super::job::{Job, Terms};
use super::pace::Pace;
use super::reply::{Answer, ChunkId, Promise};
use crate::Error;
use crate::parcel::Parcel;
use crate::process::child::{Child, EXIT_LIMIT, START_LIMIT};
use crate::process::protocol;
use crate::process::start::start;
use crate::wire::frame;
use crate::wire::socket::Received;
use crate::wire::socket::wait;

/// Um processo do pool.
pub(crate) struct Worker {
    child: Child,
    stage: Stage,
    /// Os blocos com este trabalhador, do mais antigo ao mais novo. O primeiro é o que ele faz agora.
    jobs: VecDeque<Job>,
    /// Quantos de `jobs` já foram escritos inteiros, e quantos bytes do seguinte.
    sent: usize,
    sent_bytes: usize,
    /// Desde quando ele faz o primeiro bloco.
    busy_since: Instant,
    /// Quantos itens ele ainda pode receber.
    quota: Option<usize>,
    time_limit: Option<Duration>,
    pace: Pace,
    /// Por onde virá a resposta do posto, se ele está no mural.
    attending: Option<Receiver<Answer<Parcel>>>,
    /// Se o último que fez foi do soquete: então a vez é do mural.
    served_socket: bool,
}

/// A vida de um trabalhador, em ordem.
enum Stage {
    /// Ainda não se apresentou; pode, até este momento. Depois, fará o que está aqui.
    Starting(Instant, Option<Parcel>),
    /// Roda o `initializer`; a resposta chega por aqui.
    Initializing(Receiver<Answer<Parcel>>),
    Ready,
    /// Fez a sua cota e foi dispensado; pode sair, até este momento.
    Retired(Instant),
    /// Fechou o soquete mas ainda não terminou; pode, até este momento.
    Leaving(Instant),
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
    pub(crate) fn start(name: &OsStr, terms: &Terms) -> Result<Self, Error> {
        Ok(Worker {
            child: start(terms.start_method, name, &[])?,
            stage: Stage::Starting(Instant::now() + START_LIMIT, terms.initializer.clone()),
            jobs: VecDeque::new(),
            sent: 0,
            sent_bytes: 0,
            busy_since: Instant::now(),
            quota: terms.quota,
            time_limit: terms.time_limit,
            pace: Pace::new(),
            attending: None,
            served_socket: false,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.pid()
    }

    fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready)
    }

    /// Se ele foi dispensado por ter feito a sua cota: a saída dele não é uma morte.
    pub(crate) fn is_retired(&self) -> bool {
        matches!(self.stage, Stage::Retired(_))
    }

    /// Se ainda vem algo dele pelo soquete.
    fn is_listened_to(&self) -> bool {
        !matches!(self.stage, Stage::Retired(_) | Stage::Leaving(_))
    }

    /// Até quando se espera algo dele: que se apresente, que termine o bloco, que saia.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Starting(due, _) | Stage::Retired(due) | Stage::Leaving(due) => Some(due),
            Stage::Initializing(_) | Stage::Ready => self.busy_since.checked_add(self.allowance()?),
        }
    }

    /// Quanto pode durar o bloco que ele faz agora.
    fn allowance(&self) -> Option<Duration> {
        if self.is_attending() {
            // O posto não tem hora para acabar; cada bloco do mural tem a sua.
            return None;
        }
        // O pedido inicial não tem itens, e tem o tempo de um.
        let items = u32::try_from(self.jobs.front()?.items().max(1)).unwrap_or(u32::MAX);
        Some(self.time_limit?.saturating_mul(items))
    }

    /// O que dizer de quem passou da hora; `None` se basta matá-lo e esperar que termine.
    fn lateness(&self) -> Option<Error> {
        let pid = self.pid();
        match self.stage {
            Stage::Starting(..) => {
                let reason = format!("não chegou a init() em {} s", START_LIMIT.as_secs());
                Some(Error::Handshake { pid, reason })
            }
            Stage::Initializing(_) | Stage::Ready => {
                Some(Error::TaskTimedOut { pid, limit: self.allowance().unwrap_or_default() })
            }
            _ => None,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Se cabe mais um bloco; com algum já em mãos, só se `ahead` permite adiantar.
    pub(crate) fn has_room(&self, ahead: bool) -> bool {
        let depth = if ahead { self.pace.depth() } else { 1 };
        self.is_ready() && self.quota != Some(0) && self.jobs.len() < depth
    }

    pub(crate) fn assign(&mut self, job: Job) {
        if self.jobs.is_empty() {
            self.busy_since = Instant::now();
            self.pace.start();
        }
        if let Some(quota) = &mut self.quota {
            *quota = quota.saturating_sub(job.items());
        }
        self.jobs.push_back(job);
    }

    /// Quantos itens ele ainda pode receber.
    pub(crate) fn quota(&self) -> Option<usize> {
        self.quota
    }

    /// Se ele cuida do mural.
    pub(crate) fn is_attending(&self) -> bool {
        self.attending.is_some()
    }

    /// Se, com o mural sem ninguém, a vez dele é do mural e não do soquete.
    pub(crate) fn owes(&self, unattended: bool) -> bool {
        unattended && self.served_socket
    }

    /// Manda-o cuidar do mural.
    pub(crate) fn attend(&mut self, post: &Post) -> Result<(), Error> {
        let (to, left) = crossbeam_channel::bounded(1);
        let promise = Promise::new(ChunkId { index: 0, len: 0 }, to, None);
        self.jobs.push_back(Job::new(protocol::request_to(attend, post)?, promise));
        self.attending = Some(left);
        self.served_socket = false;
        self.send()
    }

    /// O que fazer se ele deixou o mural, ou se passou da hora nele.
    ///
    /// # Erros
    ///
    /// [`Error::TaskTimedOut`]; ou o que ele disse ao sair não faz sentido.
    pub(crate) fn come_back(&mut self, index: usize, board: &Board) -> Result<(), Error> {
        let Some(attending) = &self.attending else { return Ok(()) };
        if let Ok((_, left)) = attending.try_recv() {
            self.attending = None;
            board.desk.dismiss_summons(index);
            let Leave { items, large } = Leave::read(left?)?;
            if let Some(quota) = &mut self.quota {
                *quota = quota.saturating_sub(items);
            }
            if let Some((slot, answer)) = large {
                board.desk.deliver(slot, answer);
            }
            // Alguém pode ter contado com ele para um bloco que ainda espera.
            board.desk.rally();
            return Ok(());
        }
        match board.desk.due(index) {
            Some((due, limit)) if due <= Instant::now() => {
                Err(Error::TaskTimedOut { pid: self.pid(), limit })
            }
            _ => Ok(()),
        }
    }

    /// Dispensa quem já fez a sua cota.
    pub(crate) fn retire_if_spent(&mut self) {
        if self.is_ready() && self.is_idle() && self.quota == Some(0) {
            self.dismiss();
            self.stage = Stage::Retired(Instant::now() + EXIT_LIMIT);
        }
    }

    /// Sem blocos para ele: o ritmo do que passou nada diz sobre o que virá depois da folga.
    pub(crate) fn rest(&mut self) {
        self.pace = Pace::new();
    }

    /// O que vigiar: o soquete (para escrever, só se há o que escrever) e o fim do processo.
    pub(crate) fn events(&self) -> impl Iterator<Item = PollFd<'_>> {
        let mut flags = PollFlags::IN;
        if self.sent < self.jobs.len() {
            flags |= PollFlags::OUT;
        }
        // Um soquete fechado do outro lado acordaria quem espera, sem descanso.
        let socket = self.is_listened_to().then(|| PollFd::from_borrowed_fd(self.child.socket(), flags));
        socket.into_iter().chain([PollFd::from_borrowed_fd(self.child.pidfd(), PollFlags::IN)])
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

    /// Lê o que chegou e responde aos blocos prontos; diz se houve algum, e soma os itens a `tasks` antes que quem
    /// os pediu receba a resposta.
    ///
    /// # Erros
    ///
    /// Ele terminou, passou da hora ou disse o que não devia: está perdido. [`Error::Closed`] se ele mesmo se
    /// foi.
    pub(crate) fn collect(&mut self, tasks: &AtomicU64) -> (bool, Result<(), Error>) {
        // A ordem importa: o que ele escreveu antes de morrer ainda está no soquete.
        let exited = self.child.has_exited();
        let (done, outcome) = if self.is_listened_to() { self.receive(tasks) } else { (false, Ok(())) };
        let late = self.due().is_some_and(|due| due <= Instant::now());
        let outcome = match outcome {
            Err(cause) => Err(cause),
            Ok(()) if exited => Err(Error::Closed),
            Ok(()) if late => match self.lateness() {
                Some(error) => Err(error),
                None => {
                    self.kill();
                    self.stage = Stage::Leaving(Instant::now() + EXIT_LIMIT);
                    Ok(())
                }
            },
            Ok(()) => Ok(()),
        };
        (done, outcome)
    }

    fn receive(&mut self, tasks: &AtomicU64) -> (bool, Result<(), Error>) {
        let mut done = false;
        loop {
            let outcome = match self.child.receive() {
                Ok(Received::Nothing) => return (done, Ok(())),
                Ok(Received::End) if self.child.has_exited() => Err(Error::Closed),
                Ok(Received::End) => {
                    // Quem fecha está terminando. Esperá-lo aqui faria os outros esperarem também.
                    self.stage = Stage::Leaving(Instant::now() + EXIT_LIMIT);
                    return (done, Ok(()));
                }
                Ok(Received::Frame(body)) => self.take(body, tasks).map(|answered| done |= answered),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                return (done, Err(error));
            }
        }
    }

    /// Um quadro dele: a apresentação, ou a resposta ao bloco mais antigo. Diz se foi a de um bloco de quem usa o pool.
    fn take(&mut self, body: Parcel, tasks: &AtomicU64) -> Result<bool, Error> {
        if let Stage::Starting(_, initializer) = &mut self.stage {
            self.child.check_greeting(&body)?;
            match initializer.take() {
                None => self.stage = Stage::Ready,
                Some(request) => self.initialize(request),
            }
            return Ok(false);
        }
        let done = self.answer(body, tasks)?;
        if let Stage::Initializing(outcome) = &self.stage {
            outcome.try_recv().map_or(Ok(()), |(_, outcome)| outcome.map(drop))?;
            self.stage = Stage::Ready;
        }
        Ok(done)
    }

    fn initialize(&mut self, request: Parcel) {
        let (to, outcome) = crossbeam_channel::bounded(1);
        let promise = Promise::new(ChunkId { index: 0, len: 0 }, to, None);
        self.jobs.push_back(Job::new(request, promise));
        self.busy_since = Instant::now();
        self.stage = Stage::Initializing(outcome);
        // Um erro aqui é um trabalhador que morreu; a próxima leitura o encontra.
        let _ = self.send();
    }

    /// Responde ao bloco mais antigo; diz se era de quem usa o pool.
    fn answer(&mut self, body: Parcel, tasks: &AtomicU64) -> Result<bool, Error> {
        let reply = protocol::read_reply(body)?;
        if self.sent == 0 {
            return Err(Error::Decode("resposta sem pedido".to_owned()));
        }
        let Some(job) = self.jobs.pop_front() else { return Ok(false) };
        self.sent -= 1;
        self.busy_since = Instant::now();
        let own = job.is_own();
        if !own {
            self.pace.tick();
            self.served_socket = true;
        }
        tasks.fetch_add(job.items() as u64, Ordering::Relaxed);
        job.promise.keep(reply);
        Ok(!own)
    }

    /// Espera que o processo esteja pronto para receber tarefas.
    pub(crate) fn wait_ready(&mut self) -> Result<(), Error> {
        while !self.is_ready() {
            let (_, outcome) = self.collect(&AtomicU64::new(0));
            if let Err(cause) = outcome {
                return Err(self.stillbirth(cause));
            }
            // A leitura pode ter trazido o que faltava.
            if !self.is_ready() {
                let due = self.due();
                wait(&mut self.events().collect::<Vec<_>>(), due).map_err(Error::io)?;
                // O resto do pedido inicial; um erro aqui é uma morte, que a próxima leitura encontra.
                let _ = self.send();
            }
        }
        Ok(())
    }

    /// Por que um pool não nasceu.
    fn stillbirth(&mut self, cause: Error) -> Error {
        // Só quem se apresentou recebe um pedido.
        let (pid, greeted) = (self.pid(), !self.jobs.is_empty());
        match (cause, self.child.reap()) {
            (Error::Closed, Ok(status)) if greeted => Error::WorkerDied { pid, status },
            (Error::Closed, Ok(status)) => {
                Error::Handshake { pid, reason: format!("{status} antes de chegar a init()") }
            }
            (cause, _) => cause,
        }
    }

    pub(crate) fn kill(&self) {
        self.child.signal(Signal::KILL);
    }

    /// Espera o processo terminar, até `deadline`.
    pub(crate) fn wait_exit(&self, deadline: Instant) {
        self.child.wait_exit(deadline);
    }

    /// Avisa que não virão mais blocos.
    pub(crate) fn dismiss(&self) {
        self.child.finish_requests();
    }

    /// Mata e recolhe o processo, e diz o que se perdeu com ele.
    pub(crate) fn bury(mut self, cause: Error) -> Death {
        let pid = self.pid();
        if !matches!(cause, Error::Closed) {
            self.child.signal(Signal::KILL);
        }
        let status = self.child.reap();
        if self.jobs.front().is_some_and(Job::is_own) {
            // É deste trabalhador, e não de quem usa o pool: não volta à fila.
            self.jobs.pop_front();
            self.sent = self.sent.saturating_sub(1);
        }
        let lost = if self.sent > 0 { self.jobs.pop_front() } else { None };
        let (error, reason) = match (cause, status) {
            (Error::Closed, Ok(status)) => {
                (Error::WorkerDied { pid, status }, format!("o processo {pid} {status}"))
            }
            (Error::Closed, Err(error)) | (error, _) => (error.clone(), error.to_string()),
        };
        Death { lost, error, reason, untouched: self.jobs }
    }
}

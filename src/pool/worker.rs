//! Um trabalhador visto pelo pool: o filho, onde ele pega blocos, e os que estão com ele.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::process::Signal;

use super::counters::Counters;
use super::shm::seat::{Departure, Seat};
use super::shm::worker_loop::worker_loop;
use super::socket::job::SocketJob;
use super::socket::outbox::Outbox;
use super::socket::pace::Pace;
use super::terms::Terms;
use crate::Error;
use crate::dispatch::deadline::Deadline;
use crate::parcel::Parcel;
use crate::process::child::{Child, EXIT_LIMIT, START_LIMIT};
use crate::process::protocol;
use crate::process::start::start;
use crate::wire::socket::{Received, wait};

/// Quem foi chamado de volta do anel e não vem pode estar parado (SIGSTOP, um depurador), ou no meio de um bloco longo.
const RECALL_LIMIT: Duration = Duration::from_millis(50);

/// Um processo do pool.
pub(super) struct PoolWorker {
    child: Child,
    stage: Stage,
    place: Place,
    /// Como deixou o anel da última vez, se o supervisor ainda não soube.
    departure: Option<Departure>,
    /// Desde quando se espera que deixe o anel para fazer um bloco do soquete.
    recalled: Option<Instant>,
    outbox: Outbox,
    /// Desde quando ele faz o primeiro bloco.
    busy_since: Instant,
    /// Quantos itens ele ainda pode receber.
    quota: Option<usize>,
    time_limit: Option<Duration>,
    pace: Pace,
}

/// A vida de um trabalhador, em ordem.
enum Stage {
    /// Ainda não se apresentou; pode, até este momento. Depois, fará o que está aqui.
    Starting(Instant, Option<Parcel>),
    /// Roda o `initializer`.
    Initializing,
    Ready,
    /// Fez a sua cota e foi dispensado; pode sair, até este momento.
    Retired(Instant),
    /// Fechou o soquete mas ainda não terminou; pode, até este momento.
    Leaving(Instant),
}

/// De onde um trabalhador tira blocos.
enum Place {
    /// Do soquete, os que o supervisor lhe dá.
    Socket {
        /// Se já fez algum desde que deixou o anel: então a próxima vez é do anel.
        served: bool,
    },
    /// Do anel, por conta própria.
    Ring,
}

/// Como um trabalhador terminou e o que fazer com o que estava com ele.
pub(super) struct Death {
    /// O bloco que ele fazia, e o que dizer a quem o pediu.
    pub(super) lost: Option<SocketJob>,
    pub(super) error: Error,
    /// A morte em palavras, com tarefa ou sem.
    pub(super) reason: String,
    /// Os que ele não começou.
    pub(super) untouched: VecDeque<SocketJob>,
}

impl PoolWorker {
    pub(super) fn start(name: &OsStr, terms: &Terms) -> Result<Self, Error> {
        Ok(PoolWorker {
            child: start(terms.start_method, name, &[])?,
            stage: Stage::Starting(Instant::now() + START_LIMIT, terms.initializer.clone()),
            place: Place::Socket { served: false },
            departure: None,
            recalled: None,
            outbox: Outbox::default(),
            busy_since: Instant::now(),
            quota: terms.quota,
            time_limit: terms.time_limit,
            pace: Pace::new(),
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.pid()
    }

    fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready)
    }

    /// Se ele foi dispensado por ter feito a sua cota: a saída dele não é uma morte.
    pub(super) fn is_retired(&self) -> bool {
        matches!(self.stage, Stage::Retired(_))
    }

    /// Se ainda vem algo dele pelo soquete.
    fn is_listened_to(&self) -> bool {
        !matches!(self.stage, Stage::Retired(_) | Stage::Leaving(_))
    }

    /// Até quando se espera algo dele: que se apresente, que termine o bloco, que saia.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Starting(due, _) | Stage::Retired(due) | Stage::Leaving(due) => Some(due),
            Stage::Initializing | Stage::Ready => self.deadline().map(Deadline::due),
        }
    }

    /// O prazo do bloco do soquete que ele faz agora. O posto no anel não tem hora para acabar; cada bloco de lá tem a sua.
    fn deadline(&self) -> Option<Deadline> {
        if self.is_on_ring() {
            return None;
        }
        // O pedido inicial não tem itens, e tem o tempo de um.
        let items = self.outbox.oldest()?.items().max(1);
        Deadline::of_chunk(self.time_limit, items, self.busy_since)
    }

    /// O que dizer de quem passou da hora; `None` se basta matá-lo e esperar que termine.
    fn lateness(&self) -> Option<Error> {
        let pid = self.pid();
        match self.stage {
            Stage::Starting(..) => {
                let reason = format!("não chegou a init() em {} s", START_LIMIT.as_secs());
                Some(Error::Handshake { pid, reason })
            }
            Stage::Initializing | Stage::Ready => Some(self.deadline()?.missed_by(pid)),
            Stage::Retired(_) | Stage::Leaving(_) => None,
        }
    }

    pub(super) fn is_unoccupied(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Se cabe mais um bloco; com algum já em mãos, só se `ahead` permite adiantar.
    pub(super) fn has_room(&self, ahead: bool) -> bool {
        let depth = if ahead { self.pace.depth() } else { 1 };
        self.is_ready() && self.quota != Some(0) && self.outbox.len() < depth
    }

    pub(super) fn assign(&mut self, job: SocketJob) {
        if self.outbox.is_empty() {
            self.busy_since = Instant::now();
            self.pace.start();
        }
        self.spend(job.items());
        self.outbox.push(job);
    }

    /// Quantos itens ele ainda pode receber.
    pub(super) fn quota(&self) -> Option<usize> {
        self.quota
    }

    fn spend(&mut self, items: usize) {
        if let Some(quota) = &mut self.quota {
            *quota = quota.saturating_sub(items);
        }
    }

    /// Se ele tira blocos do anel.
    pub(super) fn is_on_ring(&self) -> bool {
        matches!(self.place, Place::Ring)
    }

    /// Se já fez um bloco do soquete desde que deixou o anel: com o anel sem ninguém, a vez é de lá.
    pub(super) fn owes_ring_a_turn(&self) -> bool {
        matches!(self.place, Place::Socket { served: true })
    }

    /// Manda-o ao anel: para ele, uma tarefa como as outras, que só acaba quando o chamam de volta.
    pub(super) fn go_to_ring(&mut self, seat: &Seat) -> Result<(), Error> {
        self.outbox.push(SocketJob::own(protocol::request_to(worker_loop, seat)?));
        self.place = Place::Ring;
        self.send()
    }

    /// Ele foi chamado de volta do anel.
    pub(super) fn note_recall(&mut self) {
        self.recalled.get_or_insert_with(Instant::now);
    }

    /// Até quando se espera que volte do anel, antes de chamar outro em seu lugar.
    pub(super) fn recall_due(&self) -> Option<Instant> {
        self.recalled.map(|at| at + RECALL_LIMIT)
    }

    /// Como ele deixou o anel, se deixou desde a última pergunta.
    pub(super) fn take_departure(&mut self) -> Option<Departure> {
        self.departure.take()
    }

    /// Dispensa quem já fez a sua cota.
    pub(super) fn retire_if_spent(&mut self) {
        if self.is_ready() && self.is_unoccupied() && self.quota == Some(0) {
            self.dismiss();
            self.stage = Stage::Retired(Instant::now() + EXIT_LIMIT);
        }
    }

    /// Sem blocos para ele: o ritmo do que passou nada diz sobre o que virá depois da folga.
    pub(super) fn forget_pace(&mut self) {
        self.pace = Pace::new();
    }

    /// O que vigiar: o soquete (para escrever, só se há o que escrever) e o fim do processo.
    pub(super) fn events(&self) -> impl Iterator<Item = PollFd<'_>> {
        let mut flags = PollFlags::IN;
        if self.outbox.has_unsent() {
            flags |= PollFlags::OUT;
        }
        // Um soquete fechado do outro lado acordaria quem espera, sem descanso.
        let socket = self.is_listened_to().then(|| PollFd::from_borrowed_fd(self.child.socket(), flags));
        socket.into_iter().chain([PollFd::from_borrowed_fd(self.child.pidfd(), PollFlags::IN)])
    }

    /// Escreve o que couber no soquete.
    pub(super) fn send(&mut self) -> Result<(), Error> {
        self.outbox.send(self.child.socket())
    }

    /// Lê o que chegou e responde aos blocos prontos; diz se houve algum, e os soma às contas antes que quem os pediu
    /// receba a resposta.
    ///
    /// # Erros
    ///
    /// Ele terminou, passou da hora ou disse o que não devia: está perdido. [`Error::Closed`] se ele mesmo se
    /// foi.
    pub(super) fn collect(&mut self, counters: &Counters) -> (bool, Result<(), Error>) {
        // A ordem importa: o que ele escreveu antes de morrer ainda está no soquete.
        let exited = self.child.has_exited();
        let (done, outcome) = if self.is_listened_to() { self.receive(counters) } else { (false, Ok(())) };
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

    fn receive(&mut self, counters: &Counters) -> (bool, Result<(), Error>) {
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
                Ok(Received::Frame(body)) => self.take(body, counters).map(|answered| done |= answered),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                return (done, Err(error));
            }
        }
    }

    /// Um quadro dele: a apresentação, ou a resposta ao bloco mais antigo. Diz se foi a de um bloco de quem usa o pool.
    fn take(&mut self, body: Parcel, counters: &Counters) -> Result<bool, Error> {
        if let Stage::Starting(_, initializer) = &mut self.stage {
            self.child.check_greeting(&body)?;
            match initializer.take() {
                None => self.stage = Stage::Ready,
                Some(request) => self.initialize(request),
            }
            return Ok(false);
        }
        self.answer(body, counters)
    }

    fn initialize(&mut self, request: Parcel) {
        self.outbox.push(SocketJob::own(request));
        self.busy_since = Instant::now();
        self.stage = Stage::Initializing;
        // Um erro aqui é um trabalhador que morreu; a próxima leitura o encontra.
        let _ = self.send();
    }

    /// Responde ao bloco mais antigo; diz se era de quem usa o pool.
    fn answer(&mut self, body: Parcel, counters: &Counters) -> Result<bool, Error> {
        let reply = protocol::read_reply(body)?;
        let job = self.outbox.answered()?;
        self.busy_since = Instant::now();
        if job.is_own() {
            return self.finish_own(reply).map(|()| false);
        }
        self.pace.tick();
        self.place = Place::Socket { served: true };
        counters.add_tasks(job.items());
        job.promise.keep(reply);
        Ok(true)
    }

    /// Acabou o `initializer`, ou deixou o anel.
    fn finish_own(&mut self, reply: Result<Parcel, Error>) -> Result<(), Error> {
        let reply = reply?;
        match self.stage {
            Stage::Initializing => self.stage = Stage::Ready,
            _ => {
                let departure = Departure::read(reply)?;
                self.spend(departure.items);
                self.place = Place::Socket { served: false };
                self.departure = Some(departure);
                self.recalled = None;
            }
        }
        Ok(())
    }

    /// Espera que o processo esteja pronto para receber tarefas.
    pub(super) fn wait_ready(&mut self) -> Result<(), Error> {
        while !self.is_ready() {
            let (_, outcome) = self.collect(&Counters::new(0));
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
        let greeted = !self.outbox.is_empty();
        if greeted
            && matches!(cause, Error::Closed)
            && let Ok(status) = self.child.reap()
        {
            return Error::WorkerDied { pid: self.pid(), status };
        }
        self.child.stillbirth(cause)
    }

    pub(super) fn kill(&self) {
        self.child.signal(Signal::KILL);
    }

    /// Espera o processo terminar, até `deadline`.
    pub(super) fn wait_exit(&self, deadline: Instant) {
        self.child.wait_exit(deadline);
    }

    /// Avisa que não virão mais blocos.
    pub(super) fn dismiss(&self) {
        self.child.finish_requests();
    }

    /// Mata e recolhe o processo, e diz o que se perdeu com ele.
    pub(super) fn into_death(mut self, cause: Error) -> Death {
        let pid = self.pid();
        if !matches!(cause, Error::Closed) {
            self.child.signal(Signal::KILL);
        }
        let status = self.child.reap();
        let (error, reason) = match (cause, status) {
            (Error::Closed, Ok(status)) => {
                (Error::WorkerDied { pid, status }, format!("o processo {pid} {status}"))
            }
            (Error::Closed, Err(error)) | (error, _) => (error.clone(), error.to_string()),
        };
        let (lost, untouched) = self.outbox.into_remains();
        Death { lost, error, reason, untouched }
    }
}

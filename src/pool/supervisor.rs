//! A thread que cuida do pool: distribui os blocos que vão por soquete, colhe as respostas, enterra e repõe os mortos.
//!
//! Os do mural não passam por ela, a menos que algo não caiba ou dê errado.
//!
//! Ela é uma só, e dona de tudo o que passa pelos soquetes: não há trava a segurar nem corrida a temer. Espera em um
//! único `poll` por ordens, respostas e mortes; sem nada a fazer, não gasta processador.
//!
//! ```text
//!            ordens                     um soquete por trabalhador
//!   Pool ──────────────▶ supervisor ◀──────────────────────────────▶ trabalhadores
//!     ▲                      │
//!     └───── respostas ──────┘
//! ```

use std::collections::VecDeque;
use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};
use rustix::fd::OwnedFd;

use super::board::Board;
use super::board::desk::Haste;
use super::job::{Job, Terms};
use super::worker::{Death, Worker};
use crate::Error;
use crate::wire::socket::wait;

/// Quantas mortes seguidas, sem nenhum bloco pronto entre elas, o pool aguenta por trabalhador. É por
/// trabalhador porque um `killall` mata todos de uma vez sem que haja nada de errado com o programa.
const MAX_DEATHS_PER_WORKER: usize = 16;

/// Quanto esperar antes de tentar de novo, quando o sistema recusa um processo: a cada recusa seguida,
/// mais isto, até [`MAX_REFUSALS`] vezes isto.
const RETRY_SPAWN: Duration = Duration::from_millis(50);

/// Quantas recusas seguidas o pool aguenta sem nenhum trabalhador de pé (uns 2 s). Com um que seja, ele
/// continua, com menos gente, e continua pedindo.
const MAX_REFUSALS: u32 = 10;

/// De quanto em quanto se pergunta de novo com quem ficou a posição de um morto.
const UNSETTLED: Duration = Duration::from_millis(10);

/// Quanto se espera que trabalhadores dispensados saiam sozinhos.
const DISMISS_LIMIT: Duration = Duration::from_secs(5);

/// O que o pool pede ao supervisor.
pub(crate) enum Order {
    Run(Job),
    /// Terminar o que já foi pedido e dispensar os trabalhadores.
    Close,
    /// Matar os trabalhadores agora.
    Terminate,
}

/// Por onde as ordens chegam: uma fila e uma campainha.
pub(crate) struct Inbox {
    queue: Sender<Order>,
    bell: Arc<Bell>,
}

/// Acorda o supervisor, só se ele dorme: tocar a campainha custa uma chamada ao sistema.
pub(crate) struct Bell {
    eventfd: OwnedFd,
    asleep: AtomicBool,
}

impl Bell {
    pub(crate) fn ring(&self) {
        if self.asleep.swap(false, Ordering::SeqCst) {
            // Só falharia com o contador cheio, e então a campainha já está tocando.
            let _ = rustix::io::write(&self.eventfd, &1u64.to_ne_bytes());
        }
    }
}

impl Inbox {
    pub(crate) fn new() -> Result<(Self, Doorway), Error> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(Error::spawn)?;
        let bell = Arc::new(Bell { eventfd, asleep: AtomicBool::new(false) });
        let (queue, orders) = crossbeam_channel::unbounded();
        Ok((Inbox { queue, bell: bell.clone() }, Doorway { orders, bell }))
    }

    /// Entrega uma ordem. Com o supervisor já encerrado, ela é descartada, e a promessa de um bloco
    /// descartado responde por si.
    pub(crate) fn put(&self, order: Order) {
        let _ = self.queue.send(order);
        self.bell.ring();
    }

    pub(crate) fn bell(&self) -> Arc<Bell> {
        self.bell.clone()
    }
}

/// O que o supervisor conta a quem usa o pool.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) pids: Mutex<Vec<u32>>,
    pub(crate) tasks: AtomicU64,
    pub(crate) restarts: AtomicU64,
    pub(crate) retries: AtomicU64,
}

/// O lado do supervisor de um [`Inbox`].
pub(crate) struct Doorway {
    orders: Receiver<Order>,
    bell: Arc<Bell>,
}

#[derive(PartialEq, Eq)]
enum Phase {
    Open,
    Closing,
    Terminated,
}

pub(crate) struct Supervisor {
    doorway: Doorway,
    /// Um lugar por trabalhador; vazio enquanto o sistema recusa um processo novo.
    workers: Vec<Option<Worker>>,
    names: Vec<OsString>,
    terms: Terms,
    /// Quantas vezes um bloco perdido volta à fila.
    retries: usize,
    shared: Arc<Shared>,
    /// O transporte rápido, se o pool tem um.
    board: Option<Board>,
    /// Quantos blocos o mural tinha feito na última morte.
    finished: u64,
    queue: VecDeque<Job>,
    phase: Phase,
    /// Mortes desde o último bloco pronto.
    deaths: usize,
    /// Recusas do sistema desde o último processo criado, e quando tentar de novo.
    refusals: u32,
    retry_at: Option<Instant>,
    /// Por que o pool desistiu. Quem já tem um bloco o termina; ninguém recebe outro.
    broken: Option<Error>,
}

impl Supervisor {
    pub(crate) fn new(
        doorway: Doorway,
        workers: Vec<Worker>,
        names: Vec<OsString>,
        terms: Terms,
        retries: usize,
        shared: Arc<Shared>,
        board: Option<Board>,
    ) -> Self {
        let supervisor = Supervisor {
            doorway,
            workers: workers.into_iter().map(Some).collect(),
            names,
            terms,
            retries,
            shared,
            board,
            finished: 0,
            queue: VecDeque::new(),
            phase: Phase::Open,
            deaths: 0,
            refusals: 0,
            retry_at: None,
            broken: None,
        };
        supervisor.publish_pids();
        supervisor
    }

    // ANCHOR: run
    /// Trabalha até o pool fechar ou ser encerrado.
    pub(crate) fn run(mut self) {
        loop {
            self.take_orders();
            if self.phase == Phase::Terminated {
                return self.terminate();
            }
            self.refuse_if_broken();
            self.hand_out();
            self.keep_attended();
            // Só depois de distribuir: a fila pode ter ficado vazia porque ninguém mais queria o que havia.
            if self.phase == Phase::Closing && self.is_done() {
                return self.dismiss();
            }
            self.sleep();
            self.collect();
            self.replace_missing();
        }
    }
    // ANCHOR_END: run

    fn take_orders(&mut self) {
        loop {
            match self.doorway.orders.try_recv() {
                Ok(Order::Run(job)) => self.queue.push_back(job),
                Ok(Order::Close) => self.phase = Phase::Closing,
                // Um pool que sumiu sem se despedir não espera mais nada.
                Ok(Order::Terminate) | Err(TryRecvError::Disconnected) => {
                    self.phase = Phase::Terminated;
                    return;
                }
                Err(TryRecvError::Empty) => return,
            }
        }
    }

    /// Um pool que desistiu não deixa ninguém esperando por um trabalhador que não virá.
    fn refuse_if_broken(&mut self) {
        if let Some(error) = &self.broken {
            for job in self.queue.drain(..) {
                job.promise.keep(Err(error.clone()));
            }
            if let Some(board) = &self.board {
                board.desk.refuse(error.clone());
                board.desk.take_all_back(error);
            }
        }
    }

    fn is_done(&self) -> bool {
        let waiting = self.board.as_ref().is_some_and(|board| board.desk.is_busy());
        !waiting && self.queue.is_empty() && self.workers.iter().flatten().all(Worker::is_idle)
    }

    /// Um bloco por trabalhador a cada volta, para que todos tenham um antes de alguém ter dois.
    ///
    /// Os últimos da fila não são adiantados: um deles poderia ficar preso atrás de uma tarefa longa
    /// enquanto outro trabalhador, livre, já não encontraria nada.
    fn hand_out(&mut self) {
        let reserve = self.workers.len();
        let unattended = self.is_unattended();
        let mut assigned = true;
        while assigned && !self.queue.is_empty() {
            assigned = false;
            for worker in self.workers.iter_mut().flatten() {
                if !worker.has_room(self.queue.len() > reserve && !unattended) || worker.owes(unattended) {
                    continue;
                }
                while let Some(job) = self.queue.pop_front() {
                    if job.promise.is_wanted() {
                        worker.assign(job);
                        assigned = true;
                        break;
                    }
                }
            }
        }
        for worker in self.workers.iter_mut().flatten() {
            if worker.is_idle() {
                worker.rest();
            }
            worker.retire_if_spent();
            // Um erro aqui é um trabalhador que morreu; `collect` o encontra logo em seguida.
            let _ = worker.send();
        }
    }

    // ANCHOR: attended
    /// Se há blocos no mural, e ninguém cuidando dele.
    fn is_unattended(&self) -> bool {
        let attending = self.workers.iter().flatten().any(Worker::is_attending);
        !attending && self.board.as_ref().is_some_and(|board| board.desk.has_waiting())
    }

    /// Quem não tem bloco do soquete a fazer cuida do mural; os que faltam para os da fila são chamados de volta.
    fn keep_attended(&mut self) {
        let Some(board) = &self.board else { return };
        let wanted = self.phase == Phase::Open || board.desk.has_waiting();
        for (index, worker) in self.workers.iter_mut().enumerate() {
            let Some(worker) = worker else { continue };
            if wanted && worker.has_room(false) {
                let _ = worker.attend(&board.post(index, worker.quota()));
            }
        }
        let attending: Vec<usize> = (0..self.workers.len())
            .filter(|&index| self.workers[index].as_ref().is_some_and(Worker::is_attending))
            .collect();
        if self.phase == Phase::Closing {
            attending.iter().for_each(|&index| board.desk.summon(index, Haste::WhenDone));
        }
        let (resting, busy): (Vec<_>, Vec<_>) =
            attending.into_iter().partition(|&index| board.desk.is_resting(index));
        for index in resting.into_iter().chain(busy).take(self.queue.len()) {
            board.desk.summon(index, Haste::Now);
        }
    }
    // ANCHOR_END: attended

    /// Até quando se pode dormir sem perder um prazo de quem cuida do mural.
    fn board_due(&self) -> Option<Instant> {
        let board = self.board.as_ref()?;
        let dues = (0..self.workers.len()).filter_map(|index| Some(board.desk.due(index)?.0));
        let unsettled = board.desk.settle().then(|| Instant::now() + UNSETTLED);
        dues.chain(board.desk.next_watch()).chain(unsettled).min()
    }

    fn sleep(&mut self) {
        let deadlines = self.workers.iter().flatten().filter_map(Worker::due);
        let deadline = deadlines.chain(self.retry_at).chain(self.board_due()).min();
        let bell = &self.doorway.bell;
        bell.asleep.store(true, Ordering::SeqCst);
        // Uma ordem que chegou antes do `store` não tocou a campainha: olha-se a fila de novo.
        let deadline = if self.doorway.orders.is_empty() { deadline } else { Some(Instant::now()) };
        let mut events: Vec<_> = self.workers.iter().flatten().flat_map(Worker::events).collect();
        events.push(PollFd::new(&bell.eventfd, PollFlags::IN));
        if wait(&mut events, deadline).is_err() {
            // Memória do sistema esgotada: melhor descansar um pouco do que girar pedindo mais.
            thread::sleep(RETRY_SPAWN);
        }
        bell.asleep.store(false, Ordering::SeqCst);
        let _ = rustix::io::read(&bell.eventfd, &mut [0u8; 8]);
    }

    fn collect(&mut self) {
        for slot in 0..self.workers.len() {
            let Some(worker) = &mut self.workers[slot] else { continue };
            let (done, mut outcome) = worker.collect(&self.shared.tasks);
            if done {
                self.deaths = 0;
            }
            if let Some(board) = &self.board {
                outcome = outcome.and_then(|()| worker.come_back(slot, board));
            }
            let Err(cause) = outcome else { continue };
            if let Some(worker) = self.workers[slot].take() {
                let retired = worker.is_retired();
                let death = worker.bury(cause);
                let error = death.error.clone();
                if !retired {
                    self.mourn(death);
                }
                if let Some(board) = &self.board {
                    board.desk.bury(slot, error);
                }
            }
        }
    }

    // ANCHOR: mourn
    /// A morte é um dado: quem perdeu o bloco fica sabendo, os outros blocos seguem.
    fn mourn(&mut self, death: Death) {
        self.note_progress();
        // As contas antes da notícia: quem a recebe pode olhá-las em seguida.
        self.shared.restarts.fetch_add(1, Ordering::Relaxed);
        self.publish_pids();
        for job in death.untouched.into_iter().rev() {
            self.queue.push_front(job);
        }
        match death.lost {
            Some(mut job) if job.losses < self.retries => {
                job.losses += 1;
                self.shared.retries.fetch_add(1, Ordering::Relaxed);
                self.queue.push_front(job);
            }
            Some(job) => job.promise.keep(Err(death.error)),
            None => {}
        }
        self.deaths += 1;
        if self.deaths > MAX_DEATHS_PER_WORKER * self.workers.len() {
            let error = Error::TooManyDeaths { deaths: self.deaths, last: death.reason };
            self.broken.get_or_insert(error);
        }
    }

    /// Um bloco feito pelo mural, como um feito pelo soquete, diz que as mortes não vêm em série.
    fn note_progress(&mut self) {
        let finished = self.board.as_ref().map_or(0, |board| board.desk.finished());
        if finished > std::mem::replace(&mut self.finished, finished) {
            self.deaths = 0;
        }
    }

    fn replace_missing(&mut self) {
        if self.broken.is_some() || self.workers.iter().all(Option::is_some) {
            self.retry_at = None;
            return;
        }
        if self.retry_at.is_some_and(|at| at > Instant::now()) {
            return;
        }
        self.retry_at = None;
        for slot in 0..self.workers.len() {
            if self.workers[slot].is_some() {
                continue;
            }
            match Worker::start(&self.names[slot], &self.terms) {
                Ok(worker) => {
                    self.workers[slot] = Some(worker);
                    self.refusals = 0;
                }
                Err(error) => {
                    self.be_refused(error);
                    break;
                }
            }
        }
        self.publish_pids();
    }

    fn be_refused(&mut self, error: Error) {
        self.refusals = MAX_REFUSALS.min(self.refusals + 1);
        self.retry_at = Some(Instant::now() + RETRY_SPAWN * self.refusals);
        let alone = self.workers.iter().all(Option::is_none);
        if alone && self.refusals == MAX_REFUSALS {
            self.broken = Some(error);
        }
    }

    fn publish_pids(&self) {
        let mut pids = self.shared.pids.lock().unwrap_or_else(PoisonError::into_inner);
        *pids = self.workers.iter().flatten().map(Worker::pid).collect();
    }

    /// Todos matados antes de qualquer um ser recolhido: morrem ao mesmo tempo.
    fn terminate(mut self) {
        for worker in self.workers.iter().flatten() {
            worker.kill();
        }
        // O que estava na fila e o que estava com eles responde `Terminated` ao ser descartado.
        self.workers.clear();
        self.queue.clear();
        if let Some(board) = &self.board {
            board.desk.terminate();
        }
        self.publish_pids();
    }

    fn dismiss(self) {
        for worker in self.workers.iter().flatten() {
            worker.dismiss();
        }
        let deadline = Instant::now() + DISMISS_LIMIT;
        for worker in self.workers.iter().flatten() {
            worker.wait_exit(deadline);
        }
        // Quem não saiu a tempo é morto ao ser descartado.
        self.terminate();
    }
}

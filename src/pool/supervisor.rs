//! A thread que cuida do pool: distribui os blocos que vão por soquete, colhe as respostas, enterra e repõe os mortos.
//!
//! Os do anel não passam por ela, a menos que algo não caiba ou dê errado.
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
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::counters::Counters;
use super::inbox::{Doorway, Order};
use super::shm::ShmTransport;
use super::shm::seat::Recall;
use super::shm::slot_table::SlotTable;
use super::socket::job::SocketJob;
use super::terms::Terms;
use super::worker::{Death, PoolWorker};
use crate::Error;
use crate::dispatch::deadline::Deadline;
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
const UNDECIDED: Duration = Duration::from_millis(10);

/// Quanto se espera que trabalhadores dispensados saiam sozinhos.
const DISMISS_LIMIT: Duration = Duration::from_secs(5);

#[derive(PartialEq, Eq)]
enum Phase {
    Open,
    Closing,
    Terminated,
}

pub(super) struct Supervisor {
    doorway: Doorway,
    /// Um lugar por trabalhador; vazio enquanto o sistema recusa um processo novo.
    workers: Vec<Option<PoolWorker>>,
    names: Vec<OsString>,
    terms: Terms,
    counters: Arc<Counters>,
    /// O transporte rápido, se o pool tem um.
    shm: Option<ShmTransport>,
    /// Quantos blocos o anel tinha feito na última morte.
    finished: u64,
    /// Os blocos que vão pelo soquete, e ainda não são de ninguém.
    queue: VecDeque<SocketJob>,
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
    pub(super) fn new(
        doorway: Doorway,
        workers: Vec<PoolWorker>,
        names: Vec<OsString>,
        terms: Terms,
        counters: Arc<Counters>,
        shm: Option<ShmTransport>,
    ) -> Self {
        let supervisor = Supervisor {
            doorway,
            workers: workers.into_iter().map(Some).collect(),
            names,
            terms,
            counters,
            shm,
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
    pub(super) fn run(mut self) {
        loop {
            self.take_orders();
            if self.phase == Phase::Terminated {
                return self.terminate();
            }
            self.refuse_if_broken();
            self.hand_out();
            self.staff_ring();
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
        while let Some(order) = self.doorway.next() {
            match order {
                Order::Run(job) => self.queue.push_back(job),
                Order::Close => self.phase = Phase::Closing,
                Order::Terminate => {
                    self.phase = Phase::Terminated;
                    return;
                }
            }
        }
    }

    /// Um pool que desistiu não deixa ninguém esperando por um trabalhador que não virá.
    fn refuse_if_broken(&mut self) {
        if let Some(error) = &self.broken {
            for job in self.queue.drain(..) {
                job.promise.keep(Err(error.clone()));
            }
            if let Some(shm) = &self.shm {
                shm.slots.refuse(error.clone());
                shm.slots.drain(error);
            }
        }
    }

    fn is_done(&self) -> bool {
        let waiting = self.shm.as_ref().is_some_and(|shm| shm.slots.is_busy());
        // Sem blocos no anel, quem está nele não tem nada a fazer, ainda que não responda (parado por um SIGSTOP).
        let is_free = |worker: &PoolWorker| worker.is_unoccupied() || worker.is_on_ring();
        !waiting && self.queue.is_empty() && self.workers.iter().flatten().all(is_free)
    }

    /// Um bloco por trabalhador a cada volta, para que todos tenham um antes de alguém ter dois.
    ///
    /// Os últimos da fila não são adiantados: um deles poderia ficar preso atrás de uma tarefa longa
    /// enquanto outro trabalhador, livre, já não encontraria nada.
    fn hand_out(&mut self) {
        let reserve = self.workers.len();
        let deserted = self.is_ring_deserted();
        let mut assigned = true;
        while assigned && !self.queue.is_empty() {
            assigned = false;
            for worker in self.workers.iter_mut().flatten() {
                let ahead = self.queue.len() > reserve && !deserted;
                if !worker.has_room(ahead) || (deserted && worker.owes_ring_a_turn()) {
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
            if worker.is_unoccupied() {
                worker.forget_pace();
            }
            worker.retire_if_spent();
            // Um erro aqui é um trabalhador que morreu; `collect` o encontra logo em seguida.
            let _ = worker.send();
        }
    }

    /// Se há blocos no anel, e ninguém que os pegue.
    fn is_ring_deserted(&self) -> bool {
        let staffed = self.workers.iter().flatten().any(PoolWorker::is_on_ring);
        !staffed && self.shm.as_ref().is_some_and(|shm| shm.slots.has_waiting())
    }

    /// Quem não tem bloco do soquete a fazer vai para o anel; os que faltam para os da fila são chamados de volta.
    fn staff_ring(&mut self) {
        let Some(shm) = &self.shm else { return };
        let slots = &shm.slots;
        let wanted = self.phase == Phase::Open || slots.has_waiting();
        for (index, worker) in self.workers.iter_mut().enumerate() {
            if let Some(worker) = worker.as_mut().filter(|worker| wanted && worker.has_room(false)) {
                // Um erro aqui é um trabalhador que morreu; `collect` o encontra logo em seguida.
                let _ = worker.go_to_ring(&slots.seat(index, worker.quota()));
            }
        }
        let is_on_ring = |&index: &usize| self.workers[index].as_ref().is_some_and(PoolWorker::is_on_ring);
        let mut on_ring: Vec<usize> = (0..self.workers.len()).filter(is_on_ring).collect();
        if self.phase == Phase::Closing {
            on_ring.iter().for_each(|&index| slots.recall(index, Recall::Drain));
        }
        // Primeiro os que não têm nada nas mãos, e por último os que já deviam ter vindo. Olha-se cada um uma vez só: eles
        // mudam enquanto se olha.
        let now = Instant::now();
        let is_late = |index: usize| {
            let due = self.workers[index].as_ref().and_then(PoolWorker::recall_due);
            due.is_some_and(|due| due <= now)
        };
        on_ring.sort_by_cached_key(|&index| (is_late(index), !slots.is_idle(index)));
        for &index in on_ring.iter().take(self.queue.len()) {
            slots.recall(index, Recall::Now);
            if let Some(worker) = &mut self.workers[index] {
                worker.note_recall();
            }
        }
    }

    /// Até quando se pode dormir sem perder um prazo de quem está no anel, nem uma resposta que se deve por um morto.
    fn ring_due(&self) -> Option<Instant> {
        let slots = &self.shm.as_ref()?.slots;
        let deadlines = (0..self.workers.len()).filter_map(|index| slots.deadline(index));
        let undecided = slots.decide_suspects().then(|| Instant::now() + UNDECIDED);
        deadlines
            .map(Deadline::due)
            .chain(slots.next_watch())
            .chain(slots.next_sweep())
            .chain(undecided)
            .min()
    }

    fn sleep(&mut self) {
        self.doorway.fall_asleep();
        let ordered = self.doorway.has_order().then(Instant::now);
        let deadlines = self.workers.iter().flatten().filter_map(PoolWorker::due);
        let recalls = self.workers.iter().flatten().filter_map(PoolWorker::recall_due);
        let recalls = recalls.filter(|&due| !self.queue.is_empty() && due > Instant::now());
        let deadline =
            deadlines.chain(recalls).chain(self.retry_at).chain(self.ring_due()).chain(ordered).min();
        let mut events: Vec<_> = self.workers.iter().flatten().flat_map(PoolWorker::events).collect();
        events.push(self.doorway.event());
        if wait(&mut events, deadline).is_err() {
            // Memória do sistema esgotada: melhor descansar um pouco do que girar pedindo mais.
            thread::sleep(RETRY_SPAWN);
        }
        self.doorway.wake_up();
    }

    fn collect(&mut self) {
        for index in 0..self.workers.len() {
            let Some(worker) = &mut self.workers[index] else { continue };
            let (done, outcome) = worker.collect(&self.counters);
            if done {
                self.deaths = 0;
            }
            let outcome = match &self.shm {
                // Também de quem morreu em seguida: o que ele respondeu ao sair do anel vale.
                Some(shm) => {
                    let on_ring = check_on_ring(&shm.slots, index, worker);
                    outcome.and(on_ring)
                }
                None => outcome,
            };
            if let Err(cause) = outcome {
                self.bury(index, cause);
            }
        }
    }

    fn bury(&mut self, index: usize, cause: Error) {
        let Some(worker) = self.workers[index].take() else { return };
        let retired = worker.is_retired();
        let death = worker.into_death(cause);
        let error = death.error.clone();
        if !retired {
            self.mourn(death);
        }
        if let Some(shm) = &self.shm {
            shm.slots.on_worker_exit(index, error);
        }
    }

    // ANCHOR: mourn
    /// A morte é um dado: quem perdeu o bloco fica sabendo, os outros blocos seguem.
    fn mourn(&mut self, death: Death) {
        self.note_progress();
        // As contas antes da notícia: quem a recebe pode olhá-las em seguida.
        self.counters.add_restart();
        self.publish_pids();
        for job in death.untouched.into_iter().rev() {
            self.queue.push_front(job);
        }
        if let Some(mut job) = death.lost {
            if job.attempts.lose(self.counters.retries()) {
                self.counters.retries().count(1);
                self.queue.push_front(job);
            } else {
                job.promise.keep(Err(death.error));
            }
        }
        self.deaths += 1;
        if self.deaths > MAX_DEATHS_PER_WORKER * self.workers.len() {
            let error = Error::TooManyDeaths { deaths: self.deaths, last: death.reason };
            self.broken.get_or_insert(error);
        }
    }

    /// Um bloco feito pelo anel, como um feito pelo soquete, diz que as mortes não vêm em série.
    fn note_progress(&mut self) {
        let finished = self.shm.as_ref().map_or(0, |shm| shm.slots.finished());
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
        for index in 0..self.workers.len() {
            if self.workers[index].is_some() {
                continue;
            }
            match PoolWorker::start(&self.names[index], &self.terms) {
                Ok(worker) => {
                    self.workers[index] = Some(worker);
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
        self.counters.set_pids(self.workers.iter().flatten().map(PoolWorker::pid).collect());
    }

    /// Todos matados antes de qualquer um ser recolhido: morrem ao mesmo tempo.
    fn terminate(mut self) {
        for worker in self.workers.iter().flatten() {
            worker.kill();
        }
        // O que estava na fila e o que estava com eles responde `Terminated` ao ser descartado.
        self.reap_all();
        self.queue.clear();
        if let Some(shm) = &self.shm {
            shm.slots.terminate();
        }
        self.publish_pids();
    }

    /// Mata e recolhe os que houver, do último ao primeiro: se nasceram em outro espaço de PIDs, o primeiro só termina depois
    /// de recolhidos os outros.
    fn reap_all(&mut self) {
        while self.workers.pop().is_some() {}
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

impl Drop for Supervisor {
    /// Sem uma thread que o rode, ele não chega a trabalhar.
    fn drop(&mut self) {
        self.reap_all();
    }
}

/// Recebe quem deixou o anel, e cobra o prazo de quem está nele.
///
/// # Erros
///
/// [`Error::TaskTimedOut`].
fn check_on_ring(slots: &SlotTable, index: usize, worker: &mut PoolWorker) -> Result<(), Error> {
    if let Some(departure) = worker.take_departure() {
        slots.on_departure(index, departure);
    }
    match slots.deadline(index) {
        Some(deadline) if worker.is_on_ring() && deadline.is_over() => Err(deadline.missed_by(worker.pid())),
        _ => Ok(()),
    }
}

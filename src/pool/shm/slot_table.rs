//! O lado do pai: alugar casas, pôr blocos à vista, e buscar as respostas.

use std::borrow::Cow;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::arena::{Arena, SlotReply, View};
use super::backoff::{Backoff, current_core};
use super::batch::Batch;
use super::keeper::{Keeper, Left};
use super::seat::{Recall, Seat};
use super::slot_state::{Kind, SlotEntry, SlotState};
use super::wakers::Wakers;
use super::watch::Watch;
use crate::Error;
use crate::dispatch::attempts::{Attempts, Retries};
use crate::dispatch::deadline::Deadline;
use crate::parcel::{Descriptor, Parcel};
use crate::pool::counters::Counters;
use crate::pool::inbox::Doorbell;
use crate::process::copy::process_id;
use crate::process::protocol;

/// Depois de quanto tempo com um bloco à espera se acordam todos os trabalhadores: o que foi acordado para ele pode estar
/// parado (SIGSTOP, um depurador), ou ser lento, com outro livre ao lado.
const STUCK: Duration = Duration::from_millis(20);

/// O mural visto por quem pede: as threads do programa e o supervisor.
pub(crate) struct SlotTable {
    arena: Arena,
    state: Mutex<SlotState>,
    counters: Arc<Counters>,
    /// Para um pool com limite de tempo.
    watch: Option<Watch>,
    keeper: Keeper,
    wakers: Wakers,
    /// O processo que criou o pool: só ele mexe nas casas.
    owner: u32,
}

impl SlotTable {
    pub(in crate::pool) fn create(
        workers: usize,
        time_limit: Option<Duration>,
        supervisor: Arc<Doorbell>,
        counters: Arc<Counters>,
    ) -> Result<Self, Error> {
        let arena = Arena::create(workers).map_err(|error| match error {
            Error::Io(refusal) => Error::Spawn(refusal),
            other => other,
        })?;
        let state = Mutex::new(SlotState::new(arena.slots()));
        let watch = time_limit.map(|limit| Watch::new(limit, supervisor.clone()));
        let (keeper, wakers) = (Keeper::new(supervisor), Wakers::default());
        Ok(SlotTable { arena, state, counters, watch, keeper, wakers, owner: process_id() })
    }

    /// Se este processo é o que criou o pool, e não uma cópia (`fork`) dele, que vê a mesma memória.
    pub(super) fn is_owned(&self) -> bool {
        self.owner == process_id()
    }

    pub(super) fn check_owner(&self) -> Result<(), Error> {
        if self.is_owned() { Ok(()) } else { Err(Error::OtherProcess) }
    }

    pub(super) fn view(&self) -> View<'_> {
        self.arena.view()
    }

    pub(super) fn batch(&self, batch: usize) -> Batch<'_> {
        self.arena.batch(batch)
    }

    pub(super) fn workers(&self) -> usize {
        self.arena.workers()
    }

    pub(super) fn retries(&self) -> &Retries {
        self.counters.retries()
    }

    /// O posto do trabalhador `worker`, que ainda faz `quota` itens.
    pub(crate) fn seat(&self, worker: usize, quota: Option<usize>) -> Seat {
        Seat { arena: self.arena.clone(), worker, quota, timed: self.watch.is_some() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// O mesmo, com o que já se pode usar de novo devolvido.
    fn tidy_state(&self) -> MutexGuard<'_, SlotState> {
        let mut state = self.state();
        state.reclaim_abandoned(&self.view(), &self.counters);
        state
    }

    /// Devolve o que já se pode usar de novo.
    pub(super) fn tidy(&self) {
        drop(self.tidy_state());
    }

    /// Até `wanted` casas que ninguém usa.
    pub(super) fn lease(&self, wanted: usize) -> Vec<u32> {
        self.tidy_state().lease(wanted)
    }

    /// O mesmo, para uma casa só.
    pub(super) fn lease_one(&self) -> Option<u32> {
        let mut state = self.state();
        if state.is_scarce() {
            state.reclaim_abandoned(&self.view(), &self.counters);
        }
        state.lease_one()
    }

    /// Até `wanted` maços que ninguém usa.
    pub(super) fn lease_batches(&self, wanted: usize) -> Vec<usize> {
        self.tidy_state().lease_batches(wanted)
    }

    /// Um maço, se sobram para um `map` que chegue.
    pub(super) fn lease_spare_batch(&self) -> Option<usize> {
        self.tidy_state().lease_spare_batch()
    }

    /// Põe à vista o bloco já escrito na casa `slot`, de `items` itens. Quem o pediu dormirá em `waiter`.
    ///
    /// # Erros
    ///
    /// O pool fechou, terminou ou desistiu: o bloco não foi publicado.
    pub(super) fn publish(&self, slot: u32, items: usize, waiter: u32, kind: Kind) -> Result<(), Error> {
        self.check_owner()?;
        let view = self.view();
        {
            let mut state = self.state();
            if let Some(refusal) = &state.refusal {
                view.bulk.give_back_both(slot);
                return Err(refusal.clone());
            }
            view.ring.reset(slot, waiter);
            view.publisher_core().store(current_core(), Relaxed);
            let position = Some(view.ring.publish(slot));
            let attempts = Attempts::default();
            state.entries[slot as usize] = SlotEntry { position, items, attempts, answer: None, kind };
        }
        view.ring.wake_idle();
        if view.is_request_in_bulk(slot) {
            self.keeper.note();
        }
        if let Some(watch) = &self.watch {
            watch.wake();
        }
        Ok(())
    }

    /// Prepara a casa para um bloco que vai pelo soquete, e cuja resposta virá por [`deliver`](Self::deliver).
    ///
    /// # Erros
    ///
    /// Os de [`publish`](Self::publish).
    pub(super) fn expect(&self, slot: u32, waiter: u32) -> Result<(), Error> {
        self.check_owner()?;
        let mut state = self.state();
        if let Some(refusal) = &state.refusal {
            return Err(refusal.clone());
        }
        self.view().ring.reset(slot, waiter);
        state.entries[slot as usize] = SlotEntry::default();
        Ok(())
    }

    /// A resposta de uma casa que não virá pela memória compartilhada: uma grande demais, ou uma falha.
    pub(super) fn deliver(&self, slot: u32, answer: Result<Parcel, Error>) {
        self.state().deliver(&self.view(), slot, answer);
    }

    /// A resposta da casa, que está pronta; entra na conta.
    pub(super) fn take(&self, slot: u32) -> Result<Parcel, Error> {
        self.take_with(slot, |bytes, descriptors| Ok(Parcel { bytes: bytes.into_owned(), descriptors }))
    }

    /// O que `read` faz da resposta da casa, que está pronta; entra na conta.
    pub(super) fn take_with<T>(
        &self,
        slot: u32,
        read: impl FnOnce(Cow<'_, [u8]>, Vec<Descriptor>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let entry = std::mem::take(&mut self.state().entries[slot as usize]);
        if entry.position.is_some() {
            self.count(entry.items);
        }
        let view = self.view();
        let mut bytes = Vec::new();
        let reply = view.read_reply(slot, &mut bytes);
        let parcel = match reply {
            SlotReply::InBulk(place) => {
                let results = protocol::results_of(view.bulk.bytes(place)).and_then(|outcome| outcome);
                let outcome = results.and_then(|results| read(Cow::Borrowed(results), Vec::new()));
                view.bulk.give_back_both(slot);
                self.keeper.note();
                return outcome;
            }
            SlotReply::Read => {
                protocol::read_reply(Parcel { bytes, descriptors: Vec::new() }).and_then(|answer| answer)
            }
            SlotReply::Elsewhere => entry.answer.map_or(Err(Error::Terminated), |answer| *answer),
        };
        if view.is_request_in_bulk(slot) {
            view.bulk.give_back_both(slot);
            self.keeper.note();
        }
        parcel.and_then(|Parcel { bytes, descriptors }| read(Cow::Owned(bytes), descriptors))
    }

    /// Espera que uma de `slots` fique pronta; `false` se o tempo acabou. Com `spin`, procura um pouco antes de
    /// dormir. Pode voltar antes.
    pub(super) fn wait(&self, waiter: u32, slots: &[u32], spin: bool, deadline: Option<Instant>) -> bool {
        let view = self.view();
        let ring = &view.ring;
        let seen = ring.doorbell(waiter);
        let shares_core = || {
            let core = current_core();
            let is_here = |worker| view.core_of(worker).load(Relaxed) == core;
            // Também quem só procura: talvez já tivesse pegado o bloco, se tivesse o núcleo.
            (0..self.workers()).any(|worker| !ring.is_parked(worker) && is_here(worker))
        };
        let mut backoff = Backoff::new();
        while spin && backoff.wait(shares_core) {
            if slots.iter().any(|&slot| ring.is_done(slot)) {
                return true;
            }
        }
        self.wait_since(waiter, seen, slots, deadline);
        deadline.is_none_or(|deadline| Instant::now() < deadline)
    }

    /// Dorme na campainha de `waiter`, se ela não tocou desde `seen`.
    pub(super) fn wait_since(&self, waiter: u32, seen: u32, slots: &[u32], deadline: Option<Instant>) {
        let ring = self.view().ring;
        let glance = ring.has_waiting().then(|| Instant::now() + STUCK);
        ring.wait_any(waiter, seen, slots, glance.into_iter().chain(deadline).min());
        if glance.is_some_and(|glance| glance <= Instant::now()) && ring.has_waiting() {
            (0..self.workers()).for_each(|worker| ring.unpark(worker));
        }
    }

    pub(super) fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub(super) fn wakers(&self) -> &Wakers {
        &self.wakers
    }

    /// Soma às contas itens que foram respondidos e colhidos.
    pub(super) fn count(&self, items: usize) {
        self.counters.add_tasks(items);
    }

    /// Itens respondidos que ninguém buscou ainda.
    pub(crate) fn unread(&self) -> u64 {
        let (view, state) = (self.view(), self.state());
        let ready = state
            .published()
            .filter(|(slot, entry)| entry.kind == Kind::Detached && view.ring.is_done(*slot));
        ready.map(|(_, entry)| entry.items).sum::<usize>() as u64
    }

    /// Quantos blocos os trabalhadores já fizeram.
    pub(crate) fn finished(&self) -> u64 {
        let view = self.view();
        (0..self.workers()).map(|worker| view.finished(worker).load(Relaxed)).sum()
    }

    /// Se há blocos publicados sem resposta.
    pub(crate) fn is_busy(&self) -> bool {
        let (view, state) = (self.view(), self.state());
        state.published().any(|(slot, _)| !view.ring.is_done(slot))
    }

    /// Se há blocos que ninguém pegou.
    pub(crate) fn has_waiting(&self) -> bool {
        self.view().ring.has_waiting()
    }

    /// Se o trabalhador está sem nada nas mãos.
    pub(crate) fn is_idle(&self, worker: usize) -> bool {
        self.view().ring.is_idle(worker)
    }

    /// Chama de volta o trabalhador `worker`.
    pub(crate) fn recall(&self, worker: usize, recall: Recall) {
        let view = self.view();
        view.recall_of(worker).store(recall as u32, SeqCst);
        view.ring.unpark(worker);
    }

    /// O prazo do bloco que o trabalhador faz agora; `None` sem limite ou sem bloco.
    pub(crate) fn deadline(&self, worker: usize) -> Option<Deadline> {
        self.watch.as_ref()?.deadline(&self.view(), worker)
    }

    /// O supervisor vai dormir: até quando, no máximo; `None` se não há o que vigiar.
    pub(crate) fn next_watch(&self) -> Option<Instant> {
        self.watch.as_ref()?.next(&self.view())
    }

    /// O supervisor vai dormir: até quando, no máximo, para devolver a memória que ninguém mais usa.
    pub(crate) fn next_sweep(&self) -> Option<Instant> {
        self.keeper.next(|| {
            let has_abandoned = self.tidy_state().has_abandoned();
            self.arena.sweep_bulk();
            // Um bloco que ninguém mais quer ainda pode trazer uma resposta grande.
            if has_abandoned { Left::Abandoned } else { Left::Nothing }
        })
    }

    /// Por que não se publica mais nada.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.state().refusal.clone()
    }

    /// Não se publica mais nada; `error` é o que se responde a quem tentar.
    pub(crate) fn refuse(&self, error: Error) {
        self.state().refusal.get_or_insert(error);
    }

    /// Responde `error` a todos os blocos que ninguém pegou.
    pub(crate) fn drain(&self, error: &Error) {
        let (mut state, view) = (self.state(), self.view());
        while let Some(slot) = view.ring.drain_one() {
            state.deliver(&view, slot, Err(error.clone()));
        }
    }

    /// Responde [`Error::Terminated`] a tudo o que foi publicado e não está pronto: não há mais ninguém que o faça.
    pub(crate) fn terminate(&self) {
        self.refuse(Error::Terminated);
        self.drain(&Error::Terminated);
        let (mut state, view) = (self.state(), self.view());
        let unanswered: Vec<u32> =
            state.published().map(|(slot, _)| slot).filter(|&slot| !view.ring.is_done(slot)).collect();
        unanswered.into_iter().for_each(|slot| state.deliver(&view, slot, Err(Error::Terminated)));
        drop(state);
        self.join_waker();
    }
}

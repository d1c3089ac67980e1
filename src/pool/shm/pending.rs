//! O que `apply_async` devolve quando a tarefa foi para o mural.

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use serde::de::DeserializeOwned;

use super::slot_table::SlotTable;
use crate::Error;
use crate::dispatch::result::Source;
use crate::parcel;
use crate::process::protocol;

/// Uma tarefa numa casa só dela.
pub(super) struct PendingSlot<R> {
    slots: Arc<SlotTable>,
    /// Vazia depois que a resposta foi buscada.
    slot: Cell<Option<u32>>,
    /// Se o despertador a vigia.
    is_watched: Cell<bool>,
    result: PhantomData<fn() -> R>,
}

impl<R> PendingSlot<R> {
    pub(super) fn new(slots: Arc<SlotTable>, slot: u32) -> Self {
        PendingSlot { slots, slot: Cell::new(Some(slot)), is_watched: Cell::new(false), result: PhantomData }
    }

    fn is_done(&self, slot: u32) -> bool {
        self.slots.view().ring.is_done(slot)
    }

    /// Não é mais pelo despertador que se espera.
    fn stop_waking(&self, slot: u32) {
        if self.is_watched.replace(false) {
            self.slots.forget_waker(slot);
            self.slots.view().ring.redirect(slot, slot);
        }
    }
}

impl<R: DeserializeOwned> PendingSlot<R> {
    /// A resposta da casa, que está pronta.
    fn take(&self, slot: u32) -> Result<R, Error> {
        let read = |bytes: Cow<'_, [u8]>, descriptors: Vec<_>| parcel::read_list(&bytes, &descriptors);
        let results = self.slots.take_with(slot, read);
        self.slot.set(None);
        self.slots.state().give_back([slot], []);
        results.and_then(protocol::only)
    }
}

impl<R: DeserializeOwned> Source<R> for PendingSlot<R> {
    fn is_ready(&self) -> bool {
        self.slot.get().is_some_and(|slot| self.is_done(slot))
    }

    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>> {
        let Some(slot) = self.slot.get() else { return Some(Err(Error::AlreadyTaken)) };
        self.stop_waking(slot);
        while !self.is_done(slot) {
            if !self.slots.wait(slot, &[slot], true, deadline) && !self.is_done(slot) {
                return None;
            }
        }
        Some(self.take(slot))
    }

    fn poll(&self, waker: &Waker) -> Option<Result<R, Error>> {
        let Some(slot) = self.slot.get() else { return Some(Err(Error::AlreadyTaken)) };
        if !self.is_done(slot) {
            self.is_watched.set(true);
            self.slots.wake_when_done(slot, waker);
            // Pode ter ficado pronta enquanto isso; o aviso a mais não faz mal.
            if !self.is_done(slot) {
                return None;
            }
        }
        self.stop_waking(slot);
        Some(self.take(slot))
    }

    fn cancel(&self) {
        if let Some(slot) = self.slot.get().filter(|_| self.slots.is_owned()) {
            self.slots.view().cancel(slot);
            // Feita ou não, ninguém a verá: não entra na conta.
            self.slots.state().entries[slot as usize].items = 0;
        }
    }
}

impl<R> Drop for PendingSlot<R> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.get().filter(|_| self.slots.is_owned()) {
            self.stop_waking(slot);
            self.slots.state().give_back([], [slot]);
            // A resposta que ainda vier ficará sem quem a colha.
            self.slots.keeper().note();
        }
    }
}

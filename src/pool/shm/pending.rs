//! O que `apply_async` devolve quando a tarefa foi para o mural.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use serde::de::DeserializeOwned;

use super::slot_table::SlotTable;
use crate::Error;
use crate::dispatch::result::Source;
use crate::process::protocol;

/// Uma tarefa numa casa só dela.
pub(super) struct PendingSlot<R> {
    slots: Arc<SlotTable>,
    /// Vazia depois que a resposta foi buscada.
    slot: Cell<Option<u32>>,
    result: PhantomData<fn() -> R>,
}

impl<R> PendingSlot<R> {
    pub(super) fn new(slots: Arc<SlotTable>, slot: u32) -> Self {
        PendingSlot { slots, slot: Cell::new(Some(slot)), result: PhantomData }
    }

    fn is_done(&self, slot: u32) -> bool {
        self.slots.view().ring.is_done(slot)
    }
}

impl<R: DeserializeOwned> Source<R> for PendingSlot<R> {
    fn is_ready(&self) -> bool {
        self.slot.get().is_some_and(|slot| self.is_done(slot))
    }

    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>> {
        let Some(slot) = self.slot.get() else { return Some(Err(Error::AlreadyTaken)) };
        while !self.is_done(slot) {
            if !self.slots.wait(slot, &[slot], true, deadline) && !self.is_done(slot) {
                return None;
            }
        }
        let answer = self.slots.take(slot);
        self.slot.set(None);
        self.slots.state().give_back([slot], []);
        Some(answer.and_then(protocol::read_results).and_then(protocol::only))
    }
}

impl<R> Drop for PendingSlot<R> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.get() {
            self.slots.state().give_back([], [slot]);
        }
    }
}

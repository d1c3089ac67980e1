//! O que `apply_async` devolve quando a tarefa foi para o mural.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use serde::de::DeserializeOwned;

use super::desk::Desk;
use crate::Error;
use crate::pool::reply::{Pending, only};
use crate::process::protocol;

/// Uma tarefa numa casa só dela.
pub(super) struct Posted<R> {
    desk: Arc<Desk>,
    /// Vazia depois que a resposta foi buscada.
    slot: Cell<Option<u32>>,
    result: PhantomData<fn() -> R>,
}

impl<R> Posted<R> {
    pub(super) fn new(desk: Arc<Desk>, slot: u32) -> Self {
        Posted { desk, slot: Cell::new(Some(slot)), result: PhantomData }
    }

    fn is_done(&self, slot: u32) -> bool {
        self.desk.view().claims.is_done(slot)
    }
}

impl<R: DeserializeOwned> Pending<R> for Posted<R> {
    fn is_ready(&self) -> bool {
        self.slot.get().is_some_and(|slot| self.is_done(slot))
    }

    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>> {
        let Some(slot) = self.slot.get() else { return Some(Err(Error::AlreadyTaken)) };
        while !self.is_done(slot) {
            if !self.desk.wait(slot, &[slot], true, deadline) && !self.is_done(slot) {
                return None;
            }
        }
        let answer = self.desk.take(slot);
        self.slot.set(None);
        self.desk.give_back([slot], []);
        Some(answer.and_then(protocol::read_results).and_then(only))
    }
}

impl<R> Drop for Posted<R> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.get() {
            self.desk.give_back([], [slot]);
        }
    }
}

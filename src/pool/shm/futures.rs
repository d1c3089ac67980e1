//! Quem acorda os futuros: uma thread que espera pelas casas deles, e só existe enquanto há alguma.
//!
//! Um futuro não espera: diz a quem o consulta como avisá-lo, e volta. Quem espera por ele é esta thread, por todos de uma
//! vez, na campainha de uma casa que é só dela.

use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::thread;

use super::slot_table::SlotTable;
use super::wakers::WAKER_SLOT;
use crate::dispatch::wake::wake;

impl SlotTable {
    /// Acorda `waker` quando a casa ficar pronta. Vale o último.
    pub(super) fn wake_when_done(self: &Arc<Self>, slot: u32, waker: &Waker) {
        let waker = waker.clone();
        let mut waiting = self.wakers().lock();
        let mut dropped = waiting.take(|other| other == slot);
        waiting.futures.push((slot, waker));
        self.view().ring.redirect(slot, WAKER_SLOT);
        if !waiting.is_attended {
            let table = self.clone();
            let thread = thread::Builder::new().name("despertador".to_owned());
            waiting.thread = thread.spawn(move || table.wake_futures()).ok();
            waiting.is_attended = waiting.thread.is_some();
        }
        // Sem thread, que perguntem de novo já: gasta processador, mas ninguém fica esperando para sempre.
        let unattended = if waiting.is_attended { Vec::new() } else { mem::take(&mut waiting.futures) };
        drop(waiting);
        dropped.clear();
        unattended.into_iter().for_each(|(_, waker)| wake(waker));
        // A thread pode estar dormindo por uma lista em que esta casa não estava.
        self.view().ring.ring_own_doorbell(WAKER_SLOT);
    }

    /// Quem consultou a casa não quer mais saber dela.
    pub(super) fn forget_waker(&self, slot: u32) {
        let mut waiting = self.wakers().lock();
        let forgotten = waiting.take(|other| other == slot);
        drop(waiting);
        drop(forgotten);
        // Se era a última, a thread não tem mais por que existir.
        self.view().ring.ring_own_doorbell(WAKER_SLOT);
    }

    /// Espera que a thread termine: tudo o que se esperava já está pronto.
    pub(super) fn join_waker(&self) {
        let thread = self.wakers().lock().thread.take();
        self.view().ring.ring_own_doorbell(WAKER_SLOT);
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    fn wake_futures(&self) {
        loop {
            // Antes de olhar a lista: quem entrar nela depois toca esta campainha.
            let seen = self.view().ring.doorbell(WAKER_SLOT);
            let mut waiting = self.wakers().lock();
            let ready = waiting.take(|slot| self.view().ring.is_done(slot));
            let slots: Vec<u32> = waiting.futures.iter().map(|(slot, _)| *slot).collect();
            waiting.is_attended = !slots.is_empty();
            drop(waiting);
            let woke_any = !ready.is_empty();
            ready.into_iter().for_each(|(_, waker)| wake(waker));
            if slots.is_empty() {
                return;
            }
            if !woke_any {
                self.wait_since(WAKER_SLOT, seen, &slots, None);
            }
        }
    }
}

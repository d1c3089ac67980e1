//! Quem acorda os futuros: uma thread que espera pelas casas deles, e só existe enquanto há alguma.
//!
//! Um futuro não espera: diz a quem o consulta como avisá-lo, e volta. Quem espera por ele é esta thread, por todos de uma
//! vez, na campainha de uma casa que é só dela.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::{self, JoinHandle};

use super::slot_table::SlotTable;

/// A casa em cuja campainha esta thread dorme; nenhum bloco a usa.
pub(super) const WAKER_SLOT: u32 = 0;

/// Quem quer ser avisado de quê.
#[derive(Default)]
pub(super) struct Wakers(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: Vec<(u32, Waker)>,
    is_running: bool,
    /// A última, que pode já ter terminado.
    thread: Option<JoinHandle<()>>,
}

impl Wakers {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotTable {
    /// Acorda `waker` quando a casa ficar pronta. Vale o último.
    pub(super) fn wake_when_done(self: &Arc<Self>, slot: u32, waker: &Waker) {
        let mut state = self.wakers().state();
        state.waiting.retain(|(other, _)| *other != slot);
        state.waiting.push((slot, waker.clone()));
        self.view().ring.redirect(slot, WAKER_SLOT);
        if state.is_running {
            drop(state);
            // Ela pode estar dormindo por uma lista em que esta casa não estava.
            self.view().ring.ring_own_doorbell(WAKER_SLOT);
            return;
        }
        let table = self.clone();
        let thread = thread::Builder::new().name("despertador".to_owned());
        state.thread = thread.spawn(move || table.wake_futures()).ok();
        state.is_running = state.thread.is_some();
        let abandoned = if state.is_running { Vec::new() } else { mem::take(&mut state.waiting) };
        drop(state);
        // Sem thread, que ele pergunte de novo já: gasta processador, mas não fica esperando para sempre.
        abandoned.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Quem consultou a casa não quer mais saber dela.
    pub(super) fn forget_waker(&self, slot: u32) {
        self.wakers().state().waiting.retain(|(other, _)| *other != slot);
        // Se era a última, a thread não tem mais por que existir.
        self.view().ring.ring_own_doorbell(WAKER_SLOT);
    }

    /// Espera que a thread termine: tudo o que se esperava já está pronto.
    pub(super) fn join_waker(&self) {
        let thread = self.wakers().state().thread.take();
        self.view().ring.ring_own_doorbell(WAKER_SLOT);
        // O próprio aviso pode ter sido o que descartou o pool.
        if let Some(thread) = thread.filter(|other| other.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }

    fn wake_futures(&self) {
        loop {
            // Antes de olhar a lista: quem entrar nela depois toca esta campainha.
            let seen = self.view().ring.doorbell(WAKER_SLOT);
            let mut state = self.wakers().state();
            let is_done = |(slot, _): &mut (u32, Waker)| self.view().ring.is_done(*slot);
            let ready: Vec<_> = state.waiting.extract_if(.., is_done).collect();
            let slots: Vec<u32> = state.waiting.iter().map(|(slot, _)| *slot).collect();
            state.is_running = !slots.is_empty();
            drop(state);
            let woke_any = !ready.is_empty();
            ready.into_iter().for_each(|(_, waker)| waker.wake());
            if slots.is_empty() {
                return;
            }
            if !woke_any {
                self.wait_since(WAKER_SLOT, seen, &slots, None);
            }
        }
    }
}

//! Os futuros que esperam por casas, e quem acordar quando cada uma ficar pronta.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::JoinHandle;

/// A casa em cuja campainha dorme a thread que os acorda; nenhum bloco a usa.
pub(super) const WAKER_SLOT: u32 = 0;

/// Os futuros de um mural. Um `Waker` é código de quem espera: só se copia, se acorda e se descarta fora da trava.
#[derive(Default)]
pub(super) struct Wakers(Mutex<Waiting>);

#[derive(Default)]
pub(super) struct Waiting {
    pub(super) futures: Vec<(u32, Waker)>,
    /// Se há uma thread que os acorda.
    pub(super) is_attended: bool,
    /// A última que houve, que pode já ter terminado.
    pub(super) thread: Option<JoinHandle<()>>,
}

impl Wakers {
    pub(super) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Tira os que `condition` diz.
    pub(super) fn take(&mut self, condition: impl Fn(u32) -> bool) -> Vec<(u32, Waker)> {
        self.futures.extract_if(.., |(slot, _)| condition(*slot)).collect()
    }
}

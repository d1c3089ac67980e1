//! Acordar um futuro: o código é de quem o espera, e a thread é nossa.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

thread_local! {
    static WAKING: Cell<bool> = const { Cell::new(false) };
}

/// Acorda `waker`. Um pânico dele não leva a thread que avisa os outros.
pub(crate) fn wake(waker: Waker) {
    let outer = WAKING.replace(true);
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
    WAKING.set(outer);
}

/// Se esta thread é a que avisa, no meio de um aviso. Quem descarta um pool ali não pode esperar pelas threads dele: esta
/// pode ser uma delas, ou uma por que elas esperam.
pub(crate) fn is_waking() -> bool {
    WAKING.get()
}

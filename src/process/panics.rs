//! Um pânico vira um valor, com mensagem e lugar.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use crate::Error;

/// O código de saída de um filho cuja última tarefa entrou em pânico, o mesmo de um programa Rust.
pub(super) const EXIT_CODE: i32 = 101;

thread_local! {
    static INSIDE_TASK: Cell<bool> = const { Cell::new(false) };
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Roda `task`; um pânico dentro dela volta como [`Error::Panicked`], sem nada no terminal.
pub(crate) fn catch<R>(task: impl FnOnce() -> R) -> Result<R, Error> {
    remember_locations();
    let outer = INSIDE_TASK.replace(true);
    // O estado da tarefa é descartado inteiro quando ela entra em pânico: ninguém o vê pela metade.
    let outcome = panic::catch_unwind(AssertUnwindSafe(task));
    INSIDE_TASK.set(outer);
    outcome.map_err(|payload| Error::Panicked {
        message: message(payload.as_ref()),
        location: LOCATION.take().unwrap_or_else(|| "lugar desconhecido".to_owned()),
    })
}

/// Só o *hook* sabe o lugar de um pânico. O anterior continua valendo fora das tarefas.
fn remember_locations() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if INSIDE_TASK.get() {
                LOCATION.set(info.location().map(ToString::to_string));
            } else {
                previous(info);
            }
        }));
    });
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "pânico sem mensagem de texto".to_owned()
    }
}

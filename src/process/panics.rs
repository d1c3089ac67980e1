//! Um pânico vira um valor, com mensagem e lugar.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use crate::Error;

/// O código de saída de um filho cuja última tarefa entrou em pânico, o mesmo de um programa Rust.
pub(super) const EXIT_CODE: i32 = 101;

thread_local! {
    static INSIDE_TASK: Cell<bool> = const { Cell::new(false) };
    /// O que se sabe do pânico que está a caminho de [`catch`].
    static UNDERWAY: RefCell<Option<Underway>> = const { RefCell::new(None) };
}

struct Underway {
    message: String,
    location: String,
}

/// Roda `task`; um pânico dentro dela volta como [`Error::Panicked`], sem nada no terminal.
pub(crate) fn catch<R>(task: impl FnOnce() -> R) -> Result<R, Error> {
    remember_locations();
    let outer = INSIDE_TASK.replace(true);
    // O estado da tarefa é descartado inteiro quando ela entra em pânico: ninguém o vê pela metade.
    let outcome = panic::catch_unwind(AssertUnwindSafe(task));
    INSIDE_TASK.set(outer);
    let underway = UNDERWAY.take();
    outcome.map_err(|payload| Error::Panicked {
        message: message(payload.as_ref()),
        location: underway.map_or_else(|| "lugar desconhecido".to_owned(), |underway| underway.location),
    })
}

/// Só o *hook* sabe o lugar de um pânico. O anterior continua valendo fora das tarefas.
fn remember_locations() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            // O que não vai chegar a `catch` se diz já: depois não há mais processo que o diga.
            if !INSIDE_TASK.get() || cfg!(panic = "abort") {
                return previous(info);
            }
            let location =
                info.location().map_or_else(|| "lugar desconhecido".to_owned(), ToString::to_string);
            let new = Underway { message: message(info.payload()), location };
            if let Some(first) = UNDERWAY.replace(Some(new)) {
                // Um pânico dentro de outro, ou que chegou a uma função que não os deixa passar (`extern "C"`): em geral o
                // programa aborta em seguida.
                let _ = writeln!(
                    io::stderr(),
                    "a tarefa entrou em pânico em {}: {}",
                    first.location,
                    first.message
                );
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

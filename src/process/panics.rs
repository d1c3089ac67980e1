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
    /// Se a tarefa já entrou em pânico. Sem isto, cada processo novo tocaria em `LAST_PANICS`, que se desfaz com a thread: só
    /// registrar isso são umas dez faltas de página.
    static HAS_PANICKED: Cell<bool> = const { Cell::new(false) };
    /// Os dois últimos pânicos da tarefa.
    static LAST_PANICS: RefCell<Vec<Panic>> = const { RefCell::new(Vec::new()) };
}

struct Panic {
    message: String,
    location: String,
}

const UNKNOWN: &str = "lugar desconhecido";

/// Roda `task`; um pânico dentro dela volta como [`Error::Panicked`], sem nada no terminal.
pub(crate) fn catch<R>(task: impl FnOnce() -> R) -> Result<R, Error> {
    remember_locations();
    let outer = INSIDE_TASK.replace(true);
    // O estado da tarefa é descartado inteiro quando ela entra em pânico: ninguém o vê pela metade.
    let outcome = panic::catch_unwind(AssertUnwindSafe(task));
    INSIDE_TASK.set(outer);
    let last = HAS_PANICKED.take().then(|| LAST_PANICS.take().pop()).flatten();
    outcome.map_err(|payload| Error::Panicked {
        message: message(payload.as_ref()),
        location: last.map_or_else(|| UNKNOWN.to_owned(), |panic| panic.location),
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
            let message = message(info.payload());
            if is_final(&message) {
                for Panic { message, location } in LAST_PANICS.take() {
                    let _ = writeln!(io::stderr(), "a tarefa entrou em pânico em {location}: {message}");
                }
                return previous(info);
            }
            let location = info.location().map_or_else(|| UNKNOWN.to_owned(), ToString::to_string);
            HAS_PANICKED.set(true);
            LAST_PANICS.with_borrow_mut(|last| {
                // Um que a própria tarefa segurou já não importa; um dentro de outro, sim.
                if last.len() == 2 {
                    last.remove(0);
                }
                last.push(Panic { message, location });
            });
        }));
    });
}

/// Se o programa aborta em seguida: um pânico dentro de outro, ou numa função que não os deixa passar (`extern "C"`). O
/// *hook* só o sabe pela mensagem, que é a da biblioteca padrão.
fn is_final(message: &str) -> bool {
    matches!(message, "panic in a destructor during cleanup" | "panic in a function that cannot unwind")
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

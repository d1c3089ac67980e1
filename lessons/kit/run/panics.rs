//! O pânico de uma resposta vira um valor, com mensagem e lugar.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use multiprocessamento::Error;

thread_local! {
    static INSIDE_POINT: Cell<bool> = const { Cell::new(false) };
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Roda `test`; um pânico dentro dele volta como [`Error::Panicked`], sem nada no terminal. O de outra thread se mostra como
/// sempre.
pub(super) fn catch<R>(test: impl FnOnce() -> R) -> Result<R, Error> {
    remember_locations();
    INSIDE_POINT.set(true);
    // O que o ponto conferia é descartado inteiro com ele: ninguém o vê pela metade.
    let outcome = panic::catch_unwind(AssertUnwindSafe(test));
    INSIDE_POINT.set(false);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Error::Panicked {
            message: text.unwrap_or_else(|| "pânico sem mensagem de texto".to_owned()),
            location: LOCATION.take().unwrap_or_else(|| "lugar desconhecido".to_owned()),
        }
    })
}

/// Só o *hook* sabe o lugar de um pânico. O anterior continua valendo fora dos pontos. Uma vez só: um segundo jogaria fora o
/// que a biblioteca tivesse posto entre os dois.
fn remember_locations() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if INSIDE_POINT.get() {
                LOCATION.set(info.location().map(ToString::to_string));
            } else {
                previous(info);
            }
        }));
    });
}

//! Respostas erradas ao exercício 15.

#[path = "check.rs"]
mod check;

use std::ops::Range;
use std::path::absolute;
use std::sync::OnceLock;
use std::thread;

use check::{Ajuste, Resposta, ajuste_atual, contar};
use multiprocessamento::{Process, StartMethod};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "15-a-global-no-filho",
        main: || check::check(global_in_the_child),
        loses: "por spawn",
    },
    Wrong {
        name: "15-caminho-relativo",
        main: || check::check(relative_path),
        loses: "por forkserver",
    },
    Wrong {
        name: "15-sempre-spawn",
        main: || check::check(always_spawn),
        loses: "por forkserver",
    },
    Wrong {
        name: "15-de-outra-thread",
        main: || check::check(from_a_thread),
        loses: "por fork,",
    },
    Wrong {
        name: "15-ajuste-guardado",
        main: || check::check(remembered),
        loses: "quando o ajuste muda",
    },
    Wrong {
        name: "15-conta-no-pai",
        main: || check::check(in_the_parent),
        loses: "por spawn",
    },
];

/// O ajuste, com um caminho que serve em qualquer pasta.
fn setting() -> Result<Ajuste, std::io::Error> {
    let mut setting = ajuste_atual();
    setting.excluidos = absolute(setting.excluidos)?;
    Ok(setting)
}

fn start(method: StartMethod, slice: Range<u64>, setting: Ajuste) -> Resposta {
    Ok(Process::builder()
        .start_method(method)
        .start(contar, (slice, setting))?
        .join()?)
}

/// Conta com a memória do pai, que só o fork copia.
fn global_in_the_child(method: StartMethod, slice: Range<u64>) -> Resposta {
    let task = |slice| contar((slice, ajuste_atual()));
    Ok(Process::builder().start_method(method).start(task, slice)?.join()?)
}

fn relative_path(method: StartMethod, slice: Range<u64>) -> Resposta {
    start(method, slice, ajuste_atual())
}

fn always_spawn(_method: StartMethod, slice: Range<u64>) -> Resposta {
    start(StartMethod::Spawn, slice, setting()?)
}

/// Uma thread para esperar pelo filho: com ela o fork não é mais possível.
fn from_a_thread(method: StartMethod, slice: Range<u64>) -> Resposta {
    let setting = setting()?;
    let waiter = thread::spawn(move || {
        start(method, slice, setting).map_err(|error| error.to_string())
    });
    Ok(waiter.join().expect("a thread não entra em pânico")?)
}

/// Lê o ajuste uma vez só.
fn remembered(method: StartMethod, slice: Range<u64>) -> Resposta {
    static SETTING: OnceLock<Ajuste> = OnceLock::new();
    start(
        method,
        slice,
        SETTING.get_or_init(|| setting().expect("a pasta atual")).clone(),
    )
}

fn in_the_parent(_method: StartMethod, slice: Range<u64>) -> Resposta {
    Ok(contar((slice, setting()?)))
}

//! Que processo é este, e se é uma cópia (`fork`) do que era.
//!
//! Uma cópia tem tudo o que o original tinha: os descritores, a memória dividida, os donos de processos. Mas os filhos e as
//! threads não são dela. Se ela voltasse de uma tarefa, seria outro trabalhador, que ninguém conhece; se descartasse um
//! pool, mataria os trabalhadores do original.
//!
//! Perguntar ao sistema a cada vez custaria mais do que uma tarefa pequena. O Linux sabe limpar uma página nas cópias, seja
//! qual for a chamada que as fez: nela fica anotado o número do processo, e onde ele sumiu há que perguntar de novo.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};

/// O número do trabalhador que este processo é; zero se não é um.
static WORKER: AtomicU32 = AtomicU32::new(0);

/// O número anotado; nada, se o sistema não deu a página (antes do Linux 4.14, por exemplo).
static NOTED: LazyLock<Option<&'static AtomicU32>> = LazyLock::new(page);

/// O número deste processo.
#[inline]
pub(crate) fn process_id() -> u32 {
    match NOTED.map_or(0, |noted| noted.load(Ordering::Relaxed)) {
        0 => note(),
        id => id,
    }
}

/// Pergunta ao sistema, e anota.
fn note() -> u32 {
    let id = std::process::id();
    if let Some(noted) = *NOTED {
        noted.store(id, Ordering::Relaxed);
    }
    id
}

/// Este processo é um trabalhador de verdade; as cópias dele, não.
pub(crate) fn mark_worker() {
    // Anota sem ler: numa página limpa, ler antes de escrever são duas faltas em vez de uma.
    WORKER.store(note(), Ordering::Relaxed);
}

/// Encerra este processo, calado, se ele é a cópia de um trabalhador, e voltou de uma tarefa.
#[inline]
pub(crate) fn end_if_copy() {
    let worker = WORKER.load(Ordering::Relaxed);
    if worker != 0 && worker != process_id() {
        // SAFETY: `_exit` só termina o processo. Um `exit` rodaria as despedidas do original, e poria no terminal outra vez o
        // que ele ainda não tinha escrito.
        unsafe { libc::_exit(0) }
    }
}

fn page() -> Option<&'static AtomicU32> {
    let len = rustix::param::page_size();
    // SAFETY: uma página nova, que não se desfaz nunca: a referência vale enquanto o processo viver. Todos os zeros são um
    // `AtomicU32`.
    unsafe {
        let page =
            mmap_anonymous(ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
                .ok()?;
        madvise(page, len, Advice::LinuxWipeOnFork).ok()?;
        Some(&*page.cast::<AtomicU32>())
    }
}

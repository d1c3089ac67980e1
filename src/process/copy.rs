//! A cópia que uma tarefa fez do processo com `fork`, e que voltou da tarefa como se fosse ele.
//!
//! Seriam dois trabalhadores com os mesmos descritores e a mesma memória, e um deles ninguém conhece. O Linux sabe
//! limpar uma página nas cópias, seja qual for a chamada que as fez: a original é quem ainda vê a marca.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};

/// A página marcada; nada, se o sistema não a deu (antes do Linux 4.14, por exemplo).
static MARK: OnceLock<Option<&'static AtomicU8>> = OnceLock::new();

/// Este processo é um trabalhador de verdade; as cópias dele, não.
pub(super) fn mark_original() {
    if let Some(mark) = MARK.get_or_init(page) {
        mark.store(1, Ordering::Relaxed);
    }
}

/// Encerra este processo, calado, se ele é uma cópia que voltou de uma tarefa.
#[inline]
pub(crate) fn end_if_copy() {
    if MARK.get().copied().flatten().is_some_and(|mark| mark.load(Ordering::Relaxed) == 0) {
        // SAFETY: `_exit` só termina o processo. Um `exit` rodaria as despedidas do original, e poria no terminal outra vez o
        // que ele ainda não tinha escrito.
        unsafe { libc::_exit(0) }
    }
}

fn page() -> Option<&'static AtomicU8> {
    let len = rustix::param::page_size();
    // SAFETY: uma página nova, que não se desfaz nunca: a referência vale enquanto o processo viver. Todos os zeros são um
    // `AtomicU8`.
    unsafe {
        let page =
            mmap_anonymous(ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
                .ok()?;
        madvise(page, len, Advice::LinuxWipeOnFork).ok()?;
        Some(&*page.cast::<AtomicU8>())
    }
}

//! Esperar que uma palavra da memória compartilhada mude, sem gastar processador.
//!
//! O `futex` do Linux dorme *se a palavra ainda vale o que se viu*: entre olhar e dormir nada se perde.
//!
//! Mudar a palavra e acordar quem dorme é uma chamada só (`FUTEX_WAKE_OP`). Em duas, um processo morto entre a
//! primeira e a segunda deixaria os outros dormindo para sempre; em uma, o sistema termina o que começou.

use std::io;
use std::sync::atomic::AtomicU32;
use std::time::Instant;

use rustix::event::Timespec;
use rustix::io::Errno;
use rustix::thread::futex::{self, Flags, WakeOp, WakeOpCmp};

/// Sem [`Flags::PRIVATE`]: quem dorme pode estar em outro processo.
const SHARED: Flags = Flags::empty();

/// Dorme enquanto `word` vale `seen`, até `deadline`; `false` se o tempo acabou. Pode acordar à toa: quem
/// chama olha a palavra de novo.
pub(crate) fn wait(word: &AtomicU32, seen: u32, deadline: Option<Instant>) -> io::Result<bool> {
    let left = deadline.map(|deadline| {
        let left = deadline.saturating_duration_since(Instant::now());
        Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
    });
    match futex::wait(word, SHARED, seen, left.as_ref()) {
        Ok(()) | Err(Errno::AGAIN | Errno::INTR) => Ok(true),
        Err(Errno::TIMEDOUT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Acorda um dos que esperam por `word`, que já mudou.
pub(crate) fn wake(word: &AtomicU32) -> io::Result<()> {
    futex::wake(word, SHARED, 1)?;
    Ok(())
}

/// Soma `amount` (até 2047) a `word` e acorda todos os que esperam por ela.
///
/// Todos, e não um: o acordado pode ser morto antes de fazer o que devia.
pub(crate) fn add_and_wake(word: &AtomicU32, amount: u16) -> io::Result<()> {
    change_and_wake(word, WakeOp::Add, amount)
}

/// Liga em `word` os `bits` (até 2047) e acorda todos os que esperam por ela.
pub(crate) fn mark_and_wake(word: &AtomicU32, bits: u16) -> io::Result<()> {
    change_and_wake(word, WakeOp::Or, bits)
}

/// Põe `value` (até 2047) em `word` e acorda todos os que esperam por ela.
pub(crate) fn set_and_wake(word: &AtomicU32, value: u16) -> io::Result<()> {
    change_and_wake(word, WakeOp::Set, value)
}

fn change_and_wake(word: &AtomicU32, change: WakeOp, operand: u16) -> io::Result<()> {
    const ALL: u32 = i32::MAX as u32;
    futex::wake_op(word, SHARED, ALL, 0, word, change, WakeOpCmp::Eq, operand, 0)?;
    Ok(())
}

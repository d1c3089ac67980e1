//! As palavras da memória dividida: as de verdade, ou as do teste.

use std::ops::Index;
use std::sync::atomic::Ordering::{self, Relaxed};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};
use std::time::Instant;

use crate::shm::futex;

/// Uma palavra da memória dividida.
pub(super) trait Word<T> {
    fn load(&self, order: Ordering) -> T;
    fn store(&self, value: T, order: Ordering);
    fn swap(&self, value: T, order: Ordering) -> T;
    fn fetch_or(&self, bits: T, order: Ordering) -> T;
    fn compare_exchange(&self, current: T, new: T, success: Ordering, failure: Ordering) -> Result<T, T>;
}

/// A anotação de quem não tem nada na mão.
pub(super) const NONE_CLAIMED: u64 = u64::MAX;

/// A memória em que o protocolo roda: a de verdade, ou a do teste.
pub(super) trait Atomics {
    type U32: Word<u32>;
    type U64: Word<u64>;
    /// Uma barreira `SeqCst`.
    fn fence();
    /// Dorme enquanto `word` vale `seen`, até `deadline`. Pode voltar à toa.
    fn wait(word: &Self::U32, seen: u32, deadline: Option<Instant>);
    /// Acorda quem dorme por `word`.
    fn wake(word: &Self::U32);
    /// Soma 1 a `word` e acorda quem dorme por ela, de modo que uma morte não separe uma coisa da outra.
    fn add_and_wake(word: &Self::U32);
}

/// Palavras iguais, uma a cada `stride`: cada uma fica numa linha de cache só dela.
pub(super) struct Strided<'m, T> {
    pub(super) words: &'m [T],
    pub(super) stride: usize,
}

impl<T> Index<usize> for Strided<'_, T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.words[index * self.stride]
    }
}

impl<T> Strided<'_, T> {
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.words.iter().step_by(self.stride)
    }
}

/// De oito em oito bytes, com átomos: o outro lado não mexe nisto agora, mas o compilador não tem como saber.
pub(super) fn copy_in(words: &[AtomicU64], bytes: &[u8]) {
    let (whole, rest) = bytes.as_chunks::<8>();
    for (word, &bytes) in words.iter().zip(whole) {
        word.store(u64::from_ne_bytes(bytes), Relaxed);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        words[whole.len()].store(u64::from_ne_bytes(last), Relaxed);
    }
}

pub(super) fn copy_out(words: &[AtomicU64], len: usize, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.reserve(8 * words.len());
    for word in words {
        bytes.extend_from_slice(&word.load(Relaxed).to_ne_bytes());
    }
    bytes.truncate(len);
}

/// A memória de verdade.
pub(super) struct Real;

impl Atomics for Real {
    type U32 = AtomicU32;
    type U64 = AtomicU64;

    fn fence() {
        fence(Ordering::SeqCst);
    }

    // Um futex que falha (não há sinal nem endereço que o faça aqui) seria uma espera que volta à toa.
    fn wait(word: &AtomicU32, seen: u32, deadline: Option<Instant>) {
        let _ = futex::wait(word, seen, deadline);
    }

    fn wake(word: &AtomicU32) {
        let _ = futex::wake(word);
    }

    fn add_and_wake(word: &AtomicU32) {
        let _ = futex::add_and_wake(word, 1);
    }
}

macro_rules! words {
    ($($atomic:ty: $value:ty),*) => { $(
        impl Word<$value> for $atomic {
            fn load(&self, order: Ordering) -> $value {
                self.load(order)
            }
            fn store(&self, value: $value, order: Ordering) {
                self.store(value, order);
            }
            fn swap(&self, value: $value, order: Ordering) -> $value {
                self.swap(value, order)
            }
            fn fetch_or(&self, bits: $value, order: Ordering) -> $value {
                self.fetch_or(bits, order)
            }
            fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }
        }
    )* };
}
words!(AtomicU32: u32, AtomicU64: u64);

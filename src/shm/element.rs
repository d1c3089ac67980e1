//! Os números que cabem num átomo, e por isso podem ser mudados por vários processos sem virar outra coisa.

use std::convert::identity;
use std::fmt::Debug;
use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
    AtomicUsize, Ordering,
};

use super::mapping::Shared;

mod sealed {
    pub trait Sealed {}
}

/// O que pode estar num [`SharedArray`](crate::SharedArray) ou num [`Value`](crate::Value): os inteiros, os
/// números de ponto flutuante e `bool`.
///
/// Só estes tipos: cada um cabe num átomo do processador, e quem lê enquanto outro escreve vê o valor antigo
/// ou o novo, nunca metade de cada. Um ponteiro, como o de uma `String`, nada significaria no outro processo.
///
/// # Exemplos
///
/// Uma função para qualquer um deles:
///
/// ```
/// # use multiprocessamento::{Element, Error, SharedArray};
/// fn maior<T: Element + PartialOrd>(numeros: &SharedArray<T>) -> Option<T> {
///     numeros.iter().reduce(|a, b| if a < b { b } else { a })
/// }
///
/// # fn main() -> Result<(), Error> {
/// assert_eq!(maior(&SharedArray::from_slice(&[2, 7, 1])?), Some(7));
/// assert_eq!(maior(&SharedArray::from_slice(&[0.5, 0.25])?), Some(0.5));
/// # Ok(())
/// # }
/// ```
pub trait Element: sealed::Sealed + Copy + PartialEq + Debug + Send + Sync + 'static {
    /// O átomo que guarda este tipo: [`AtomicU64`] para `u64`, e também para `f64`, pelos seus bits.
    type Cell: Shared + Debug + Send + Sync + 'static;

    /// O valor guardado. Quem o lê vê também tudo o que foi escrito antes dele (*acquire*).
    fn load(cell: &Self::Cell) -> Self;

    /// Troca o valor guardado. Quem o vir verá também tudo o que foi escrito antes (*release*).
    fn store(cell: &Self::Cell, value: Self);

    /// Põe `new` se o valor ainda é `current`, bit a bit; senão, devolve o que há.
    fn compare_exchange(cell: &Self::Cell, current: Self, new: Self) -> Result<Self, Self>;
}

macro_rules! elements {
    ($($element:ty => $cell:ty, $to_bits:expr, $from_bits:expr;)*) => { $(
        impl sealed::Sealed for $element {}

        impl Element for $element {
            type Cell = $cell;

            #[inline]
            fn load(cell: &$cell) -> Self {
                $from_bits(cell.load(Ordering::Acquire))
            }

            #[inline]
            fn store(cell: &$cell, value: Self) {
                cell.store($to_bits(value), Ordering::Release);
            }

            #[inline]
            fn compare_exchange(cell: &$cell, current: Self, new: Self) -> Result<Self, Self> {
                let (current, new) = ($to_bits(current), $to_bits(new));
                let outcome = cell.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire);
                outcome.map($from_bits).map_err($from_bits)
            }
        }
    )* };
}

elements! {
    u8 => AtomicU8, identity, identity;
    u16 => AtomicU16, identity, identity;
    u32 => AtomicU32, identity, identity;
    u64 => AtomicU64, identity, identity;
    usize => AtomicUsize, identity, identity;
    i8 => AtomicI8, identity, identity;
    i16 => AtomicI16, identity, identity;
    i32 => AtomicI32, identity, identity;
    i64 => AtomicI64, identity, identity;
    isize => AtomicIsize, identity, identity;
    f32 => AtomicU32, f32::to_bits, f32::from_bits;
    f64 => AtomicU64, f64::to_bits, f64::from_bits;
    // Num byte qualquer, e não num `AtomicBool`: o outro processo pode ter escrito um 7.
    bool => AtomicU8, u8::from, |bits| bits != 0;
}

//! Memória nova em páginas grandes.
//!
//! Uma página nova custa mais do que copiar para ela: o sistema a entrega, em zeros, no primeiro toque, e são 16 mil toques em
//! 64 MiB. De 2 MiB em 2 MiB são 32. Um sistema que não as dá entrega a memória como sempre.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use rustix::mm::{Advice, madvise};

/// A partir de quantos bytes vale pedi-las.
pub(crate) const HUGE: usize = 4 << 20;

/// O tamanho de uma, nas máquinas de hoje. Onde for outro, o pedido é recusado e nada muda.
pub(crate) const HUGE_PAGE: usize = 2 << 20;

/// Um vetor com lugar para `len` itens; nada, se falta memória.
pub(crate) fn vec_for<T>(len: usize) -> Option<Vec<T>> {
    let mut items = Vec::new();
    items.try_reserve_exact(len).ok()?;
    advise(items.spare_capacity_mut());
    Some(items)
}

/// Pede páginas grandes para o lugar que um vetor reservou e ainda não usa.
pub(crate) fn advise<T>(spare: &mut [MaybeUninit<T>]) {
    let len = size_of_val(spare);
    if len < HUGE {
        return;
    }
    let page = rustix::param::page_size();
    let start = spare.as_mut_ptr().cast::<u8>();
    let before = start.addr().next_multiple_of(page) - start.addr();
    // SAFETY: o trecho, de páginas inteiras, fica dentro de `spare`, que é só nosso e está sem uso; o conselho muda como o
    // sistema o entrega, não o que há nele. Recusado, fica tudo como antes.
    let _ = unsafe { madvise(start.add(before).cast(), (len - before) / page * page, Advice::LinuxHugepage) };
}

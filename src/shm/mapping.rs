//! Memória que vários processos veem ao mesmo tempo.
//!
//! Um *memfd* é um arquivo sem nome que mora na memória: nada fica em `/dev/shm` quando todos morrem, e nenhum
//! outro usuário o abre. Mapeado em dois processos, é a mesma memória nos dois, em endereços diferentes.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
    AtomicUsize, Ordering,
};

use rustix::buffer::spare_capacity;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

use super::file_limit;
use crate::error::missing;
use crate::huge::{self, HUGE, HUGE_PAGE};

/// Um tipo que pode morar em memória que outros processos mudam.
///
/// # Safety
///
/// Qualquer sequência de bytes é um valor válido dele, e ele só muda por operações que toleram que outros
/// mudem ao mesmo tempo (átomos, travas do sistema).
// `pub` num módulo que ninguém de fora alcança: é o que permite citá-lo em `Element`, que é pública.
pub unsafe trait Shared {}

macro_rules! atomics {
    ($($atomic:ty),*) => { $(
        // SAFETY: um átomo aceita qualquer valor, e existe para ser mudado por vários ao mesmo tempo.
        unsafe impl Shared for $atomic {}
    )* };
}
atomics!(AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicI8, AtomicI16, AtomicI32, AtomicI64);
atomics!(AtomicUsize, AtomicIsize);

/// Um arquivo de memória em zeros, de tamanho fixo: encolhido por alguém, mataria (SIGBUS) quem o mapeou.
pub(crate) fn create(name: &str, len: usize) -> io::Result<OwnedFd> {
    file_limit::check(len as u64)?;
    let fd = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
        .map_err(|error| missing("memfd_create", error))?;
    ftruncate(&fd, len as u64)?;
    fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(fd)
}

/// O tamanho de um arquivo de memória que veio de outro processo.
///
/// # Erros
///
/// Se ele pode encolher: não foi feito por [`create`].
pub(crate) fn sealed_len(fd: impl AsFd) -> io::Result<usize> {
    if !rustix::fs::fcntl_get_seals(&fd)?.contains(SealFlags::SHRINK) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    usize::try_from(fstat(&fd)?.st_size).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// Um arquivo de memória, visto daqui como memória comum.
#[derive(Debug)]
pub(crate) struct Mapping {
    address: NonNull<u8>,
    len: usize,
}

// SAFETY: o mapeamento é do processo, não da thread; e só se chega a ele por `Shared`, que tolera vários ao
// mesmo tempo.
unsafe impl Send for Mapping {}
// SAFETY: idem.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Mapeia o arquivo inteiro.
    ///
    /// # Erros
    ///
    /// Se não há memória, se o arquivo está vazio, e os de [`sealed_len`].
    pub(crate) fn new(fd: impl AsFd) -> io::Result<Self> {
        let len = sealed_len(&fd)?;
        // Sem MAP_POPULATE: ligar todas as páginas agora custa, medido em 64 MiB, o mesmo que ligá-las ao tocar
        // nelas; e quem só toca num pedaço pagaria pelo resto.
        let address = if len < HUGE {
            // SAFETY: sem endereço pedido, o sistema escolhe um trecho livre; nada que já exista é trocado.
            unsafe { mmap(std::ptr::null_mut(), len, READ_WRITE, MapFlags::SHARED, fd, 0)? }
        } else {
            map_aligned(fd, len)?
        };
        let address = NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Mapping { address, len })
    }

    /// Pede já a memória de um trecho, em páginas grandes, para quem vai escrever nele todo.
    ///
    /// Um sistema que não as dá (elas vieram no Linux 6.1) a entregará como sempre: página a página, a cada toque.
    ///
    /// # Panics
    ///
    /// Se o trecho não cabe.
    pub(crate) fn gather(&self, range: Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.len, "fora da memória compartilhada");
        let (start, end) = (range.start.next_multiple_of(HUGE_PAGE), range.end / HUGE_PAGE * HUGE_PAGE);
        if self.len < HUGE || start >= end {
            return;
        }
        // Só se junta o que já existe: olhar um byte de cada página grande a faz existir. O `black_box` impede o compilador de
        // apagar uma leitura que ninguém usa.
        for offset in (start..end).step_by(HUGE_PAGE) {
            std::hint::black_box(self.at::<AtomicU8>(offset).load(Ordering::Relaxed));
        }
        // SAFETY: o trecho fica dentro do mapeamento; a chamada muda como o sistema o guarda, não o que há nele.
        unsafe {
            let address = self.address.as_ptr().add(start);
            libc::madvise(address.cast(), end - start, libc::MADV_COLLAPSE)
        };
    }

    /// Um trecho, como memória comum.
    ///
    /// # Safety
    ///
    /// Ninguém escreve nele, em processo nenhum, enquanto a fatia existir.
    ///
    /// # Panics
    ///
    /// Se o trecho não cabe.
    pub(crate) unsafe fn bytes(&self, range: Range<usize>) -> &[u8] {
        assert!(range.start <= range.end && range.end <= self.len, "fora da memória compartilhada");
        // SAFETY: o trecho cabe no mapeamento, que vive tanto quanto `self` e não encolhe; quem chama garante que não muda.
        unsafe { std::slice::from_raw_parts(self.address.as_ptr().add(range.start), range.len()) }
    }

    /// O tamanho, em bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// `count` valores a partir do byte `offset`.
    ///
    /// # Panics
    ///
    /// Se não cabem, ou se `offset` não está alinhado para `T`.
    pub(crate) fn slice<T: Shared>(&self, offset: usize, count: usize) -> &[T] {
        let end = count.checked_mul(size_of::<T>()).and_then(|size| size.checked_add(offset));
        assert!(end.is_some_and(|end| end <= self.len), "fora da memória compartilhada");
        assert!(offset.is_multiple_of(align_of::<T>()), "desalinhado");
        // SAFETY: o trecho cabe no mapeamento (conferido acima), que começa no início de uma página e vive
        // tanto quanto `self`; está alinhado; `Shared` diz que quaisquer bytes são um `T` e que `&T` tolera
        // mudanças. O arquivo não encolhe: está selado.
        unsafe { std::slice::from_raw_parts(self.address.as_ptr().add(offset).cast(), count) }
    }

    /// Um valor, no byte `offset`.
    ///
    /// # Panics
    ///
    /// Os de [`slice`](Self::slice).
    pub(crate) fn at<T: Shared>(&self, offset: usize) -> &T {
        &self.slice(offset, 1)[0]
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `address` e `len` vieram do `mmap` em `new`, e toda referência ao mapeamento pega `self`
        // emprestado: não há mais nenhuma.
        let _ = unsafe { munmap(self.address.as_ptr().cast(), self.len) };
    }
}

const READ_WRITE: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

/// Mapeia o arquivo num endereço múltiplo de [`HUGE_PAGE`]: noutro, uma página grande não cabe.
fn map_aligned(fd: impl AsFd, len: usize) -> io::Result<*mut c_void> {
    let reserved = len.checked_add(HUGE_PAGE).ok_or(io::ErrorKind::OutOfMemory)?;
    // SAFETY: reserva um trecho livre, com folga para haver nele um endereço múltiplo, e troca por `fd` só um
    // pedaço do que reservou. O que sobra dos dois lados é devolvido; ninguém o viu.
    unsafe {
        let start = mmap_anonymous(std::ptr::null_mut(), reserved, ProtFlags::empty(), MapFlags::PRIVATE)?;
        let before = start.addr().next_multiple_of(HUGE_PAGE) - start.addr();
        let aligned = start.byte_add(before);
        let flags = MapFlags::SHARED | MapFlags::FIXED;
        if let Err(error) = mmap(aligned, len, READ_WRITE, flags, fd, 0) {
            let _ = munmap(start, reserved);
            return Err(error.into());
        }
        let end = before + len.next_multiple_of(rustix::param::page_size());
        for (offset, size) in [(0, before), (end, reserved.saturating_sub(end))] {
            if size > 0 {
                let _ = munmap(start.byte_add(offset), size);
            }
        }
        Ok(aligned)
    }
}

/// Lê `len` bytes de um arquivo de memória, a partir de `offset`.
///
/// # Erros
///
/// [`io::ErrorKind::UnexpectedEof`] se o arquivo acaba antes.
pub(crate) fn read_file(fd: impl AsFd, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = huge::vec_for(len).ok_or(io::ErrorKind::OutOfMemory)?;
    while bytes.len() < len {
        let at = offset + bytes.len() as u64;
        match rustix::io::pread(&fd, spare_capacity(&mut bytes), at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // O vetor pode ter reservado mais do que se pediu.
    bytes.truncate(len);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_shorter_than_promised_is_an_error() {
        let mut file = tempfile::tempfile().expect("um arquivo");
        file.write_all(b"dezoito caracteres").expect("escrever");
        assert_eq!(read_file(&file, 8, 10).expect("ler"), b"caracteres");
        assert_eq!(read_file(&file, 8, 0).expect("ler"), b"");
        let outcome = read_file(&file, 8, 11);
        assert_eq!(outcome.expect_err("um erro").kind(), io::ErrorKind::UnexpectedEof);
    }
}

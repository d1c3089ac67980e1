//! Os corpos dos itens de uma fila, um atrás do outro num arquivo de memória.
//!
//! É uma fita: o próximo corpo vai logo depois do último, e o que já foi lido fica para trás e é devolvido ao
//! sistema. Quando a fila se esvazia a fita volta ao começo, e as mesmas páginas servem de novo.
//!
//! O arquivo é escrito e lido com chamadas do sistema e nunca mapeado: assim pode crescer e encolher sem
//! que ninguém morra de SIGBUS, e um processo morto no meio de uma cópia não deixa nada que se use.

use std::io;
use std::ops::Range;

use rustix::fs::{FallocateFlags, MemfdFlags, fallocate, ftruncate, memfd_create};
use rustix::io::{Errno, pwrite};
use serde::{Deserialize, Serialize};

use crate::error::missing;
use crate::parcel::Descriptor;
use crate::shm::file_limit;
use crate::shm::mapping::read_file;

/// De quanto em quanto a fita devolve memória, e quanto dela fica com uma fila vazia: devolver página a página
/// custaria uma chamada por item, e não guardar nenhuma, páginas novas a cada item.
pub(crate) const PIECE: u64 = 1 << 20;

/// O arquivo dos corpos.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bodies(Descriptor);

impl Bodies {
    pub(crate) fn create() -> io::Result<Self> {
        let file = memfd_create("fila-corpos", MemfdFlags::CLOEXEC)
            .map_err(|error| missing("memfd_create", error))?;
        Ok(Bodies(file.into()))
    }

    pub(crate) fn write(&self, mut body: &[u8], mut offset: u64) -> io::Result<()> {
        file_limit::check(offset + body.len() as u64)?;
        while !body.is_empty() {
            match pwrite(&self.0, body, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    body = &body[written..];
                    offset += written as u64;
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    pub(crate) fn read(&self, place: Range<u64>) -> io::Result<Vec<u8>> {
        let len = usize::try_from(place.end.saturating_sub(place.start)).unwrap_or(usize::MAX);
        read_file(&self.0, place.start, len)
    }

    /// Devolve ao sistema o que está antes de `used`, em pedaços inteiros, e o que está depois.
    pub(crate) fn keep_only(&self, used: Range<u64>) {
        self.give_back_before(used.start);
        let end = used.end.max(PIECE);
        if file_limit::check(end).is_ok() {
            // Falha só se o arquivo não é um memfd; e então não há memória a devolver.
            let _ = ftruncate(&self.0, end);
        }
    }

    /// Devolve ao sistema os pedaços inteiros antes de `start`.
    ///
    /// Desde o começo, e não desde a última vez: o que uma morte impediu de devolver vai junto, e um trecho já
    /// devolvido não custa nada.
    pub(crate) fn give_back_before(&self, start: u64) {
        let end = start / PIECE * PIECE;
        if end > 0 {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            // Idem.
            let _ = fallocate(&self.0, flags, 0, end);
        }
    }
}

//! Um bloco de bytes que vários processos leem e escrevem.
//!
//! Sem mapear nada: `pread` e `pwrite` copiam de e para um arquivo que mora na memória. É o caminho para dados
//! grandes lidos uma vez; para números que vários mudam, há o [`SharedArray`](crate::SharedArray).

use std::io;
use std::os::fd::AsFd;

use rustix::io::{Errno, pread, pwrite};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::mapping;
use crate::Error;
use crate::parcel::Descriptor;

/// Um bloco de bytes compartilhado, como o `SharedMemory` do Python, mas sem nome.
///
/// Os clones são o mesmo bloco, e o que chega a outro processo também: passe-o como argumento de uma tarefa.
/// Ele não tem nome em `/dev/shm`; quando o último processo que o tem termina, a memória volta ao sistema.
/// Não há `unlink` a esquecer.
///
/// Quem escreve enquanto outro lê pode ser visto pela metade: combine a vez com um [`Lock`](crate::Lock).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Process, SharedMemory};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let bloco = SharedMemory::new(1024)?;
/// let no_fim = |bloco: SharedMemory| bloco.write(bloco.len() - 2, b"oi").is_ok();
/// assert!(Process::start(no_fim, bloco.clone())?.join()?);
///
/// let mut texto = [0; 2];
/// bloco.read(1022, &mut texto)?;
/// assert_eq!(&texto, b"oi");
/// assert!(!bloco.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SharedMemory {
    descriptor: Descriptor,
    len: usize,
}

impl SharedMemory {
    /// Um bloco de `len` bytes em zeros. A memória só é gasta quando se escreve nela.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusa o bloco.
    pub fn new(len: usize) -> Result<Self, Error> {
        let fd = mapping::create("SharedMemory", len).map_err(Error::io)?;
        Ok(SharedMemory { descriptor: fd.into(), len })
    }

    /// O tamanho, em bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Se o bloco não tem nenhum byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copia para `bytes` o que há a partir de `offset`.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusa a leitura.
    ///
    /// # Panics
    ///
    /// Se o trecho passa do fim, como numa fatia.
    pub fn read(&self, offset: usize, bytes: &mut [u8]) -> Result<(), Error> {
        self.check(offset, bytes.len());
        let mut done = 0;
        while done < bytes.len() {
            match pread(&self.descriptor, &mut bytes[done..], (offset + done) as u64) {
                Ok(0) => return Err(Error::io(io::ErrorKind::UnexpectedEof)),
                Ok(count) => done += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(Error::io(error)),
            }
        }
        Ok(())
    }

    /// Copia `bytes` para o bloco, a partir de `offset`.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se não há memória para o que ainda não tinha sido escrito.
    ///
    /// # Panics
    ///
    /// Se o trecho passa do fim, como numa fatia.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.check(offset, bytes.len());
        let mut done = 0;
        while done < bytes.len() {
            match pwrite(&self.descriptor, &bytes[done..], (offset + done) as u64) {
                Ok(count) => done += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(Error::io(error)),
            }
        }
        Ok(())
    }

    #[track_caller]
    fn check(&self, offset: usize, count: usize) {
        let fits = offset.checked_add(count).is_some_and(|end| end <= self.len);
        assert!(fits, "{count} bytes a partir de {offset} não cabem num bloco de {}", self.len);
    }
}

impl Serialize for SharedMemory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.descriptor.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedMemory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let descriptor = Descriptor::deserialize(deserializer)?;
        let len = mapping::sealed_len(descriptor.as_fd()).map_err(D::Error::custom)?;
        Ok(SharedMemory { descriptor, len })
    }
}

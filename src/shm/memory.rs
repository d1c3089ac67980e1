//! Memória compartilhada que viaja: o descritor, que atravessa, e o mapeamento, que cada processo faz.

use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::{fmt, io};

use rustix::fs::{FallocateFlags, fallocate, fstat};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::mapping::{self, Mapping};
use crate::Error;
use crate::parcel::Descriptor;

/// Um trecho de memória que vários processos veem. Os clones são a mesma memória.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    descriptor: Descriptor,
    mapping: Arc<Mapping>,
}

/// A memória que chegou não tem o tamanho do que ela diz ser.
#[derive(Debug)]
pub(crate) struct WrongSize {
    pub(crate) expected: usize,
    pub(crate) found: usize,
}

impl fmt::Display for WrongSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrongSize { expected, found } = self;
        write!(f, "a memória compartilhada tem {found} bytes, e não {expected}")
    }
}

impl Memory {
    /// Memória nova, em zeros. `name` só aparece em `/proc/<pid>/maps`.
    pub(crate) fn create(name: &str, len: usize) -> Result<Self, Error> {
        let create = || Memory::map(mapping::create(name, len)?.into());
        create().map_err(Error::io)
    }

    pub(crate) fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    /// Pede já toda a memória, para quem vai escrever nela toda.
    pub(crate) fn gather(&self) {
        self.mapping.gather(0..self.mapping.len());
    }

    /// Devolve ao sistema as páginas inteiras de um trecho: quem olhar para ele vê zeros.
    pub(crate) fn give_back(&self, range: Range<usize>) {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        // Falha só num sistema sem memória para a própria chamada: fica até a próxima vez que se use.
        let _ = fallocate(&self.descriptor, flags, range.start as u64, range.len() as u64);
    }

    /// Esta memória, se tem o tamanho de quem a vai usar.
    pub(crate) fn expect(self, expected: usize) -> Result<Self, WrongSize> {
        let found = self.mapping.len();
        if found == expected { Ok(self) } else { Err(WrongSize { expected, found }) }
    }

    fn map(descriptor: Descriptor) -> io::Result<Self> {
        let mapping = mapped(&descriptor)?;
        Ok(Memory { descriptor, mapping })
    }
}

/// O mapeamento do arquivo, que é um só por processo: mil itens com o mesmo vetor o mapeiam uma vez, e não mil.
fn mapped(descriptor: &Descriptor) -> io::Result<Arc<Mapping>> {
    /// Qual arquivo, e onde ele está mapeado. Enquanto está, nenhum outro recebe o número dele.
    type Mapped = ((u64, u64), Weak<Mapping>);
    static MAPPED: Mutex<Vec<Mapped>> = Mutex::new(Vec::new());

    let file = fstat(descriptor.as_fd())?;
    let file = (file.st_dev, file.st_ino);
    let mut list = MAPPED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = list.iter().find(|(other, _)| *other == file).and_then(|(_, mapping)| mapping.upgrade());
    if let Some(mapping) = known {
        return Ok(mapping);
    }
    let mapping = Arc::new(Mapping::new(descriptor)?);
    list.retain(|(_, mapping)| mapping.strong_count() > 0);
    list.push((file, Arc::downgrade(&mapping)));
    Ok(mapping)
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.descriptor.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Memory::map(Descriptor::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel::Parcel;

    #[test]
    fn the_same_memory_arriving_many_times_is_mapped_once() {
        let memory = Memory::create("teste", 64).expect("memória");
        let parcel = Parcel::of(&vec![memory.clone(); 300]).expect("uma mensagem");
        assert_eq!(parcel.descriptors.len(), 1);
        let arrived = parcel.read::<Vec<Memory>>().expect("a mesma memória");
        assert!(arrived.iter().all(|other| Arc::ptr_eq(&other.mapping, &memory.mapping)));
    }

    #[test]
    fn a_mapping_ends_with_its_last_user() {
        let memory = Memory::create("teste", 64).expect("memória");
        let mapping = Arc::downgrade(memory.mapping());
        let clone = memory.clone();
        drop(memory);
        assert!(mapping.upgrade().is_some());
        drop(clone);
        assert!(mapping.upgrade().is_none());
    }
}

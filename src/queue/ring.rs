//! O anel de uma fila: a memória que os processos dividem, e como ler as contagens nela.
//!
//! São duas contagens, quantos itens já entraram e quantos já saíram, e um anel de casas que dizem onde está o
//! corpo de cada item. O item de número `k` mora na casa `k % casas`. Tudo o mais se deduz disso.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::Error;
use crate::shm::mapping::Mapping;
use crate::shm::memory::{Memory, WrongSize};
use crate::shm::robust::RobustMutex;

/// A maior capacidade: o anel ocupa 16 bytes por item, e com esta já são 16 MiB que ficam com a fila.
pub(super) const MAX_CAPACITY: u32 = 1 << 20;

/// O bit mais baixo de uma contagem: a fila está fechada.
///
/// O mais baixo, com as contagens de dois em dois, e não o mais alto: a contagem que dá a volta passaria por
/// cima dele.
pub(super) const CLOSED: u16 = 1;

/// Um item, numa contagem.
pub(super) const ONE: u16 = 2;

/// Onde está cada coisa. As contagens ficam em linhas de cache separadas: quem espera por uma não sente a outra
/// mudar.
const LOCK: usize = 0;
const ASLEEP: usize = 56;
const PUTS: usize = 64;
const GETS: usize = 128;
const SLOTS: usize = 192;
const SLOT_SIZE: usize = 2 * size_of::<AtomicU64>();
const _: () = assert!(LOCK + RobustMutex::SIZE <= ASLEEP);

/// O anel, visto por este processo.
pub(super) struct Ring {
    memory: Arc<Mapping>,
    capacity: u32,
}

impl Ring {
    /// Um anel vazio, a trava dele e a memória com que outro processo o abre.
    pub(super) fn create(capacity: u32) -> Result<(Self, RobustMutex, Memory), Error> {
        let state = Memory::create("fila", size_for(capacity))?;
        let memory = state.mapping().clone();
        let lock = RobustMutex::create(&memory, LOCK).map_err(Error::spawn)?;
        Ok((Ring { memory, capacity }, lock, state))
    }

    /// O anel que outro processo criou.
    ///
    /// # Erros
    ///
    /// Se a memória não tem o tamanho de um anel dessa capacidade.
    pub(super) fn open(state: Memory, capacity: u32) -> Result<(Self, RobustMutex), WrongSize> {
        // Uma capacidade impossível pede um tamanho que nenhum anel tem.
        let possible = (1..=MAX_CAPACITY).contains(&capacity);
        let state = state.expect(if possible { size_for(capacity) } else { 0 })?;
        let memory = state.mapping().clone();
        let lock = RobustMutex::existing(&memory, LOCK);
        Ok((Ring { memory, capacity }, lock))
    }

    pub(super) fn puts(&self) -> &AtomicU32 {
        self.memory.at(PUTS)
    }

    pub(super) fn gets(&self) -> &AtomicU32 {
        self.memory.at(GETS)
    }

    /// Quantos dormem por uma das contagens, ou mais: quem morre dormindo não se desconta.
    pub(super) fn asleep(&self) -> &AtomicU32 {
        self.memory.at(ASLEEP)
    }

    pub(super) fn counts(&self) -> Counts {
        // Nesta ordem, e sem a trava, o que entra entre as duas leituras só aumenta a conta; na outra, ela
        // ficaria negativa.
        let gets = self.gets().load(Ordering::Acquire);
        let puts = self.puts().load(Ordering::Acquire);
        Counts { puts, gets }
    }

    /// Onde está o corpo do item que `count` numera.
    pub(super) fn place(&self, count: u32) -> Range<u64> {
        let [start, end] = self.slot(count);
        start.load(Ordering::Relaxed)..end.load(Ordering::Relaxed)
    }

    pub(super) fn set_place(&self, count: u32, place: &Range<u64>) {
        let [start, end] = self.slot(count);
        start.store(place.start, Ordering::Relaxed);
        end.store(place.end, Ordering::Relaxed);
    }

    fn slot(&self, count: u32) -> [&AtomicU64; 2] {
        // São uma potência de dois: quando a contagem dá a volta, a casa seguinte ainda é a seguinte.
        let slot = SLOTS + items(count) as usize % slots_for(self.capacity) * SLOT_SIZE;
        [self.memory.at(slot), self.memory.at(slot + size_of::<AtomicU64>())]
    }
}

/// As duas contagens, como estavam num instante.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) puts: u32,
    pub(super) gets: u32,
}

impl Counts {
    /// Quantos itens há na fila, mesmo que só uma das contagens já tenha dado a volta.
    pub(super) fn len(self) -> u32 {
        items(self.puts).wrapping_sub(items(self.gets)) & items(u32::MAX)
    }

    /// A contagem do item mais novo, numa fila que não está vazia.
    pub(super) fn newest(self) -> u32 {
        self.puts.wrapping_sub(ONE.into())
    }

    pub(super) fn closed(self) -> bool {
        (self.puts | self.gets) & u32::from(CLOSED) != 0
    }
}

fn items(count: u32) -> u32 {
    count / u32::from(ONE)
}

fn slots_for(capacity: u32) -> usize {
    (capacity as usize).next_power_of_two()
}

fn size_for(capacity: u32) -> usize {
    SLOTS + slots_for(capacity) * SLOT_SIZE
}

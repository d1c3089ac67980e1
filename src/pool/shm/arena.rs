//! O que há em cada byte da memória do mural.
//!
//! ```text
//!   head │ tail │ trabalhador 1 │ 2 │ … │ anel │ casa 0 │ casa 1 │ … │ folhas da casa 0 │ … │ maço 0 │ … │ granel
//!
//!   casa     pedido: tarefa, itens, bytes, 40 bytes deles  │  resposta: DONE, campainha, bytes, 48 deles
//!   folhas   o pedido que não cabe na casa, até 64 KiB     │  a resposta, idem
//! ```
//!
//! O que um lado escreve fica em linhas de cache que o outro só lê: o pedido é do pai, a resposta do
//! trabalhador. Uma linha que dois núcleos escrevem anda de um para o outro a cada vez, e isso é quase todo o
//! preço de uma tarefa pequena.
//!
//! As folhas (*spills*) são muitas, mas a memória só existe depois que alguém escreve nela; e as casas usadas há pouco são
//! as primeiras a servir de novo.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use serde::{Deserialize, Serialize};

use super::batch::{BATCHES, Batch, batch_size};
use super::bulk::{Bulk, OWNERS_SIZE, PIECES_SIZE, Place, Side};
use super::ring::Ring;
use super::word::{NONE_CLAIMED, Real, Strided, copy_in, copy_out};
use crate::Error;
use crate::huge::HUGE_PAGE;
use crate::process::task::TaskId;
use crate::shm::memory::Memory;

/// Quantas casas: o bastante para que o pai, que as reabastece, acorde poucas vezes.
const SLOTS: usize = 4096;

/// Uma linha de cache, e a vizinha, que o processador busca junto.
const LINE: usize = 128;
const HALF: usize = LINE / 2;

const HEAD: usize = 0;
const TAIL: usize = LINE;
/// Em que núcleo estava quem publicou por último. Na linha de `tail`, que quem procura já lê.
const PUBLISHER_CORE: usize = LINE + 8;
const WORKERS: usize = 2 * LINE;
/// De um trabalhador: numa linha, o que ele escreve a cada bloco; na outra, o que muda quando para ou recomeça.
const WORKER: usize = 2 * LINE;
const CLAIMED: usize = 0;
const SINCE: usize = 8;
const FINISHED: usize = 16;
const DOING: usize = 24;
/// Em que núcleo ele pegou o bloco.
const CORE: usize = 32;
const STATUS: usize = LINE;
const RECALL: usize = LINE + 4;

/// De uma casa, o pedido.
const TASK: usize = 0;
const ITEMS: usize = 8;
const REQUEST_LEN: usize = 12;
const WAITER: usize = 16;
const FLAGS: usize = 20;
const REQUEST: usize = 24;
const REQUEST_ROOM: usize = HALF - REQUEST;
/// E a resposta.
const STATE: usize = HALF;
const DOORBELL: usize = HALF + 4;
const REPLY_LEN: usize = HALF + 8;
const REPLY: usize = HALF + 16;
const REPLY_ROOM: usize = LINE - REPLY;

/// Ninguém quer mais a resposta.
const CANCELLED: u32 = 1;
/// O pedido é um posto num maço.
const SEAT: u32 = 2;

/// O maior pedido, ou resposta, que cabe numa folha; o que é maior vai no granel, e se nem ali cabe, pelo soquete.
const SPILL: usize = 64 << 10;

/// No lugar do tamanho: na casa está só o lugar dele no granel.
const IN_BULK: u32 = u32::MAX - 1;
/// No lugar do tamanho de uma resposta: ela está com o pai.
const ELSEWHERE: u32 = u32::MAX;

/// A memória de um mural, que atravessa para os trabalhadores.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Arena {
    memory: Memory,
    workers: usize,
}

impl Arena {
    pub(super) fn create(workers: usize) -> Result<Self, Error> {
        let memory = Memory::create("mural", size_for(workers))?;
        let arena = Arena { memory, workers };
        let view = arena.view();
        for worker in 0..workers {
            view.ring.claimed[worker].store(NONE_CLAIMED, Relaxed);
        }
        Ok(arena)
    }

    /// A memória, com nomes.
    pub(super) fn view(&self) -> View<'_> {
        let mapping = self.memory.mapping();
        let large: &[AtomicU64] = mapping.slice(0, mapping.len() / 8);
        let small: &[AtomicU32] = mapping.slice(0, mapping.len() / 4);
        let (ring, slots) = (ring_start(self.workers), slots_start(self.workers));
        let of_workers =
            |offset: usize| Strided { words: &small[(WORKERS + offset) / 4..ring / 4], stride: WORKER / 4 };
        let of_slots = |offset: usize| Strided {
            words: &small[(slots + offset) / 4..spills_start(self.workers) / 4],
            stride: LINE / 4,
        };
        let ring = Ring {
            head: &large[HEAD / 8],
            tail: &large[TAIL / 8],
            cells: &small[ring / 4..ring / 4 + SLOTS],
            claimed: Strided { words: &large[(WORKERS + CLAIMED) / 8..ring / 8], stride: WORKER / 8 },
            status: of_workers(STATUS),
            states: of_slots(STATE),
            doorbells: of_slots(DOORBELL),
            waiters: of_slots(WAITER),
        };
        let spills = spills_start(self.workers);
        let owners = owners_start(self.workers);
        let owners = &small[owners / 4..(owners + OWNERS_SIZE) / 4];
        let bulk = Bulk { mapping, owners, start: pieces_start(self.workers) };
        View { large, small, slots, spills, ring, bulk }
    }

    /// Um maço.
    pub(super) fn batch(&self, batch: usize) -> Batch<'_> {
        let size = batch_size(self.workers);
        let words = self.memory.mapping().slice(batches_start(self.workers) + batch * size, size / 8);
        Batch::new(words, self.workers)
    }

    /// Devolve ao sistema a memória do granel que ninguém usa.
    pub(super) fn sweep_bulk(&self) {
        self.view().bulk.sweep(|range| self.memory.give_back(range));
    }

    pub(super) fn slots(&self) -> u32 {
        SLOTS as u32
    }

    pub(super) fn workers(&self) -> usize {
        self.workers
    }
}

const fn ring_start(workers: usize) -> usize {
    WORKERS + workers * WORKER
}

const fn slots_start(workers: usize) -> usize {
    ring_start(workers) + SLOTS * size_of::<u32>()
}

const fn spills_start(workers: usize) -> usize {
    (slots_start(workers) + SLOTS * LINE).next_multiple_of(4096)
}

const fn batches_start(workers: usize) -> usize {
    spills_start(workers) + 2 * SLOTS * SPILL
}

const fn owners_start(workers: usize) -> usize {
    batches_start(workers) + BATCHES * batch_size(workers)
}

/// Onde cabem páginas grandes.
const fn pieces_start(workers: usize) -> usize {
    (owners_start(workers) + OWNERS_SIZE).next_multiple_of(HUGE_PAGE)
}

const fn size_for(workers: usize) -> usize {
    pieces_start(workers) + PIECES_SIZE
}

/// A memória do mural vista por um processo.
pub(super) struct View<'m> {
    large: &'m [AtomicU64],
    small: &'m [AtomicU32],
    slots: usize,
    spills: usize,
    pub(super) ring: Ring<'m, Real>,
    pub(super) bulk: Bulk<'m>,
}

/// O pedido de uma casa; os bytes ficam com quem o leu.
pub(super) struct SlotRequest {
    pub(super) task: TaskId,
    pub(super) items: usize,
    /// Onde estão os bytes, se no granel.
    pub(super) in_bulk: Option<Place>,
    pub(super) cancelled: bool,
    /// Se é um posto num maço.
    pub(super) is_seat: bool,
}

/// A resposta de uma casa.
pub(super) enum SlotReply {
    /// Os bytes ficam com quem a leu.
    Read,
    InBulk(Place),
    /// Está com o pai.
    Elsewhere,
}

impl<'m> View<'m> {
    /// Escreve um pedido, se cabe.
    pub(super) fn write_request(&self, slot: u32, task: TaskId, items: usize, bytes: &[u8]) -> bool {
        self.write(slot, task, items, bytes, 0)
    }

    /// Escreve um pedido que é um posto num maço.
    pub(super) fn write_seat(&self, slot: u32, task: TaskId, seat: &[u8]) -> bool {
        self.write(slot, task, 0, seat, SEAT)
    }

    fn write(&self, slot: u32, task: TaskId, items: usize, bytes: &[u8], flags: u32) -> bool {
        let line = self.line(slot);
        self.large[(line + TASK) / 8].store(task.to_bits(), Relaxed);
        self.small[(line + ITEMS) / 4].store(items as u32, Relaxed);
        self.small[(line + FLAGS) / 4].store(flags, Relaxed);
        let len = &self.small[(line + REQUEST_LEN) / 4];
        if bytes.len() <= SPILL {
            copy_in(self.request_words(slot, bytes.len()), bytes);
            len.store(bytes.len() as u32, Relaxed);
            return true;
        }
        let Some(place) = self.bulk.put(Side::Request, slot, bytes) else { return false };
        self.large[(line + REQUEST) / 8].store(place.to_bits(), Relaxed);
        len.store(IN_BULK, Relaxed);
        true
    }

    /// Lê o pedido; o que não está no granel, para `bytes`.
    pub(super) fn read_request(&self, slot: u32, bytes: &mut Vec<u8>) -> SlotRequest {
        let line = self.line(slot);
        let len = self.small[(line + REQUEST_LEN) / 4].load(Relaxed);
        let in_bulk =
            (len == IN_BULK).then(|| Place::from_bits(self.large[(line + REQUEST) / 8].load(Relaxed)));
        if in_bulk.is_none() {
            copy_out(self.request_words(slot, len as usize), len as usize, bytes);
        }
        let flags = self.small[(line + FLAGS) / 4].load(Relaxed);
        SlotRequest {
            task: TaskId::from_bits(self.large[(line + TASK) / 8].load(Relaxed)),
            items: self.small[(line + ITEMS) / 4].load(Relaxed) as usize,
            in_bulk,
            cancelled: flags & CANCELLED != 0,
            is_seat: flags & SEAT != 0,
        }
    }

    /// Ninguém quer mais a resposta: quem pegar o bloco não o faz.
    pub(super) fn cancel(&self, slot: u32) {
        self.small[(self.line(slot) + FLAGS) / 4].fetch_or(CANCELLED, Relaxed);
    }

    /// Escreve a resposta, se cabe.
    pub(super) fn write_reply(&self, slot: u32, bytes: &[u8]) -> bool {
        if bytes.len() <= SPILL {
            copy_in(self.reply_words(slot, bytes.len()), bytes);
            self.reply_len(slot).store(bytes.len() as u32, Relaxed);
            return true;
        }
        let Some(place) = self.bulk.put(Side::Reply, slot, bytes) else { return false };
        self.large[(self.line(slot) + REPLY) / 8].store(place.to_bits(), Relaxed);
        self.reply_len(slot).store(IN_BULK, Relaxed);
        true
    }

    /// Diz que a resposta está com o pai.
    pub(super) fn reply_elsewhere(&self, slot: u32) {
        self.reply_len(slot).store(ELSEWHERE, Relaxed);
    }

    /// Lê a resposta; a que não está no granel, para `bytes`.
    pub(super) fn read_reply(&self, slot: u32, bytes: &mut Vec<u8>) -> SlotReply {
        match self.reply_len(slot).load(Relaxed) {
            ELSEWHERE => SlotReply::Elsewhere,
            IN_BULK => {
                SlotReply::InBulk(Place::from_bits(self.large[(self.line(slot) + REPLY) / 8].load(Relaxed)))
            }
            len => {
                copy_out(self.reply_words(slot, len as usize), len as usize, bytes);
                SlotReply::Read
            }
        }
    }

    /// Se o pedido da casa está no granel.
    pub(super) fn is_request_in_bulk(&self, slot: u32) -> bool {
        self.small[(self.line(slot) + REQUEST_LEN) / 4].load(Relaxed) == IN_BULK
    }

    /// Se o pedido, ou a resposta.
    pub(super) fn uses_bulk(&self, slot: u32) -> bool {
        self.is_request_in_bulk(slot) || self.reply_len(slot).load(Relaxed) == IN_BULK
    }

    /// Desde quando o trabalhador faz o que faz, em ns do relógio do sistema; 0 se não faz nada.
    pub(super) fn since(&self, worker: usize) -> &AtomicU64 {
        &self.large[(WORKERS + worker * WORKER + SINCE) / 8]
    }

    /// Em que núcleo o trabalhador pegou o último bloco.
    pub(super) fn core_of(&self, worker: usize) -> &AtomicU32 {
        &self.small[(WORKERS + worker * WORKER + CORE) / 4]
    }

    /// Em que núcleo estava quem publicou o último.
    pub(super) fn publisher_core(&self) -> &AtomicU32 {
        &self.small[PUBLISHER_CORE / 4]
    }

    /// De quantos itens é o bloco que ele faz.
    pub(super) fn doing(&self, worker: usize) -> &AtomicU64 {
        &self.large[(WORKERS + worker * WORKER + DOING) / 8]
    }

    /// Quantos blocos saíram deste lugar de trabalhador, contando os de quem já se foi.
    pub(super) fn finished(&self, worker: usize) -> &AtomicU64 {
        &self.large[(WORKERS + worker * WORKER + FINISHED) / 8]
    }

    /// Se o supervisor chama o trabalhador de volta, e com que pressa.
    pub(super) fn recall_of(&self, worker: usize) -> &AtomicU32 {
        &self.small[(WORKERS + worker * WORKER + RECALL) / 4]
    }

    fn line(&self, slot: u32) -> usize {
        self.slots + slot as usize * LINE
    }

    fn reply_len(&self, slot: u32) -> &AtomicU32 {
        &self.small[(self.line(slot) + REPLY_LEN) / 4]
    }

    fn request_words(&self, slot: u32, len: usize) -> &[AtomicU64] {
        let spill = self.spills + 2 * slot as usize * SPILL;
        self.words(if len <= REQUEST_ROOM { self.line(slot) + REQUEST } else { spill }, len)
    }

    fn reply_words(&self, slot: u32, len: usize) -> &[AtomicU64] {
        let spill = self.spills + (2 * slot as usize + 1) * SPILL;
        self.words(if len <= REPLY_ROOM { self.line(slot) + REPLY } else { spill }, len)
    }

    fn words(&self, start: usize, len: usize) -> &[AtomicU64] {
        &self.large[start / 8..start / 8 + len.div_ceil(8)]
    }
}

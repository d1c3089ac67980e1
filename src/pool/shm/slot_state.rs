//! De quem é cada casa, e o que se sabe do bloco que está nela. Só o pai sabe disto: fica na memória dele.

use super::arena::View;
use super::batch::BATCHES;
use super::wakers::WAKER_SLOT;
use crate::Error;
use crate::dispatch::attempts::Attempts;
use crate::parcel::Parcel;
use crate::pool::counters::Counters;
use crate::process::protocol;

/// O que a trava do [`SlotTable`](super::slot_table::SlotTable) protege.
pub(super) struct SlotState {
    /// As casas sem dono. As usadas há pouco saem primeiro: ainda estão no cache.
    free: Vec<u32>,
    pub(super) entries: Box<[SlotEntry]>,
    /// Casas publicadas cujo dono se foi; voltam a ser de ninguém quando ficarem prontas.
    abandoned: Vec<u32>,
    /// Maços sem dono.
    free_batches: Vec<usize>,
    /// De cada maço, quantos postos ainda estão ocupados depois que o dono se foi.
    abandoned_seats: [usize; BATCHES],
    /// Por que não se publica mais nada.
    pub(super) refusal: Option<Error>,
    /// Posições que podiam estar com quem morreu, e com que erro responder por elas.
    pub(super) suspects: Vec<(u64, Error)>,
}

/// O bloco numa casa.
#[derive(Default)]
pub(super) struct SlotEntry {
    /// Onde foi publicado; `None` se vai pelo soquete, ou se a casa está vazia.
    pub(super) position: Option<u64>,
    pub(super) items: usize,
    pub(super) attempts: Attempts,
    /// A resposta, quando não está na memória compartilhada.
    pub(super) answer: Option<Box<Result<Parcel, Error>>>,
    pub(super) kind: Kind,
}

/// De que chamada é um bloco.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Stream,
    /// De um `apply_async`: conta nas estatísticas mesmo antes de alguém buscar a resposta.
    Detached,
    /// Um posto neste maço: quem o pediu é que sabe o que se perdeu com quem o ocupava.
    Seat(usize),
}

impl SlotState {
    pub(super) fn new(slots: u32) -> Self {
        SlotState {
            free: (WAKER_SLOT + 1..slots).rev().collect(),
            entries: (0..slots).map(|_| SlotEntry::default()).collect(),
            abandoned: Vec::new(),
            free_batches: (0..BATCHES).collect(),
            abandoned_seats: [0; BATCHES],
            refusal: None,
            suspects: Vec::new(),
        }
    }

    /// Até `wanted` casas, e não mais da metade das livres: outros podem chegar.
    pub(super) fn lease(&mut self, wanted: usize) -> Vec<u32> {
        let count = wanted.min(self.free.len() / 2);
        self.free.split_off(self.free.len() - count)
    }

    /// Uma casa. Quem guarda respostas sem as ler não pode ficar com todas.
    pub(super) fn lease_one(&mut self) -> Option<u32> {
        if self.is_scarce() { None } else { self.free.pop() }
    }

    pub(super) fn is_scarce(&self) -> bool {
        self.free.len() <= self.entries.len() / 8
    }

    /// Até `wanted` maços.
    pub(super) fn lease_batches(&mut self, wanted: usize) -> Vec<usize> {
        let count = wanted.min(self.free_batches.len());
        self.free_batches.split_off(self.free_batches.len() - count)
    }

    /// Um maço, se a metade deles está livre: quem pode passar sem não os tira de quem precisa.
    pub(super) fn lease_spare_batch(&mut self) -> Option<usize> {
        if self.free_batches.len() < BATCHES / 2 { None } else { self.free_batches.pop() }
    }

    /// Casas que voltam a ser de ninguém; as que ainda esperam resposta, só quando ela chegar.
    pub(super) fn give_back(
        &mut self,
        idle: impl IntoIterator<Item = u32>,
        out: impl IntoIterator<Item = u32>,
    ) {
        for slot in idle {
            self.entries[slot as usize].position = None;
            self.free.push(slot);
        }
        self.abandoned.extend(out);
    }

    /// Um maço em que ainda há `seats` postos ocupados. Antes das casas deles.
    pub(super) fn give_back_batch(&mut self, batch: usize, seats: usize) {
        self.abandoned_seats[batch] = seats;
        if seats == 0 {
            self.free_batches.push(batch);
        }
    }

    /// Se há casas cujo dono se foi.
    pub(super) fn has_abandoned(&self) -> bool {
        !self.abandoned.is_empty()
    }

    /// As casas abandonadas que ficaram prontas voltam a ser de ninguém, e com a última de um maço, o maço.
    pub(super) fn reclaim_abandoned(&mut self, view: &View<'_>, counters: &Counters) {
        let done: Vec<u32> = self.abandoned.extract_if(.., |slot| view.ring.is_done(*slot)).collect();
        for slot in done {
            if view.uses_bulk(slot) {
                view.bulk.give_back_both(slot);
            }
            self.reclaim(slot, counters);
        }
    }

    fn reclaim(&mut self, slot: u32, counters: &Counters) {
        let entry = std::mem::take(&mut self.entries[slot as usize]);
        match entry.kind {
            Kind::Stream => {}
            Kind::Detached => counters.add_tasks(entry.items),
            Kind::Seat(batch) => self.give_back_batch(batch, self.abandoned_seats[batch] - 1),
        }
        self.free.push(slot);
    }

    /// A casa do bloco publicado em `position`, se a resposta ainda não foi buscada.
    pub(super) fn slot_at(&self, position: u64) -> Option<u32> {
        self.entries.iter().position(|entry| entry.position == Some(position)).map(|slot| slot as u32)
    }

    /// Responde por uma casa cuja resposta não está na memória compartilhada.
    pub(super) fn deliver(&mut self, view: &View<'_>, slot: u32, answer: Result<Parcel, Error>) {
        let entry = &mut self.entries[slot as usize];
        if !protocol::is_reply(&answer) {
            // Ninguém o respondeu: não entra na conta.
            entry.items = 0;
        }
        entry.answer = Some(Box::new(answer));
        // Também o que um morto deixou pela metade.
        view.bulk.give_back_both(slot);
        view.reply_elsewhere(slot);
        view.ring.finish(slot);
    }

    /// As casas publicadas, com o que está nelas.
    pub(super) fn published(&self) -> impl Iterator<Item = (u32, &SlotEntry)> {
        (0..).zip(&self.entries).filter(|(_, entry)| entry.position.is_some())
    }
}

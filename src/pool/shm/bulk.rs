//! O *granel* (*bulk*): os argumentos e as respostas que não cabem numa folha.
//!
//! É uma memória repartida em pedaços, que não existe antes que alguém escreva nela. Quem tem muito a dizer pega pedaços vizinhos
//! e marca em cada um de que casa são; quem lê, lê dali mesmo; e todos voltam quando a casa volta. Quem morre no meio de uma
//! cópia deixa pedaços com o nome de uma casa, e nada mais: não há o que consertar.
//!
//! ```text
//!   donos     0 │ 7 │ 7 │ 7 │ 0 │ …   │ 0 │ 3 │ …        que casa, mais um; zero é de ninguém
//!   pedaços     │ pedido da 6 │       │   │ resposta da 2
//!             └──── dos pedidos ────┘ └─ das respostas ─┘
//! ```
//!
//! Os pedidos têm metade e as respostas a outra: se as filas de uns enchessem tudo, as outras, que as esvaziam, não teriam
//! onde ficar.
//!
//! Memória já tocada custa um terço da nova, e por isso fica; depois de um segundo sem uso, volta ao sistema.
#![allow(unsafe_code)]

use std::ops::Range;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::word::copy_in;
use crate::huge::HUGE;
use crate::shm::mapping::Mapping;

/// O tamanho de um pedaço, e quantos são.
const PIECE: usize = 128 << 10;
const PIECES: usize = 4096;

/// Quantos bytes ocupam os pedaços, e as marcas dos donos.
pub(super) const PIECES_SIZE: usize = PIECES * PIECE;
pub(super) const OWNERS_SIZE: usize = PIECES * size_of::<AtomicU32>();

/// Quantos pedaços se devolvem ao sistema de cada vez: enquanto isso ninguém mais os pode pegar.
const SWEPT_AT_ONCE: usize = 128;

const NOBODY: u32 = 0;
/// Quem devolve pedaços ao sistema.
const SWEEPER: u32 = u32::MAX;

/// De que lado vem o que se escreve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Reply,
}

impl Side {
    fn pieces(self) -> Range<usize> {
        match self {
            Side::Request => 0..PIECES / 2,
            Side::Reply => PIECES / 2..PIECES,
        }
    }
}

/// Onde está o que se escreveu. Cabe numa palavra, que viaja na casa.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    piece: u32,
    len: u32,
}

impl Place {
    pub(super) fn to_bits(self) -> u64 {
        u64::from(self.piece) << 32 | u64::from(self.len)
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        Place { piece: (bits >> 32) as u32, len: bits as u32 }
    }
}

/// O granel, visto por um processo.
pub(super) struct Bulk<'m> {
    pub(super) mapping: &'m Mapping,
    pub(super) owners: &'m [AtomicU32],
    /// Em que byte do mapeamento os pedaços começam.
    pub(super) start: usize,
}

impl<'m> Bulk<'m> {
    /// Copia `bytes` para pedaços da casa `slot`; nada, se não há vizinhos livres que cheguem.
    pub(super) fn put(&self, side: Side, slot: u32, bytes: &[u8]) -> Option<Place> {
        let count = bytes.len().div_ceil(PIECE);
        let piece = self.claim(side.pieces(), count, slot + 1)?;
        let start = self.start + piece * PIECE;
        if bytes.len() >= HUGE {
            self.mapping.gather(start..start + bytes.len());
        }
        copy_in(self.mapping.slice::<AtomicU64>(start, bytes.len().div_ceil(8)), bytes);
        Some(Place { piece: piece as u32, len: bytes.len() as u32 })
    }

    /// O que está em `place`. Quem lê sabe que a casa é sua, e que quem escreveu acabou.
    pub(super) fn bytes(&self, place: Place) -> &'m [u8] {
        let (start, len) = (place.piece as usize * PIECE, place.len as usize);
        assert!(start + len <= PIECES_SIZE, "fora do granel");
        // SAFETY: só escreve nos pedaços de uma casa quem a tem (`put`), antes de a dar por pronta; quem a lê a tem depois
        // disso, e os pedaços só têm outro dono quando ela volta (`give_back`). Os processos são todos este programa.
        unsafe { self.mapping.bytes(self.start + start..self.start + start + len) }
    }

    /// Um dos lados da casa voltou, e com ele os seus pedaços.
    pub(super) fn give_back(&self, side: Side, slot: u32) {
        for owner in self.owners[side.pieces()].iter().filter(|owner| owner.load(Relaxed) == slot + 1) {
            owner.store(NOBODY, Release);
        }
    }

    /// A casa voltou.
    pub(super) fn give_back_both(&self, slot: u32) {
        self.give_back(Side::Request, slot);
        self.give_back(Side::Reply, slot);
    }

    /// Devolve ao sistema a memória dos pedaços livres.
    pub(super) fn sweep(&self, give_back: impl Fn(Range<usize>)) {
        let mut piece = 0;
        while piece < PIECES {
            let end = self.claim_up_to(piece..PIECES.min(piece + SWEPT_AT_ONCE), SWEEPER);
            if end == piece {
                piece += 1;
                continue;
            }
            give_back(self.start + piece * PIECE..self.start + end * PIECE);
            self.release(piece..end);
            piece = end;
        }
    }

    /// Os primeiros `count` pedaços livres e vizinhos; diz onde começam.
    fn claim(&self, among: Range<usize>, count: usize, owner: u32) -> Option<usize> {
        let mut first = among.start;
        while first + count <= among.end {
            let end = self.claim_up_to(first..first + count, owner);
            if end == first + count {
                return Some(first);
            }
            self.release(first..end);
            // O que parou é de alguém.
            first = end + 1;
        }
        None
    }

    /// Pega pedaços até um que tenha dono; diz qual.
    fn claim_up_to(&self, pieces: Range<usize>, owner: u32) -> usize {
        let is_taken =
            |&piece: &usize| self.owners[piece].compare_exchange(NOBODY, owner, Acquire, Relaxed).is_err();
        pieces.clone().find(is_taken).unwrap_or(pieces.end)
    }

    fn release(&self, pieces: Range<usize>) {
        self.owners[pieces].iter().for_each(|owner| owner.store(NOBODY, Release));
    }
}

#[cfg(test)]
mod tests {
    use super::super::arena::Arena;
    use super::*;

    fn filled(len: usize, seed: u8) -> Vec<u8> {
        (0..len).map(|i| seed.wrapping_add((i % 241) as u8)).collect()
    }

    #[test]
    fn what_is_put_is_read_until_its_slot_comes_back() {
        let arena = Arena::create(1).expect("memória");
        let bulk = arena.view().bulk;
        let sizes = [1, 8, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 13, HUGE + 7];
        for _ in 0..3 {
            let places: Vec<Place> = (0..)
                .zip(sizes)
                .map(|(slot, size)| {
                    bulk.put(Side::Request, slot, &filled(size, slot as u8)).expect("há lugar")
                })
                .collect();
            for (slot, (place, size)) in (0..).zip(places.iter().zip(sizes)) {
                assert_eq!(Place::from_bits(place.to_bits()), *place);
                assert!(bulk.bytes(*place) == filled(size, slot), "{size} bytes");
            }
            (0..sizes.len() as u32).for_each(|slot| bulk.give_back_both(slot));
            assert!(bulk.owners.iter().all(|owner| owner.load(Relaxed) == NOBODY));
        }
    }

    #[test]
    fn a_full_half_refuses_and_leaves_the_other_alone() {
        let arena = Arena::create(1).expect("memória");
        let bulk = arena.view().bulk;
        let half = PIECES / 2;
        // De um em um, com um buraco de dois no meio.
        assert_eq!(bulk.claim(0..half, half, 1), Some(0));
        bulk.release(7..9);
        assert!(bulk.put(Side::Request, 5, &vec![0; 3 * PIECE]).is_none());
        let place = bulk.put(Side::Request, 5, &vec![1; 2 * PIECE]).expect("o buraco");
        assert_eq!(place.piece, 7);
        assert!(bulk.put(Side::Request, 6, &[1]).is_none());
        assert!(bulk.put(Side::Reply, 6, &[1]).is_some());
        bulk.give_back(Side::Reply, 5);
        assert!(bulk.put(Side::Request, 6, &[1]).is_none(), "o pedido da 5 continua lá");
        bulk.give_back(Side::Request, 5);
        assert!(bulk.put(Side::Request, 6, &[1]).is_some());
    }

    #[test]
    fn only_free_pieces_go_back_to_the_system() {
        let arena = Arena::create(1).expect("memória");
        let bulk = arena.view().bulk;
        let kept = bulk.put(Side::Reply, 1, &filled(3 * PIECE, 1)).expect("há lugar");
        bulk.put(Side::Reply, 2, &filled(3 * PIECE, 2)).expect("há lugar");
        bulk.give_back_both(2);
        arena.sweep_bulk();
        assert!(bulk.bytes(kept) == filled(3 * PIECE, 1));
        let again = bulk.claim(Side::Reply.pieces(), 3, 9).expect("há lugar");
        let fresh = Place { piece: again as u32, len: 3 * PIECE as u32 };
        assert!(bulk.bytes(fresh).iter().all(|&byte| byte == 0), "a memória que voltou vem em zeros");
        bulk.give_back_both(1);
        arena.sweep_bulk();
        assert!(bulk.bytes(kept).iter().all(|&byte| byte == 0));
    }

    /// Várias threads no lugar de vários processos: nenhum pedaço tem dois donos.
    #[test]
    fn nobody_writes_over_another() {
        let arena = Arena::create(1).expect("memória");
        std::thread::scope(|scope| {
            for slot in 0..4_u32 {
                let arena = &arena;
                scope.spawn(move || {
                    let bulk = arena.view().bulk;
                    for round in 0..200_usize {
                        let bytes = filled(1 + (round * 37_813) % (4 * PIECE), slot as u8);
                        let place = bulk.put(Side::Reply, slot, &bytes).expect("há lugar");
                        assert!(bulk.bytes(place) == bytes, "outro escreveu por cima");
                        bulk.give_back_both(slot);
                    }
                });
            }
        });
        assert!(arena.view().bulk.owners.iter().all(|owner| owner.load(Relaxed) == NOBODY));
    }
}

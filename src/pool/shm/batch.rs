//! Um maço: muitos blocos pequenos, que os trabalhadores fazem juntos, um de cada vez.
//!
//! Uma casa por bloco custa cinco linhas de cache que atravessam de um núcleo a outro. No maço, os pedidos ficam
//! colados uns nos outros, e as respostas também, num diário de cada posto; e cada posto tem os seus blocos, que só
//! outro sem nenhum vem buscar.
//!
//! ```text
//!   posto 1: faixa, anotação, fim do diário │ posto 2 │ … │ índice │ pedidos … │ diário 1 … │ diário 2 … │
//! ```
//!
//! Um *posto* é um bloco comum, numa casa: quem o pega faz blocos do maço até que acabem, e a resposta da casa é
//! o que ele não pôde pôr no diário. Há um posto por trabalhador, e cada um tem o seu diário: ninguém escreve na
//! linha de outro. O que um morto tinha escrito continua lá.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::log_end::LogEnd;
use super::steal::{StealRanges, range};
use super::word::{NONE_CLAIMED, Real, Strided, copy_in, copy_out};

/// Quantos maços há num mural.
pub(super) const BATCHES: usize = 8;

/// Quantos blocos num maço, no máximo; o índice tem lugar para mais, os que se perderem e voltarem.
pub(super) const MOST: usize = 16 << 10;
const INDEX: usize = MOST + 1024;

/// Quantas palavras de 8 bytes têm os pedidos de um maço, e o diário de cada posto.
pub(super) const WORDS: usize = 64 << 10;

/// Quantos itens cabem num bloco: no índice, 24 bits são deles, 20 do tamanho em bytes, 20 do começo.
const MOST_ITEMS: usize = (1 << 24) - 1;

/// Uma linha de cache e a vizinha, em palavras.
const LINE: usize = 16;

/// Na linha de um posto, depois da faixa.
const CLAIMED: usize = 1;
const LOG_END: usize = 2;
const LOG_ASKED: usize = 3;

pub(super) const fn batch_size(workers: usize) -> usize {
    8 * (workers * LINE + INDEX + WORDS + workers * WORDS)
}

/// A memória de um maço.
pub(super) struct Batch<'m> {
    ranges: StealRanges<'m, Real>,
    seats: &'m [AtomicU64],
    index: &'m [AtomicU64],
    requests: &'m [AtomicU64],
    logs: &'m [AtomicU64],
}

/// Onde está uma resposta nos diários.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    start: u32,
    /// O tamanho, e se é uma falha.
    len: u32,
}

/// No tamanho de uma resposta: não são resultados, e sim a falha da tarefa.
const FAILURE: u32 = 1 << 31;

impl Entry {
    fn len(self) -> usize {
        (self.len & !FAILURE) as usize
    }

    pub(super) fn is_failure(self) -> bool {
        self.len & FAILURE != 0
    }
}

impl<'m> Batch<'m> {
    pub(super) fn new(words: &'m [AtomicU64], workers: usize) -> Self {
        let (seats, words) = words.split_at(workers * LINE);
        let (index, words) = words.split_at(INDEX);
        let (requests, logs) = words.split_at(WORDS);
        let ranges = StealRanges {
            ranges: Strided { words: seats, stride: LINE },
            claimed: Strided { words: &seats[CLAIMED..], stride: LINE },
        };
        Batch { ranges, seats, index, requests, logs }
    }

    /// Esvazia o maço; ninguém está nele.
    pub(super) fn clear(&self) {
        (0..self.seats()).for_each(|seat| self.empty_log(seat));
    }

    /// Reparte os blocos de `start` a `end` pelos postos; ninguém está no maço.
    pub(super) fn share(&self, start: usize, end: usize) {
        let seats = self.seats();
        let bound = |seat: usize| (start + (end - start) * seat / seats) as u32;
        for seat in 0..seats {
            self.ranges.claimed[seat].store(NONE_CLAIMED, Relaxed);
            self.ranges.ranges[seat].store(range(bound(seat), bound(seat + 1)), Relaxed);
        }
    }

    pub(super) fn ranges(&self) -> &StealRanges<'m, Real> {
        &self.ranges
    }

    /// Ninguém mais pega blocos daqui, a não ser os que algum ladrão tenha na mão agora.
    pub(super) fn stop(&self) {
        (0..self.seats()).for_each(|seat| self.ranges.ranges[seat].store(0, Release));
    }

    fn seats(&self) -> usize {
        self.seats.len() / LINE
    }

    /// Se um bloco deste tamanho cabe a partir da palavra `start`.
    pub(super) fn fits(start: usize, items: usize, len: usize) -> bool {
        start + len.div_ceil(8) <= WORDS && items <= MOST_ITEMS
    }

    /// Escreve o pedido do bloco `chunk` a partir da palavra `start`; devolve onde ele acaba.
    pub(super) fn write(&self, chunk: usize, start: usize, items: usize, bytes: &[u8]) -> usize {
        let end = start + bytes.len().div_ceil(8);
        copy_in(&self.requests[start..end], bytes);
        let entry = (start as u64) << 44 | (bytes.len() as u64) << 24 | items as u64;
        self.index[chunk].store(entry, Relaxed);
        end
    }

    /// O bloco `again` é o mesmo que o bloco `chunk`; `false` se o índice está cheio.
    pub(super) fn repeat(&self, chunk: usize, again: usize) -> bool {
        if again < INDEX {
            self.index[again].store(self.index[chunk].load(Relaxed), Relaxed);
        }
        again < INDEX
    }

    /// Lê para `bytes` o pedido do bloco; diz quantos itens tem, e quantos bytes.
    pub(super) fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> (usize, usize) {
        let entry = self.index[chunk].load(Relaxed);
        let (start, len) = ((entry >> 44) as usize, (entry >> 24 & 0xf_ffff) as usize);
        copy_out(&self.requests[start..start + len.div_ceil(8)], len, bytes);
        (entry as usize & MOST_ITEMS, len)
    }

    /// Põe no diário do posto a resposta do bloco; `false` se não cabe.
    pub(super) fn log(&self, seat: usize, chunk: usize, bytes: &[u8]) -> bool {
        self.write_log(seat, chunk, bytes, 0)
    }

    /// O mesmo, para uma resposta que é a falha da tarefa.
    pub(super) fn log_failure(&self, seat: usize, chunk: usize, bytes: &[u8]) -> bool {
        self.write_log(seat, chunk, bytes, FAILURE)
    }

    fn write_log(&self, seat: usize, chunk: usize, bytes: &[u8], kind: u32) -> bool {
        if !self.has_room(seat, bytes.len()) {
            return false;
        }
        let (log, end) = (self.log_of(seat), self.log_end(seat));
        let start = end.get() as usize;
        let after = start + 1 + bytes.len().div_ceil(8);
        log[start].store((chunk as u64) << 32 | u64::from(bytes.len() as u32 | kind), Relaxed);
        copy_in(&log[start + 1..after], bytes);
        end.publish(after as u64);
        true
    }

    /// As respostas no diário do posto: o bloco, e onde ler cada uma.
    pub(super) fn logged(&self, seat: usize) -> impl Iterator<Item = (usize, Entry)> {
        let log = self.log_of(seat);
        let end = self.log_end(seat).get() as usize;
        let mut at = 0;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let head = log[at].load(Relaxed);
                let entry = Entry { start: (seat * WORDS + at + 1) as u32, len: head as u32 };
                at += 1 + entry.len().div_ceil(8);
                ((head >> 32) as usize, entry)
            })
        })
    }

    /// As de todos os postos.
    pub(super) fn all_logged(&self) -> impl Iterator<Item = (usize, Entry)> {
        (0..self.seats()).flat_map(|seat| self.logged(seat))
    }

    /// Se cabe no diário do posto mais uma resposta de `len` bytes.
    pub(super) fn has_room(&self, seat: usize, len: usize) -> bool {
        self.log_end(seat).get() as usize + 1 + len.div_ceil(8) <= WORDS
    }

    /// Se o diário do posto tem pouco lugar.
    pub(super) fn is_nearly_full(&self, seat: usize) -> bool {
        self.log_end(seat).get() as usize > WORDS / 2
    }

    /// Esvazia o diário do posto, que não é de ninguém agora.
    pub(super) fn empty_log(&self, seat: usize) {
        self.log_end(seat).clear();
    }

    /// Quem ocupa um posto avisará da próxima resposta. As que já vieram olham-se depois disto.
    pub(super) fn ask(&self) {
        (0..self.seats()).for_each(|seat| self.log_end(seat).ask());
    }

    /// Lê uma resposta para `bytes`.
    pub(super) fn read_logged(&self, entry: Entry, bytes: &mut Vec<u8>) {
        let (start, len) = (entry.start as usize, entry.len());
        copy_out(&self.logs[start..start + len.div_ceil(8)], len, bytes);
    }

    /// O posto já não é de ninguém: esquece o último bloco que ele tentou pegar, e diz qual foi.
    pub(super) fn forget(&self, seat: usize) -> Option<usize> {
        let chunk = self.ranges.claimed[seat].swap(NONE_CLAIMED, Acquire);
        (chunk != NONE_CLAIMED).then_some(chunk as usize)
    }

    /// O fim do diário do posto.
    pub(super) fn log_end(&self, seat: usize) -> LogEnd<'_, Real> {
        let line = seat * LINE;
        LogEnd { end: &self.seats[line + LOG_END], asked: &self.seats[line + LOG_ASKED] }
    }

    fn log_of(&self, seat: usize) -> &[AtomicU64] {
        &self.logs[seat * WORDS..(seat + 1) * WORDS]
    }
}

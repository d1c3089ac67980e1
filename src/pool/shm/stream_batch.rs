//! Um maço de um fluxo: cada resposta dele interessa por si, e pode sair antes das outras.

use std::collections::VecDeque;
use std::time::Instant;

use super::batch::{Batch, MOST};
use super::in_flight::{AnswerAt, InFlightBatch};
use crate::dispatch::promise::{Answer, ChunkId};
use crate::parcel::Parcel;
use crate::process::protocol::TaskRequest;
use crate::process::task::TaskId;

/// Um maço que se enche; ninguém está nele.
pub(super) struct FillingBatch {
    pub(super) number: usize,
    task: TaskId,
    chunks: Vec<ChunkId>,
    /// Onde acaba o último pedido.
    end: usize,
    pub(super) since: Instant,
}

impl FillingBatch {
    pub(super) fn new(number: usize, memory: &Batch<'_>, task: TaskId) -> Self {
        memory.clear();
        FillingBatch { number, task, chunks: Vec::new(), end: 0, since: Instant::now() }
    }

    pub(super) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Põe mais um bloco no maço; `false` se não cabe.
    pub(super) fn push(&mut self, memory: &Batch<'_>, chunk: ChunkId, items: &[u8]) -> bool {
        let fits = self.chunks.len() < MOST && Batch::fits(self.end, chunk.len, items.len());
        if fits {
            self.end = memory.write(self.chunks.len(), self.end, chunk.len, items);
            self.chunks.push(chunk);
        }
        fits
    }

    /// O maço está cheio: reparte os blocos.
    pub(super) fn share(self, memory: &Batch<'_>) -> StreamBatch {
        let FillingBatch { number, task, chunks, .. } = self;
        memory.share(0, chunks.len());
        let taken = vec![false; chunks.len()];
        StreamBatch { flight: InFlightBatch::new(number, chunks.len()), task, chunks, taken }
    }
}

/// Um maço que os trabalhadores fazem.
pub(super) struct StreamBatch {
    pub(super) flight: InFlightBatch,
    pub(super) task: TaskId,
    chunks: Vec<ChunkId>,
    /// De quais deles a resposta já saiu.
    taken: Vec<bool>,
}

impl StreamBatch {
    /// Se um bloco cabe num maço vazio.
    pub(super) fn fits(chunk: ChunkId, request: &TaskRequest) -> bool {
        request.frame.descriptors.is_empty() && Batch::fits(0, chunk.len, request.items().len())
    }

    /// As respostas que já vieram, e ainda não saíram.
    pub(super) fn take_arrived(&mut self, memory: &Batch<'_>, ready: &mut VecDeque<Answer<Parcel>>) {
        let arrived: Vec<_> = self.flight.arrived(memory).collect();
        for (chunk, place) in arrived {
            if !std::mem::replace(&mut self.taken[chunk], true) {
                ready.push_back((self.chunks[chunk], self.flight.take(memory, place)));
            }
        }
    }
}

/// Um maço pronto, que se lê na ordem da entrada.
pub(super) struct CompleteBatch {
    batch: StreamBatch,
    places: Vec<AnswerAt>,
    next: usize,
}

impl CompleteBatch {
    pub(super) fn new(batch: StreamBatch, places: Vec<AnswerAt>) -> Self {
        CompleteBatch { batch, places, next: 0 }
    }

    pub(super) fn number(&self) -> usize {
        self.batch.flight.batch
    }

    /// A próxima resposta que ainda não saiu.
    pub(super) fn next(&mut self, memory: &Batch<'_>) -> Option<Answer<Parcel>> {
        let StreamBatch { flight, chunks, taken, .. } = &mut self.batch;
        while *taken.get(self.next)? {
            self.next += 1;
        }
        let chunk = self.next;
        self.next += 1;
        Some((chunks[chunk], flight.take(memory, self.places[chunk])))
    }
}

//! Um maço a caminho: o que já voltou dele, o que se perdeu, e o que falta.

use std::time::Instant;

use super::batch::{Batch, Entry};
use super::encoder::Take;
use super::seat::NO_CHUNK;
use crate::Error;
use crate::dispatch::attempts::{Attempts, Retries};
use crate::parcel::Parcel;
use crate::process::protocol;

/// Um maço a caminho.
pub(super) struct InFlightBatch {
    pub(super) batch: usize,
    pub(super) items: usize,
    /// Quantos postos estão ocupados, ou à espera de quem os ocupe.
    pub(super) seats_out: usize,
    pub(super) since: Instant,
    /// Quantos blocos tem, com os que voltaram.
    pub(super) count: usize,
    /// Quantos tinha ao sair. Os outros são as voltas deles, na ordem.
    pub(super) original: usize,
    repeats: Vec<Repeat>,
    /// As respostas que não couberam nos diários.
    large: Vec<(usize, Parcel)>,
    /// Os blocos que podiam estar com quem morreu.
    suspects: Vec<ChunkError>,
}

/// Um bloco que voltou ao maço.
#[derive(Clone, Copy)]
struct Repeat {
    /// De qual dos originais.
    of: usize,
    /// Quantas vezes ele já se perdeu.
    attempts: Attempts,
}

/// A falha de um bloco do maço.
pub(super) struct ChunkError {
    pub(super) chunk: usize,
    pub(super) error: Error,
}

/// Onde está a resposta de um bloco. Há um por bloco: que caiba em poucos bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerAt {
    Missing,
    Logged(Entry),
    Large(u32),
}

impl InFlightBatch {
    /// Um maço de `count` blocos, que sai agora.
    pub(super) fn new(batch: usize, count: usize, items: usize, since: Instant) -> Self {
        InFlightBatch {
            batch,
            items,
            seats_out: 0,
            since,
            count,
            original: count,
            repeats: Vec::new(),
            large: Vec::new(),
            suspects: Vec::new(),
        }
    }

    /// A resposta que veio na casa do posto, porque não coube no diário ou porque é uma falha.
    pub(super) fn keep_large(&mut self, mut answer: Parcel) -> Result<(), ChunkError> {
        let Some(chunk) = answer.bytes.first_chunk().map(|chunk| u32::from_le_bytes(*chunk)) else {
            let error = Error::Decode("a resposta de um posto não foi entendida".to_owned());
            return Err(ChunkError { chunk: 0, error });
        };
        if chunk == NO_CHUNK {
            return Ok(());
        }
        answer.bytes.drain(..size_of_val(&chunk));
        let chunk = chunk as usize;
        let results = protocol::read_reply(answer).and_then(|outcome| outcome);
        let results = results.map_err(|error| ChunkError { chunk: self.origin(chunk).of, error })?;
        self.large.push((chunk, results));
        Ok(())
    }

    /// Traz para cá o que está num diário quase cheio, que não é de ninguém agora.
    pub(super) fn make_room(&mut self, batch: &Batch<'_>, seat: usize) {
        if !batch.is_nearly_full(seat) {
            return;
        }
        for (chunk, entry) in batch.logged(seat) {
            let mut bytes = Vec::new();
            batch.read_logged(entry, &mut bytes);
            self.large.push((chunk, Parcel { bytes, descriptors: Vec::new() }));
        }
        batch.empty_log(seat);
    }

    /// Quem ocupava um posto morreu, e este bloco podia estar com ele.
    pub(super) fn suspect(&mut self, chunk: Option<usize>, error: Error) {
        self.suspects.extend(chunk.map(|chunk| ChunkError { chunk, error }));
    }

    /// A falha de um bloco que com certeza se perdeu e não voltará ao maço. Os outros suspeitos esperam.
    pub(super) fn lost_for_good(&self, batch: &Batch<'_>, retries: &Retries) -> Option<ChunkError> {
        let mut spent =
            self.suspects.iter().filter(|suspect| self.origin(suspect.chunk).attempts.are_spent(retries));
        let lost = spent.find(|suspect| self.is_lost(batch, suspect.chunk))?;
        Some(ChunkError { chunk: self.origin(lost.chunk).of, error: lost.error.clone() })
    }

    /// Se ninguém tem o bloco, nem deixou a resposta dele.
    fn is_lost(&self, batch: &Batch<'_>, chunk: usize) -> bool {
        // Nesta ordem: quem o tem na mão só anota outro depois de o pôr no diário.
        !batch.ranges().holds(chunk as u32)
            && !batch.ranges().may_be_claimed(chunk as u32)
            && !self.large.iter().any(|(large, _)| *large == chunk)
            && !batch.all_logged().any(|(logged, _)| logged == chunk)
    }

    /// Os postos acabaram e as faixas estão vazias: o que não está pronto volta ao maço. Diz se voltou algum.
    ///
    /// # Erros
    ///
    /// O de um bloco que já se perdeu vezes demais.
    pub(super) fn requeue_missing(
        &mut self,
        batch: &Batch<'_>,
        places: &[AnswerAt],
        retries: &Retries,
    ) -> Result<bool, ChunkError> {
        let (first, mut lost) = (self.count, 0);
        for chunk in (0..places.len()).filter(|&chunk| places[chunk] == AnswerAt::Missing) {
            lost += usize::from(self.requeue(batch, chunk, retries)?);
        }
        self.suspects.clear();
        if self.count > first {
            batch.share(first, self.count);
            retries.count(lost);
        }
        Ok(self.count > first)
    }

    /// Um bloco que não está pronto volta ao maço. Diz se ele se perdeu com quem morreu, ou se nem tinha começado.
    fn requeue(&mut self, batch: &Batch<'_>, chunk: usize, retries: &Retries) -> Result<bool, ChunkError> {
        let mut attempts = self.attempts_of(chunk);
        let suspect = self.suspects.iter().find(|suspect| self.origin(suspect.chunk).of == chunk);
        let was_lost = suspect.is_some();
        let comes_back = !was_lost || attempts.lose(retries);
        if !comes_back || !batch.repeat(chunk, self.count) {
            let error = suspect.map_or(Error::Terminated, |suspect| suspect.error.clone());
            return Err(ChunkError { chunk, error });
        }
        self.repeats.push(Repeat { of: chunk, attempts });
        self.count += 1;
        Ok(was_lost)
    }

    /// As perdas de um bloco original: o que diz a última volta dele.
    fn attempts_of(&self, chunk: usize) -> Attempts {
        let last = self.repeats.iter().rev().find(|repeat| repeat.of == chunk);
        last.map_or(Attempts::default(), |repeat| repeat.attempts)
    }

    /// De qual dos originais é este bloco, e quantas vezes ele já se tinha perdido quando voltou.
    fn origin(&self, chunk: usize) -> Repeat {
        let original = Repeat { of: chunk, attempts: Attempts::default() };
        chunk.checked_sub(self.original).map_or(original, |index| self.repeats[index])
    }

    /// Onde está a resposta de cada bloco.
    pub(super) fn places(&self, batch: &Batch<'_>) -> Vec<AnswerAt> {
        let mut places = vec![AnswerAt::Missing; self.original];
        for (chunk, entry) in batch.all_logged() {
            places[self.origin(chunk).of] = AnswerAt::Logged(entry);
        }
        for (index, (chunk, _)) in self.large.iter().enumerate() {
            places[self.origin(*chunk).of] = AnswerAt::Large(index as u32);
        }
        places
    }

    /// Entrega a `take` os resultados, bloco a bloco, na ordem.
    pub(super) fn read(
        &self,
        batch: &Batch<'_>,
        places: &[AnswerAt],
        take: &mut Take<'_>,
    ) -> Result<(), Error> {
        let mut bytes = Vec::new();
        for place in places {
            match *place {
                AnswerAt::Logged(entry) => {
                    batch.read_logged(entry, &mut bytes);
                    take(&bytes, &[])?;
                }
                AnswerAt::Large(index) => {
                    let Parcel { bytes, descriptors } = &self.large[index as usize].1;
                    take(bytes, descriptors)?;
                }
                AnswerAt::Missing => {}
            }
        }
        Ok(())
    }
}

//! Um maço a caminho: o que já voltou dele, o que se perdeu, e o que falta.

use super::batch::{Batch, Entry};
use super::encoder::Take;
use super::seat::NO_CHUNK;
use super::slot_table::SlotTable;
use crate::Error;
use crate::dispatch::attempts::{Attempts, Retries};
use crate::parcel::Parcel;
use crate::process::protocol;

/// Um maço a caminho.
pub(super) struct InFlightBatch {
    pub(super) batch: usize,
    /// Quantos postos estão ocupados, ou à espera de quem os ocupe.
    pub(super) seats_out: usize,
    /// Quantos blocos tem, com os que voltaram.
    pub(super) count: usize,
    /// Quantos tinha ao sair. Os outros são as voltas deles, na ordem.
    pub(super) original: usize,
    repeats: Vec<Repeat>,
    /// As respostas que não estão nos diários: as que não couberam, e as falhas.
    apart: Vec<(usize, Result<Parcel, Error>)>,
    /// Os blocos que podiam estar com quem morreu, e com que erro responder por eles.
    suspects: Vec<(usize, Error)>,
    /// Por que o que falta não será feito: o pool se foi, ou quem respondia enlouqueceu.
    refusal: Option<Error>,
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
    Apart(u32),
}

/// O que fazer quando um posto acaba.
pub(super) enum Next {
    /// Os outros ainda trabalham.
    Wait,
    /// Ainda há blocos, e ele pode ser ocupado outra vez.
    SendSeat,
    /// Voltaram blocos, para todos.
    SendSeats,
    /// Todos os blocos têm resposta: onde está a de cada um.
    Complete(Vec<AnswerAt>),
}

impl InFlightBatch {
    /// Um maço de `count` blocos, que sai agora.
    pub(super) fn new(batch: usize, count: usize) -> Self {
        InFlightBatch {
            batch,
            seats_out: 0,
            count,
            original: count,
            repeats: Vec::new(),
            apart: Vec::new(),
            suspects: Vec::new(),
            refusal: None,
        }
    }

    /// Um posto acabou: porque acabaram os blocos, porque quem o ocupava tinha mais o que fazer, ou porque morreu.
    pub(super) fn on_seat_returned(
        &mut self,
        table: &SlotTable,
        seat: usize,
        answer: Result<Parcel, Error>,
    ) -> Next {
        let (batch, retries) = (table.batch(self.batch), table.retries());
        self.seats_out -= 1;
        match answer {
            Ok(answer) => self.keep_apart(answer),
            Err(error) => {
                let refusal = table.check_owner().err().or(table.refusal());
                let is_death = matches!(error, Error::WorkerDied { .. } | Error::TaskTimedOut { .. });
                if refusal.is_none() || is_death {
                    // Um bloco podia estar com quem o ocupava.
                    self.suspects.extend(batch.forget(seat).map(|chunk| (chunk, error)));
                    self.refusal = self.refusal.take().or(refusal);
                } else {
                    self.refusal = Some(error);
                }
            }
        }
        self.fail_the_lost(&batch, retries);
        if self.refusal.is_none() && !batch.ranges().are_empty() {
            self.make_room(&batch, seat);
            return Next::SendSeat;
        }
        if self.seats_out > 0 {
            return Next::Wait;
        }
        if self.requeue_missing(&batch, retries) {
            return Next::SendSeats;
        }
        Next::Complete(self.places(&batch))
    }

    /// Das falhas que já chegaram, a do primeiro bloco. A de um pool que se foi vem depois de todas: qualquer outra diz mais.
    pub(super) fn failure(&self) -> Option<ChunkError> {
        let of_chunk = |(chunk, answer): &'_ (usize, Result<Parcel, Error>)| {
            Some((self.origin(*chunk).of, answer.as_ref().err()?.clone()))
        };
        let of_pool = self.refusal.iter().map(|error| (usize::MAX, error.clone()));
        let (chunk, error) =
            self.apart.iter().filter_map(of_chunk).chain(of_pool).min_by_key(|(chunk, _)| *chunk)?;
        Some(ChunkError { chunk, error })
    }

    /// A resposta que veio na casa do posto, porque não coube no diário ou porque é uma falha.
    fn keep_apart(&mut self, mut answer: Parcel) {
        let Some(chunk) = answer.bytes.first_chunk().map(|chunk| u32::from_le_bytes(*chunk)) else {
            // De quem enlouqueceu não se espera mais nada.
            self.refusal = Some(Error::Decode("a resposta de um posto não foi entendida".to_owned()));
            return;
        };
        if chunk == NO_CHUNK {
            return;
        }
        answer.bytes.drain(..size_of_val(&chunk));
        self.apart.push((chunk as usize, protocol::read_reply(answer).and_then(|outcome| outcome)));
    }

    /// Traz para cá o que está num diário quase cheio, que não é de ninguém agora.
    fn make_room(&mut self, batch: &Batch<'_>, seat: usize) {
        if !batch.is_nearly_full(seat) {
            return;
        }
        for (chunk, entry) in batch.logged(seat) {
            self.apart.push((chunk, read_logged(batch, entry)));
        }
        batch.empty_log(seat);
    }

    /// Um bloco que com certeza se perdeu, e não voltará ao maço, falhou. Os outros suspeitos esperam.
    fn fail_the_lost(&mut self, batch: &Batch<'_>, retries: &Retries) {
        for (chunk, error) in std::mem::take(&mut self.suspects) {
            if self.origin(chunk).attempts.are_spent(retries) && self.is_lost(batch, chunk) {
                self.apart.push((chunk, Err(error)));
            } else {
                self.suspects.push((chunk, error));
            }
        }
    }

    /// Se ninguém tem o bloco, nem deixou a resposta dele.
    fn is_lost(&self, batch: &Batch<'_>, chunk: usize) -> bool {
        // Nesta ordem: quem o tem na mão só anota outro depois de o pôr no diário.
        !batch.ranges().holds(chunk as u32)
            && !batch.ranges().may_be_claimed(chunk as u32)
            && !self.apart.iter().any(|(apart, _)| *apart == chunk)
            && !batch.all_logged().any(|(logged, _)| logged == chunk)
    }

    /// Os postos acabaram e as faixas estão vazias: o que não está pronto volta ao maço, ou falha, se já se perdeu vezes
    /// demais. Diz se voltou algum.
    fn requeue_missing(&mut self, batch: &Batch<'_>, retries: &Retries) -> bool {
        let (first, mut lost) = (self.count, 0);
        let places = self.places(batch);
        for chunk in (0..places.len()).filter(|&chunk| places[chunk] == AnswerAt::Missing) {
            match self.requeue(batch, chunk, retries) {
                Ok(was_lost) => lost += usize::from(was_lost),
                Err(error) => self.apart.push((chunk, Err(error))),
            }
        }
        self.suspects.clear();
        if self.count > first {
            batch.share(first, self.count);
            retries.count(lost);
        }
        self.count > first
    }

    /// Um bloco que não está pronto volta ao maço. Diz se ele se perdeu com quem morreu, ou se nem tinha começado.
    fn requeue(&mut self, batch: &Batch<'_>, chunk: usize, retries: &Retries) -> Result<bool, Error> {
        let mut attempts = self.attempts_of(chunk);
        let suspect = self.suspects.iter().find(|(suspect, _)| self.origin(*suspect).of == chunk);
        let was_lost = suspect.is_some();
        let comes_back = self.refusal.is_none() && (!was_lost || attempts.lose(retries));
        if !comes_back || !batch.repeat(chunk, self.count) {
            let error = suspect.map(|(_, error)| error).or(self.refusal.as_ref());
            return Err(error.cloned().unwrap_or(Error::Terminated));
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

    /// As respostas que já vieram: de que bloco original, e onde está cada uma.
    pub(super) fn arrived(&self, batch: &Batch<'_>) -> impl Iterator<Item = (usize, AnswerAt)> {
        let logged = batch.all_logged().map(|(chunk, entry)| (chunk, AnswerAt::Logged(entry)));
        let apart = (0..).zip(&self.apart).map(|(index, (chunk, _))| (*chunk, AnswerAt::Apart(index)));
        logged.chain(apart).map(|(chunk, place)| (self.origin(chunk).of, place))
    }

    /// Onde está a resposta de cada bloco.
    fn places(&self, batch: &Batch<'_>) -> Vec<AnswerAt> {
        let mut places = vec![AnswerAt::Missing; self.original];
        self.arrived(batch).for_each(|(chunk, place)| places[chunk] = place);
        places
    }

    /// Uma resposta, que não se lê outra vez.
    pub(super) fn take(&mut self, batch: &Batch<'_>, place: AnswerAt) -> Result<Parcel, Error> {
        match place {
            AnswerAt::Logged(entry) => read_logged(batch, entry),
            AnswerAt::Apart(index) => {
                std::mem::replace(&mut self.apart[index as usize].1, Ok(Parcel::default()))
            }
            AnswerAt::Missing => Err(Error::Terminated),
        }
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
                AnswerAt::Apart(index) => {
                    let Parcel { bytes, descriptors } =
                        self.apart[index as usize].1.as_ref().map_err(Error::clone)?;
                    take(bytes, descriptors)?;
                }
                AnswerAt::Missing => {}
            }
        }
        Ok(())
    }
}

fn read_logged(batch: &Batch<'_>, entry: Entry) -> Result<Parcel, Error> {
    let mut bytes = Vec::new();
    batch.read_logged(entry, &mut bytes);
    let answer = Parcel { bytes, descriptors: Vec::new() };
    if entry.is_failure() { protocol::read_reply(answer).and_then(|outcome| outcome) } else { Ok(answer) }
}

//! `map` pelo mural: encher maços, dormir, colher as respostas.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arena::View;
use super::batch::{Batch, MOST, WORDS};
use super::encoder::{ChunkEncoder, ChunkSizing, MapEnds, Take};
use super::in_flight::{AnswerAt, ChunkError, InFlightBatch, Next};
use super::lease::SlotLease;
use super::seat::BatchSeat;
use super::slot_state::Kind;
use super::slot_table::SlotTable;
use crate::Error;
use crate::dispatch::promise::{ChunkId, Promise};
use crate::parcel::{Descriptor, Parcel};
use crate::process::task::TaskId;

/// Quantos maços um `map` usa: um que se faz, um à espera, um que o pai enche ou esvazia.
const BATCHES_AT_ONCE: usize = 3;

/// Quantas casas além das dos postos: para os blocos que não cabem num maço.
const LOOSE: usize = 16;

/// De quantos blocos é o primeiro maço, por trabalhador, e de quantas palavras. Poucos, porque ainda não se sabe
/// quanto duram, e quem mais usa o pool espera pelos maços que já estão na fila.
const FIRST_CHUNKS: usize = 16;
const FIRST_WORDS: usize = 1 << 10;

/// Um maço que durou menos do que isto podia ser maior, e um que durou mais do que aquilo faz esperar demais quem
/// também usa o pool.
const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_millis(32);

/// Quanto se espera por um maço cheio.
const SLOW: Duration = Duration::from_millis(1);

/// Quando faltam tão poucos blocos, eles podem acabar antes de valer a pena dormir.
const FEW: usize = 64;

/// Um trecho da entrada, na ordem dela.
enum Part {
    Running(Running),
    /// Um bloco que foi sozinho.
    Alone,
    /// Um maço pronto, ainda por ler.
    Complete(InFlightBatch, Vec<AnswerAt>),
    /// As respostas, bloco a bloco.
    Held(Vec<Parcel>),
}

/// Um maço que os trabalhadores fazem.
struct Running {
    flight: InFlightBatch,
    items: usize,
    since: Instant,
}

/// O que se espera de uma casa.
enum Awaited {
    Seat { part: usize, seat: usize },
    Alone { part: usize },
}

/// O que um `map` precisa para ir pela memória: maços, e casas para os postos deles. Descartado, devolve-os.
pub(in crate::pool) struct MapLease {
    slots: SlotLease<Awaited>,
    idle_batches: Vec<usize>,
}

impl MapLease {
    /// Para um `map` de não mais do que `window` blocos em andamento; nada, se não há lugar agora.
    pub(super) fn new(table: &Arc<SlotTable>, window: Option<usize>) -> Option<Self> {
        let idle_batches = table.lease_batches(window.unwrap_or(usize::MAX).min(BATCHES_AT_ONCE));
        let wanted = idle_batches.len() * table.workers() + LOOSE;
        // Com menos do que isto, um posto poderia ficar sem casa.
        let is_enough = |slots: &SlotLease<_>| !idle_batches.is_empty() && slots.capacity() == wanted;
        let Some(slots) = SlotLease::new(table, wanted, 0).filter(is_enough) else {
            give_back(table, &idle_batches);
            return None;
        };
        Some(MapLease { slots, idle_batches })
    }
}

impl Drop for MapLease {
    fn drop(&mut self) {
        give_back(self.slots.table(), &self.idle_batches);
    }
}

/// Maços em que não há ninguém.
fn give_back(table: &SlotTable, batches: &[usize]) {
    let mut state = table.state();
    batches.iter().for_each(|&batch| state.give_back_batch(batch, 0));
}

/// A falha de um bloco, e onde: o trecho, e o bloco nele.
struct Failure {
    at: (usize, usize),
    error: Error,
}

/// Um `map` em andamento.
pub(super) struct MapCall<'c> {
    lease: MapLease,
    task: TaskId,
    encoder: ChunkEncoder<'c>,
    take: &'c mut Take<'c>,
    by_socket: &'c dyn Fn(TaskId, &Parcel, Promise<Parcel>),
    parts: VecDeque<Part>,
    /// Quantos blocos foram sozinhos, e não voltaram.
    alone: usize,
    /// Quantos trechos já saíram de `parts`.
    finished: usize,
    /// De quantos blocos e de quantas palavras é o próximo maço.
    next_chunks: usize,
    next_words: usize,
    most_chunks: usize,
    last_done: Instant,
}

impl<'c> MapCall<'c> {
    /// Com `window`, não mais do que tantos blocos em andamento.
    pub(super) fn new(
        lease: MapLease,
        task: TaskId,
        sizing: ChunkSizing,
        window: Option<usize>,
        ends: MapEnds<'c>,
    ) -> Self {
        let at_once = lease.idle_batches.len();
        let most_chunks = window.map_or(MOST, |window| (window / at_once).clamp(1, MOST));
        let MapEnds { next, take, by_socket } = ends;
        MapCall {
            next_chunks: (FIRST_CHUNKS * lease.slots.table().workers()).min(most_chunks),
            next_words: FIRST_WORDS,
            most_chunks,
            lease,
            task,
            encoder: ChunkEncoder::new(next, sizing),
            take,
            by_socket,
            parts: VecDeque::new(),
            alone: 0,
            finished: 0,
            last_done: Instant::now(),
        }
    }

    /// Leva todos os itens e entrega todos os resultados, na ordem da entrada.
    pub(super) fn run(mut self) -> Result<(), Error> {
        loop {
            self.send_all()?;
            if self.parts.is_empty() {
                return Ok(());
            }
            self.lease.slots.wait(self.is_ending());
            self.receive_ready()?;
            self.deliver()?;
            if self.lease.idle_batches.is_empty() {
                // O primeiro maço demora: os prontos atrás dele não podem ficar com a memória.
                self.hold();
            }
        }
    }

    /// Colhe o que voltou. Das falhas que já chegaram, vale a primeira na ordem da entrada.
    fn receive_ready(&mut self) -> Result<(), Error> {
        let mut failure: Option<Failure> = None;
        while let Some((awaited, answer)) = self.lease.slots.take_ready() {
            let Err(new) = self.receive(awaited, answer) else { continue };
            if failure.as_ref().is_none_or(|known| new.at < known.at) {
                failure = Some(new);
            }
        }
        failure.map_or(Ok(()), |failure| Err(failure.error))
    }

    fn receive(&mut self, awaited: Awaited, answer: Result<Parcel, Error>) -> Result<(), Failure> {
        match awaited {
            Awaited::Alone { part } => {
                self.alone -= 1;
                let results = answer.map_err(|error| Failure { at: (part, 0), error })?;
                self.parts[part - self.finished] = Part::Held(vec![results]);
                Ok(())
            }
            Awaited::Seat { part, seat } => self
                .on_seat_returned(part, seat, answer)
                .map_err(|ChunkError { chunk, error }| Failure { at: (part, chunk), error }),
        }
    }

    /// Entrega os resultados dos primeiros trechos, até o que não está pronto.
    fn deliver(&mut self) -> Result<(), Error> {
        let table = self.lease.slots.table().clone();
        while let Some(Part::Complete(..) | Part::Held(_)) = self.parts.front() {
            self.finished += 1;
            match self.parts.pop_front() {
                Some(Part::Complete(flight, places)) => {
                    // Antes de ler: um resultado que não se decodifica não fica com o maço.
                    self.lease.idle_batches.push(flight.batch);
                    flight.read(&table.batch(flight.batch), &places, self.take)?;
                }
                Some(Part::Held(answers)) => {
                    for Parcel { bytes, descriptors } in answers {
                        (self.take)(&bytes, &descriptors)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Traz para cá os maços prontos.
    fn hold(&mut self) {
        let table = self.lease.slots.table().clone();
        for part in &mut self.parts {
            let Part::Complete(flight, places) = part else { continue };
            let mut answers = Vec::with_capacity(flight.original);
            let keep = &mut |bytes: &[u8], descriptors: &[Descriptor]| {
                answers.push(Parcel { bytes: bytes.to_vec(), descriptors: descriptors.to_vec() });
                Ok(())
            };
            // Guardar não decodifica nada, e não falha.
            let _ = flight.read(&table.batch(flight.batch), places, keep);
            self.lease.idle_batches.push(flight.batch);
            *part = Part::Held(answers);
        }
    }

    /// Se o que falta pode acabar logo: um maço que já não tem blocos por pegar, ou muito poucos.
    fn is_ending(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Running(Running { flight, .. }) => {
                flight.count <= FEW || flight.seats_out < self.lease.slots.table().workers()
            }
            _ => false,
        })
    }

    /// Põe a caminho tudo o que couber.
    fn send_all(&mut self) -> Result<(), Error> {
        while self.lease.slots.has_room() && self.encoder.peek()? {
            let fits = self.encoder.body.descriptors.is_empty()
                && Batch::fits(0, self.encoder.len, self.encoder.body.bytes.len());
            let sent = if fits { self.send_batch()? } else { self.send_alone() };
            if !sent {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Um bloco que não cabe num maço; `false` se já há muitos deles a caminho. Um que não passa pela memória vai pelo soquete.
    fn send_alone(&mut self) -> bool {
        if self.alone == LOOSE {
            // As outras casas são dos postos: sem uma, o bloco de um posto não sairia nunca.
            return false;
        }
        let part = self.finished + self.parts.len();
        let ChunkEncoder { body, len, .. } = &self.encoder;
        let (task, items) = (self.task, *len);
        let write = |view: &View<'_>, slot| view.write_request(slot, task, items, &body.bytes);
        let only_bytes = body.descriptors.is_empty();
        if only_bytes && self.lease.slots.send(Awaited::Alone { part }, items, Kind::Stream, write) {
            self.alone += 1;
            self.parts.push_back(Part::Alone);
            self.encoder.done();
            return true;
        }
        if only_bytes && self.alone > 0 {
            // Falta lugar, e os que estão a caminho o devolverão.
            return false;
        }
        self.alone += 1;
        let chunk = ChunkId { index: part, len: self.encoder.len };
        if let Some(promise) = self.lease.slots.expect(Awaited::Alone { part }, chunk) {
            (self.by_socket)(self.task, &self.encoder.body, promise);
        }
        self.parts.push_back(Part::Alone);
        self.encoder.done();
        true
    }

    /// Os próximos blocos, num maço; `false` se não há maço livre.
    fn send_batch(&mut self) -> Result<bool, Error> {
        let Some(&batch) = self.lease.idle_batches.last() else { return Ok(false) };
        // Se um item não vira bytes, ou a entrada entra em pânico, o maço continua livre.
        let running = self.fill(batch)?;
        self.lease.idle_batches.pop();
        let part = self.finished + self.parts.len();
        self.parts.push_back(Part::Running(running));
        self.send_seats(part);
        Ok(true)
    }

    /// Enche o maço com os próximos blocos; o primeiro cabe.
    fn fill(&mut self, batch: usize) -> Result<Running, Error> {
        let table = self.lease.slots.table().clone();
        let memory = table.batch(batch);
        memory.clear();
        let (mut count, mut end, mut items) = (0, 0, 0);
        let since = Instant::now();
        while !self.is_full(count, end, since) && self.encoder.peek()? {
            let ChunkEncoder { body, len, .. } = &self.encoder;
            if !body.descriptors.is_empty() || !Batch::fits(end, *len, body.bytes.len()) {
                break;
            }
            end = memory.write(count, end, *len, &body.bytes);
            count += 1;
            items += len;
            self.encoder.done();
        }
        memory.share(0, count);
        Ok(Running { flight: InFlightBatch::new(batch, count), items, since })
    }

    /// Se um maço de `count` blocos, que ocupam `words` palavras e se enchem desde `since`, deve partir.
    fn is_full(&self, count: usize, words: usize, since: Instant) -> bool {
        if count == self.next_chunks || (count > 0 && words >= self.next_words) {
            return true;
        }
        // Uma entrada lenta não deixa ninguém esperando pelo maço cheio. Ver as horas custa quase um bloco.
        let look = count > 0 && (count.is_power_of_two() || count % 64 == 0);
        look && since.elapsed() > SLOW
    }

    fn send_seats(&mut self, part: usize) {
        (0..self.lease.slots.table().workers()).for_each(|seat| self.send_seat(part, seat));
    }

    fn send_seat(&mut self, part: usize, seat: usize) {
        let Part::Running(Running { flight, .. }) = &mut self.parts[part - self.finished] else { return };
        flight.seats_out += 1;
        let bytes = BatchSeat { batch: flight.batch, seat, streams: false }.write();
        let (task, kind) = (self.task, Kind::Seat(flight.batch));
        let write = |view: &View<'_>, slot| view.write_seat(slot, task, &bytes);
        self.lease.slots.send(Awaited::Seat { part, seat }, 0, kind, write);
    }

    fn on_seat_returned(
        &mut self,
        part: usize,
        seat: usize,
        answer: Result<Parcel, Error>,
    ) -> Result<(), ChunkError> {
        let place = part - self.finished;
        let Part::Running(running) = &mut self.parts[place] else { return Ok(()) };
        let next = running.flight.on_seat_returned(self.lease.slots.table(), seat, answer);
        if let Some(failure) = running.flight.failure() {
            return Err(failure);
        }
        match next {
            Next::Wait => {}
            Next::SendSeat => self.send_seat(part, seat),
            Next::SendSeats => self.send_seats(part),
            Next::Complete(places) => {
                if let Part::Running(Running { flight, items, since }) =
                    std::mem::replace(&mut self.parts[place], Part::Alone)
                {
                    self.lease.slots.table().count(items);
                    self.parts[place] = Part::Complete(flight, places);
                    self.adapt(since);
                }
            }
        }
        Ok(())
    }

    /// Um maço que ficou pronto depressa diz que o próximo pode ser maior; um que demorou, que deve ser menor.
    fn adapt(&mut self, since: Instant) {
        let elapsed = since.max(self.last_done).elapsed();
        if elapsed < SHORT {
            self.next_chunks = (4 * self.next_chunks).min(self.most_chunks);
            self.next_words = (4 * self.next_words).min(WORDS);
        } else if elapsed > LONG {
            let fewer = (self.next_chunks / 4).max(self.lease.slots.table().workers());
            self.next_chunks = fewer.min(self.most_chunks);
        }
        self.last_done = Instant::now();
    }
}

impl Drop for MapCall<'_> {
    fn drop(&mut self) {
        let table = self.lease.slots.table();
        for part in &self.parts {
            if let Part::Running(Running { flight, .. }) | Part::Complete(flight, _) = part {
                table.batch(flight.batch).stop();
                table.state().give_back_batch(flight.batch, flight.seats_out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::pool::counters::Counters;
    use crate::pool::inbox::Inbox;
    use crate::pool::shm::batch::BATCHES;

    /// Ninguém precisa fazer nada: o pânico vem antes de o primeiro maço partir.
    #[test]
    fn an_input_that_panics_leaves_every_batch_and_slot_free() {
        let (inbox, _doorway) = Inbox::new().expect("uma campainha");
        let counters = Arc::new(Counters::new(0));
        let table = SlotTable::create(2, None, inbox.doorbell(), counters).expect("a memória");
        let table = Arc::new(table);
        let sizing = ChunkSizing { items: 1, fit: true };
        for _ in 0..2 * BATCHES {
            let lease = MapLease::new(&table, None).expect("os maços das outras vezes voltaram");
            let items = (0..9_u64).inspect(|&item| assert!(item < 5, "de propósito"));
            let task = TaskId::of(|x: u64| x).expect("uma função deste programa");
            let by_socket = |_: TaskId, _: &Parcel, _: Promise<Parcel>| {};
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                lease.map::<u64, u64>(task, items, sizing, None, &by_socket)
            }));
            assert!(outcome.is_err());
        }
        assert_eq!(table.lease_batches(usize::MAX).len(), BATCHES);
    }
}

//! `imap` pelo mural: cada bloco na sua casa enquanto quem consome espera; em maços, quando é ele que não dá conta.
//!
//! Quem espera por uma resposta quer que ela parta já. Mas quando vêm dezenas por milissegundo, uma casa para cada uma, e ser
//! acordado a cada uma, custariam mais do que as próprias tarefas: os blocos ficam aqui até haver bastantes, e vão juntos.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::arena::View;
use super::in_flight::Next;
use super::lease::SlotLease;
use super::pace::{GATHER, Pace};
use super::seat::BatchSeat;
use super::slot_state::Kind;
use super::slot_table::SlotTable;
use super::stream_batch::{CompleteBatch, FillingBatch, StreamBatch};
use crate::Error;
use crate::dispatch::lane::Carrier;
use crate::dispatch::promise::{Answer, ChunkId, Promise};
use crate::parcel::Parcel;
use crate::process::protocol::{self, TaskRequest};

/// Quantos maços um fluxo tem a caminho: um que se lê, um que se faz, e um atrás dele.
const BATCHES_AT_ONCE: usize = 3;

/// Com menos blocos do que isto a caminho, por trabalhador, não há maços.
const FEW_PER_WORKER: usize = 16;

/// O que se espera de uma casa.
enum Awaited {
    Alone(ChunkId),
    Seat { batch: usize, seat: usize },
}

/// Leva os blocos a casas e a maços, ou, se não cabem, ao soquete.
pub(super) struct ShmCarrier<S> {
    lease: SlotLease<Awaited>,
    by_socket: S,
    pace: Pace,
    /// Quantos blocos podem estar sozinhos em casas, e quantos estão.
    most_alone: usize,
    alone: usize,
    /// Quantos maços pode ter.
    most_batches: usize,
    /// O maço que ainda não partiu.
    filling: Option<FillingBatch>,
    /// Os blocos que não acharam lugar, do mais antigo ao mais novo.
    held: VecDeque<(ChunkId, TaskRequest)>,
    running: Vec<StreamBatch>,
    complete: VecDeque<CompleteBatch>,
    /// Respostas que já estão aqui.
    ready: VecDeque<Answer<Parcel>>,
}

impl<S: Fn(Parcel, Promise<Parcel>)> ShmCarrier<S> {
    /// Para até `wanted` blocos sozinhos; nada, se não há casas que bastem.
    pub(super) fn new(table: &Arc<SlotTable>, wanted: usize, by_socket: S) -> Option<Self> {
        // Com poucos blocos de cada vez, um maço custaria mais do que eles.
        let wants_batches = wanted >= FEW_PER_WORKER * table.workers();
        let of_seats = if wants_batches { BATCHES_AT_ONCE * table.workers() } else { 0 };
        let lease = SlotLease::new(table, wanted, of_seats)?;
        let has_seats = wants_batches && lease.capacity() == wanted + of_seats;
        let (most_alone, most_batches) =
            if has_seats { (wanted, BATCHES_AT_ONCE) } else { (lease.capacity(), 0) };
        Some(ShmCarrier {
            lease,
            by_socket,
            pace: Pace::new(),
            most_alone,
            alone: 0,
            most_batches,
            filling: None,
            held: VecDeque::new(),
            running: Vec::new(),
            complete: VecDeque::new(),
            ready: VecDeque::new(),
        })
    }

    /// Põe o bloco a caminho: no maço que se enche, se eles convêm, ou sozinho; devolve-o se é melhor que espere, ou se não há
    /// lugar. Com `is_late`, não convém que espere.
    fn place(&mut self, chunk: ChunkId, request: TaskRequest, is_late: bool) -> Option<TaskRequest> {
        if self.most_batches > 0 && self.pace.batch().is_some() && StreamBatch::fits(chunk, &request) {
            if self.put_in_batch(chunk, &request) {
                return None;
            }
            // Os maços que já há voltam logo: os que vão sozinhos, no meio deles, acordariam quem espera a cada um.
            if self.batches_out() > 0 && !is_late {
                return Some(request);
            }
        } else {
            // O maço pela metade não fica para trás.
            self.send_batch();
        }
        if self.alone >= self.most_alone {
            return Some(request);
        }
        self.send_alone(chunk, request);
        None
    }

    /// Quantos maços não se pode encher.
    fn batches_out(&self) -> usize {
        self.running.len() + self.complete.len()
    }

    fn send_alone(&mut self, chunk: ChunkId, request: TaskRequest) {
        self.alone += 1;
        let write =
            |view: &View<'_>, slot| view.write_request(slot, request.task, chunk.len, request.items());
        let only_bytes = request.frame.descriptors.is_empty();
        if only_bytes && self.lease.send(Awaited::Alone(chunk), chunk.len, Kind::Stream, write) {
            return;
        }
        if let Some(promise) = self.lease.expect(Awaited::Alone(chunk), chunk) {
            (self.by_socket)(request.frame, promise);
        }
    }

    /// Põe o bloco no maço que se enche, que parte se já é bastante; `false` se não cabe, ou se não há maço.
    fn put_in_batch(&mut self, chunk: ChunkId, request: &TaskRequest) -> bool {
        let table = self.lease.table();
        if self.filling.is_none() && self.batches_out() < self.most_batches {
            let new = |number| FillingBatch::new(number, &table.batch(number), request.task);
            self.filling = table.lease_spare_batch().map(new);
        }
        let Some(filling) = &mut self.filling else { return false };
        let fits = filling.push(&table.batch(filling.number), chunk, request.items());
        // Ver as horas custa quase um bloco.
        let is_late = filling.len().is_power_of_two() && filling.since.elapsed() > GATHER;
        if fits && self.pace.batch().is_some_and(|most| filling.len() < most) && !is_late {
            return true;
        }
        self.send_batch();
        fits || self.put_in_batch(chunk, request)
    }

    /// O maço que se enche parte.
    fn send_batch(&mut self) {
        let Some(filling) = self.filling.take() else { return };
        let (number, len) = (filling.number, filling.len());
        let table = self.lease.table();
        // Com menos blocos do que trabalhadores, os que sobram não são acordados: quem vem toma os blocos do posto vazio.
        let seats = table.workers().min(len);
        self.running.push(filling.share(&table.batch(number)));
        (0..seats).for_each(|seat| self.send_seat(number, seat));
    }

    /// Põe a caminho os que ficaram aqui, se agora podem.
    fn place_held(&mut self, is_late: bool) {
        while let Some((chunk, request)) = self.held.pop_front() {
            if let Some(request) = self.place(chunk, request, is_late) {
                self.held.push_front((chunk, request));
                return;
            }
        }
    }

    fn send_seats(&mut self, batch: usize) {
        (0..self.lease.table().workers()).for_each(|seat| self.send_seat(batch, seat));
    }

    fn send_seat(&mut self, batch: usize, seat: usize) {
        let Some(running) = self.running.iter_mut().find(|running| running.flight.batch == batch) else {
            return;
        };
        running.flight.seats_out += 1;
        let task = running.task;
        let bytes = BatchSeat { batch, seat, streams: true }.write();
        let write = |view: &View<'_>, slot| view.write_seat(slot, task, &bytes);
        self.lease.send(Awaited::Seat { batch, seat }, 0, Kind::Seat(batch), write);
    }

    fn on_seat_returned(&mut self, batch: usize, seat: usize, answer: Result<Parcel, Error>) {
        let Some(index) = self.running.iter().position(|running| running.flight.batch == batch) else {
            return;
        };
        match self.running[index].flight.on_seat_returned(self.lease.table(), seat, answer) {
            Next::Wait => {}
            Next::SendSeat => self.send_seat(batch, seat),
            Next::SendSeats => self.send_seats(batch),
            Next::Complete(places) => {
                self.complete.push_back(CompleteBatch::new(self.running.remove(index), places));
            }
        }
    }

    /// A próxima resposta de um maço: uma que já está aqui, ou do que se lê.
    fn take_from_batches(&mut self) -> Option<Answer<Parcel>> {
        let table = self.lease.table();
        let mut answer = self.ready.pop_front();
        while answer.is_none() {
            let complete = self.complete.front_mut()?;
            let number = complete.number();
            answer = complete.next(&table.batch(number));
            if answer.is_none() {
                self.complete.pop_front();
                table.state().give_back_batch(number, 0);
            }
        }
        let (chunk, answer) = answer?;
        if protocol::is_reply(&answer) {
            table.count(chunk.len);
        }
        Some((chunk, answer))
    }

    /// Nada está pronto, e tudo o que podia partir partiu: espera pelos maços inteiros até `patience`, e depois por qualquer
    /// resposta. Pode voltar antes.
    fn wait(&mut self, now: Instant, patience: Instant) {
        let (out, workers) = (self.lease.out(), self.lease.table().workers());
        if self.running.is_empty() {
            // Os que ainda não partiram só partem com as respostas: o bastante fica para os trabalhadores enquanto se acorda.
            let spare = out.saturating_sub(2 * workers);
            match self.pace.expected().min(spare / 2) {
                0 | 1 => self.lease.wait(true),
                many => self.lease.wait_after(many, false, Some(now + 2 * GATHER)),
            }
        } else if now < patience {
            // Antes deles vêm os que ainda estejam sozinhos.
            let alone = self.alone.min(out.saturating_sub(workers));
            self.lease.wait_after(alone, false, Some(patience));
        } else {
            self.lease.wait_unless(|| {
                for running in &mut self.running {
                    let batch = self.lease.table().batch(running.flight.batch);
                    batch.ask();
                    running.take_arrived(&batch, &mut self.ready);
                }
                !self.ready.is_empty()
            });
        }
    }
}

impl<S: Fn(Parcel, Promise<Parcel>)> Carrier for ShmCarrier<S> {
    type Load = Result<TaskRequest, Error>;
    type Payload = Parcel;

    fn send(&mut self, chunk: ChunkId, load: Result<TaskRequest, Error>) -> usize {
        // Uma cópia (`fork`) deste processo escreveria por cima do que é do original.
        let request = match self.lease.table().check_owner().and(load) {
            Ok(request) => request,
            Err(error) => {
                self.alone += 1;
                self.lease.fail(Awaited::Alone(chunk), error);
                return 0;
            }
        };
        let size = request.frame.bytes.len();
        // Nenhum passa à frente dos que ficaram aqui.
        self.place_held(false);
        let left = if self.held.is_empty() { self.place(chunk, request, false) } else { Some(request) };
        self.held.extend(left.map(|request| (chunk, request)));
        size
    }

    fn receive(&mut self) -> Option<Answer<Parcel>> {
        let mut patience = None;
        loop {
            if let Some(answer) = self.try_receive() {
                return Some(answer);
            }
            if !self.lease.table().is_owned() {
                return None;
            }
            self.pace.update();
            let now = Instant::now();
            let patience = *patience.get_or_insert(now + 2 * GATHER);
            self.place_held(now >= patience);
            self.send_batch();
            self.wait(now, patience);
        }
    }

    fn try_receive(&mut self) -> Option<Answer<Parcel>> {
        loop {
            if let Some(answer) = self.take_from_batches() {
                self.pace.take();
                return Some(answer);
            }
            match self.lease.take_ready()? {
                (Awaited::Alone(chunk), answer) => {
                    self.alone -= 1;
                    self.pace.take();
                    return Some((chunk, answer));
                }
                (Awaited::Seat { batch, seat }, answer) => self.on_seat_returned(batch, seat, answer),
            }
        }
    }

    fn capacity(&self) -> usize {
        self.most_alone.max(self.pace.ahead())
    }

    fn ahead(&self) -> usize {
        self.pace.ahead()
    }
}

impl<S> Drop for ShmCarrier<S> {
    fn drop(&mut self) {
        let table = self.lease.table();
        if !table.is_owned() {
            return;
        }
        for StreamBatch { flight, .. } in &self.running {
            table.batch(flight.batch).stop();
            table.state().give_back_batch(flight.batch, flight.seats_out);
        }
        let empty = self
            .filling
            .iter()
            .map(|filling| filling.number)
            .chain(self.complete.iter().map(CompleteBatch::number));
        empty.for_each(|number| table.state().give_back_batch(number, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::counters::Counters;
    use crate::pool::inbox::Inbox;
    use crate::pool::shm::batch::BATCHES;
    use crate::process::task::TaskId;

    /// Ninguém faz nada: ao ser largado, um fluxo tem um maço que se enche e outros a caminho.
    #[test]
    fn a_dropped_stream_gives_every_batch_and_slot_back() {
        let (inbox, _doorway) = Inbox::new().expect("uma campainha");
        let table =
            SlotTable::create(2, None, inbox.doorbell(), Arc::new(Counters::new(0))).expect("a memória");
        let table = Arc::new(table);
        let task = TaskId::of(|x: u64| x).expect("uma função deste programa");
        let free = || {
            let slots = table.lease(usize::MAX);
            let free = slots.len();
            table.state().give_back(slots, []);
            free
        };
        let at_first = free();
        for sent in [10, 10_000] {
            let mut carrier = ShmCarrier::new(&table, 128, |_, _| ()).expect("há casas");
            carrier.pace = Pace::of(2000);
            for index in 0..sent {
                carrier.send(ChunkId { index, len: 1 }, protocol::request_of(task, &[7_u64]));
            }
            assert!(carrier.running.len() <= BATCHES_AT_ONCE && carrier.running.is_empty() == (sent == 10));
            drop(carrier);
            // O que saiu só volta com a resposta.
            table.drain(&Error::Terminated);
            assert_eq!(table.lease_batches(usize::MAX).len(), BATCHES);
            (0..BATCHES).for_each(|batch| table.state().give_back_batch(batch, 0));
        }
        assert_eq!(free(), at_first);
    }
}

//! `imap` pelo mural: os blocos de um fluxo, um a um.

use std::time::{Duration, Instant};

use super::arena::View;
use super::lease::SlotLease;
use super::slot_state::Kind;
use crate::Error;
use crate::dispatch::lane::Carrier;
use crate::dispatch::promise::{Answer, ChunkId, Promise};
use crate::parcel::Parcel;
use crate::process::protocol::TaskRequest;

/// Quando vêm muitas respostas, espera-se que venham tantas quantas vêm neste tempo, ou que passe o dobro dele. Ser acordado a cada
/// uma ocuparia um núcleo em que um trabalhador faria outras; e quem espera por uma só não percebe tão pouco.
const GATHER: Duration = Duration::from_millis(1);

/// Leva cada bloco a uma casa, ou, se não cabe, ao soquete.
pub(super) struct ShmCarrier<S> {
    pub(super) lease: SlotLease<ChunkId>,
    pub(super) by_socket: S,
    pub(super) pace: Gathering,
}

/// Quantas respostas vêm em [`GATHER`], pelas que vieram desde a última espera.
pub(super) struct Gathering {
    since: Instant,
    taken: u32,
}

impl Gathering {
    pub(super) fn new() -> Self {
        Gathering { since: Instant::now(), taken: 0 }
    }

    /// Quantas esperar agora.
    fn expected(&mut self) -> usize {
        let now = Instant::now();
        let elapsed = (now - self.since).max(Duration::from_nanos(1));
        let expected = f64::from(self.taken) * GATHER.as_secs_f64() / elapsed.as_secs_f64();
        *self = Gathering { since: now, taken: 0 };
        expected as usize
    }
}

impl<S: Fn(Parcel, Promise<Parcel>)> Carrier for ShmCarrier<S> {
    type Load = Result<TaskRequest, Error>;
    type Payload = Parcel;

    fn send(&mut self, chunk: ChunkId, load: Result<TaskRequest, Error>) -> usize {
        let request = match load {
            Ok(request) => request,
            Err(error) => {
                self.lease.fail(chunk, error);
                return 0;
            }
        };
        let size = request.frame.bytes.len();
        let write =
            |view: &View<'_>, slot| view.write_request(slot, request.task, chunk.len, request.items());
        let only_bytes = request.frame.descriptors.is_empty();
        if only_bytes && self.lease.send(chunk, chunk.len, Kind::Stream, write) {
            return size;
        }
        if let Some(promise) = self.lease.expect(chunk, chunk) {
            (self.by_socket)(request.frame, promise);
        }
        size
    }

    fn receive(&mut self) -> Option<Answer<Parcel>> {
        loop {
            if let Some(answer) = self.lease.take_ready() {
                self.pace.taken += 1;
                return Some(answer);
            }
            // Os que ainda não partiram só partem com as respostas: o bastante fica para os trabalhadores enquanto se acorda.
            let spare = self.lease.out().saturating_sub(2 * self.lease.table().workers());
            match self.pace.expected().min(spare / 2) {
                0 | 1 => self.lease.wait(true),
                many => self.lease.wait_after(many, false, Some(Instant::now() + 2 * GATHER)),
            }
        }
    }

    fn try_receive(&mut self) -> Option<Answer<Parcel>> {
        self.lease.take_ready()
    }

    fn capacity(&self) -> usize {
        self.lease.capacity()
    }
}

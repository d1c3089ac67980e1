//! `imap` pelo mural: os blocos de um fluxo, um a um.

use super::arena::View;
use super::lease::SlotLease;
use super::slot_state::Kind;
use crate::Error;
use crate::dispatch::lane::Carrier;
use crate::dispatch::promise::{Answer, ChunkId, Promise};
use crate::parcel::Parcel;
use crate::process::protocol::TaskRequest;

/// Leva cada bloco a uma casa, ou, se não cabe, ao soquete.
pub(super) struct ShmCarrier<S> {
    pub(super) lease: SlotLease<ChunkId>,
    pub(super) by_socket: S,
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
                return Some(answer);
            }
            self.lease.wait(true);
        }
    }

    fn try_receive(&mut self) -> Option<Answer<Parcel>> {
        self.lease.take_ready()
    }

    fn capacity(&self) -> usize {
        self.lease.capacity()
    }
}

//! `imap` pelo mural: os blocos de um fluxo, um a um.

use super::desk::Kind;
use super::layout::{SHEET, View};
use super::reserve::Reserve;
use crate::Error;
use crate::parcel::Parcel;
use crate::pool::reply::{Answer, ChunkId, Promise};
use crate::pool::stream::Courier;
use crate::process::protocol::Request;

/// Leva cada bloco a uma casa, ou, se não cabe, ao soquete.
pub(super) struct BoardCourier<S> {
    pub(super) reserve: Reserve<ChunkId>,
    pub(super) by_socket: S,
}

impl<S: Fn(Parcel, Promise<Parcel>)> Courier for BoardCourier<S> {
    type Load = Result<Request, Error>;
    type Payload = Parcel;

    fn send(&mut self, chunk: ChunkId, load: Result<Request, Error>) -> usize {
        let request = match load {
            Ok(request) => request,
            Err(error) => {
                self.reserve.fail(chunk, error);
                return 0;
            }
        };
        let size = request.frame.bytes.len();
        if request.frame.descriptors.is_empty() && request.items().len() <= SHEET {
            let write = |view: &View<'_>, slot| {
                view.write_request(slot, request.task, chunk.len, request.items());
            };
            self.reserve.send(chunk, chunk.len, Kind::Stream, write);
        } else if let Some(promise) = self.reserve.expect(chunk, chunk) {
            (self.by_socket)(request.frame, promise);
        }
        size
    }

    fn receive(&mut self) -> Option<Answer<Parcel>> {
        loop {
            if let Some(answer) = self.reserve.take_ready() {
                return Some(answer);
            }
            self.reserve.wait(true);
        }
    }

    fn try_receive(&mut self) -> Option<Answer<Parcel>> {
        self.reserve.take_ready()
    }

    fn capacity(&self) -> usize {
        self.reserve.capacity()
    }
}

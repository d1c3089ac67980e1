//! Leva os blocos de um fluxo aos ranks, e traz as respostas.

use std::collections::VecDeque;

use super::ranks::Call;
use super::world::World;
use crate::Error;
use crate::dispatch::lane::Carrier;
use crate::dispatch::promise::{Answer, ChunkId};

pub(super) struct MpiCarrier {
    world: World,
    call: Call,
    /// Os que nem saíram: um item não virou bytes, ou leva um canal, que não atravessa máquinas.
    failed: VecDeque<(ChunkId, Error)>,
}

impl MpiCarrier {
    pub(super) fn new(world: World) -> Self {
        let call = world.next_call(false);
        MpiCarrier { world, call, failed: VecDeque::new() }
    }

    fn take_failed(&mut self) -> Option<Answer<Vec<u8>>> {
        self.failed.pop_front().map(|(chunk, error)| (chunk, Err(error)))
    }
}

impl Carrier for MpiCarrier {
    type Load = Result<Vec<u8>, Error>;
    type Payload = Vec<u8>;

    fn send(&mut self, chunk: ChunkId, load: Self::Load) -> usize {
        match load {
            Ok(body) => {
                self.world.ranks().send(self.call, chunk, &body);
                body.len()
            }
            Err(error) => {
                self.failed.push_back((chunk, error));
                0
            }
        }
    }

    fn receive(&mut self) -> Option<Answer<Vec<u8>>> {
        let failed = self.take_failed();
        Some(failed.unwrap_or_else(|| self.world.ranks().receive(self.call, |results| Ok(results.to_vec()))))
    }

    fn try_receive(&mut self) -> Option<Answer<Vec<u8>>> {
        self.take_failed().or_else(|| self.world.ranks().take_early(self.call))
    }

    fn capacity(&self) -> usize {
        self.world.ranks().capacity()
    }
}

impl Drop for MpiCarrier {
    fn drop(&mut self) {
        self.world.ranks().forget(self.call);
    }
}

//! O outro lado: um rank que faz o que o rank 0 pede, até que ele se despeça.

use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;

use super::wire::{self, Inbox};
use crate::Error;
use crate::ipc::parcel::{Parcel, read};
use crate::process::protocol;
use crate::process::task::{Arguments, Fingerprint, TaskId};

/// Atende o rank 0 até o fim.
pub(super) fn serve(world: &SimpleCommunicator) -> Result<(), Error> {
    wire::send(world, 0, &Parcel::of(&Fingerprint::own())?.bytes);
    let (master, mut inbox) = (world.process_at_rank(0), Inbox::default());
    let mut answer = Parcel::default();
    while let (_, Some(request)) = inbox.receive(world, &master) {
        answer.bytes.clear();
        let (task, bytes) = read::<TaskId>(request, &[])?;
        let (items, bytes) = read::<usize>(bytes, &[])?;
        protocol::run(task, Arguments { items, bytes, descriptors: Vec::new() }, &mut answer)?;
        wire::send(world, 0, &answer.bytes);
    }
    Ok(())
}

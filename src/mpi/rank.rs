//! O outro lado: um rank que faz o que o rank 0 pede, até que ele se despeça.

use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;

use super::wire::{Inbox, Outbox};
use crate::Error;
use crate::parcel::{Parcel, read};
use crate::process::protocol;
use crate::process::task::{Arguments, Fingerprint, TaskId};

/// Atende o rank 0 até o fim. As respostas a uma mensagem vão juntas, como os pedidos vieram.
pub(super) fn serve(world: &SimpleCommunicator) -> Result<(), Error> {
    let (mut inbox, mut outbox) = (Inbox::default(), Outbox::new(0));
    outbox.push(world, &Parcel::of(&Fingerprint::own())?.bytes);
    outbox.flush(world);
    let master = world.process_at_rank(0);
    let mut answer = Parcel::default();
    while inbox.wait(world, &master).is_some() {
        outbox.starved = inbox.waited();
        while let Some((_, request)) = inbox.next() {
            answer.bytes.clear();
            let (task, bytes) = read::<TaskId>(request, &[])?;
            let (items, bytes) = read::<usize>(bytes, &[])?;
            protocol::run(task, Arguments { items, bytes, descriptors: Vec::new() }, &mut answer)?;
            outbox.push(world, &answer.bytes);
        }
        outbox.flush(world);
    }
    Ok(())
}

//! O outro lado: um rank que faz o que o rank 0 pede, até que ele se despeça.

use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;

use super::wire::{Inbox, Outbox};
use crate::Error;
use crate::parcel::{self, MAX_SIZE, Parcel};
use crate::process::build::SameBuild;
use crate::process::copy::mark_worker;
use crate::process::protocol;
use crate::process::task::{Arguments, TaskId};

/// Atende o rank 0 até o fim. As respostas a uma mensagem vão juntas, como os pedidos vieram.
pub(super) fn serve(world: &SimpleCommunicator) -> Result<(), Error> {
    mark_worker();
    let (mut inbox, mut outbox) = (Inbox::default(), Outbox::new(0));
    outbox.push(world, &Parcel::of(&protocol::introduction()?)?.bytes);
    outbox.flush(world);
    let master = world.process_at_rank(0);
    let Some(proof) = greet(world, &mut inbox) else {
        // O rank 0 também viu que os programas são outros: resta esperar que se despeça.
        while inbox.wait(world, &master).is_some() {}
        return Ok(());
    };
    let mut answer = Parcel::default();
    while inbox.wait(world, &master).is_some() {
        outbox.starved = inbox.waited();
        while let Some((_, request)) = inbox.next() {
            answer.bytes.clear();
            let (task, bytes) = parcel::read_first::<TaskId>(request, &[])?;
            let (items, bytes) = parcel::read_first::<usize>(bytes, &[])?;
            protocol::run(task, Arguments { items, bytes, descriptors: Vec::new() }, &mut answer, proof)?;
            if answer.bytes.len() > MAX_SIZE {
                protocol::write_failure(&mut answer, 0, Error::TooLarge { limit: MAX_SIZE })?;
            }
            outbox.push(world, &answer.bytes);
        }
        outbox.flush(world);
    }
    Ok(())
}

/// Espera que o rank 0 se apresente; nada, se ele não é este mesmo programa.
fn greet(world: &SimpleCommunicator, inbox: &mut Inbox) -> Option<SameBuild> {
    inbox.wait(world, &world.process_at_rank(0));
    let bytes = inbox.next().map(|(_, body)| body.to_vec()).unwrap_or_default();
    protocol::check_greeting(&Parcel { bytes, descriptors: Vec::new() }).ok()
}

//! Como se fala com o supervisor: uma fila, e uma campainha para quando ele dorme.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};
use rustix::fd::OwnedFd;

use super::socket::job::SocketJob;
use crate::Error;

/// O que o pool pede ao supervisor.
pub(super) enum Order {
    Run(SocketJob),
    /// Terminar o que já foi pedido e dispensar os trabalhadores.
    Close,
    /// Matar os trabalhadores agora.
    Terminate,
}

/// O lado de quem pede.
pub(super) struct Inbox {
    queue: Sender<Order>,
    doorbell: Arc<Doorbell>,
}

impl Inbox {
    pub(super) fn new() -> Result<(Self, Doorway), Error> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| Error::spawn_without("eventfd", error))?;
        let doorbell = Arc::new(Doorbell { eventfd, asleep: AtomicBool::new(false) });
        let (queue, orders) = crossbeam_channel::unbounded();
        Ok((Inbox { queue, doorbell: doorbell.clone() }, Doorway { orders, doorbell }))
    }

    /// Entrega uma ordem. Com o supervisor já encerrado, ela é descartada, e a promessa de um bloco
    /// descartado responde por si.
    pub(super) fn put(&self, order: Order) {
        let _ = self.queue.send(order);
        self.doorbell.ring();
    }

    pub(super) fn doorbell(&self) -> Arc<Doorbell> {
        self.doorbell.clone()
    }
}

/// Acorda o supervisor, só se ele dorme: tocar a campainha custa uma chamada ao sistema.
pub(super) struct Doorbell {
    eventfd: OwnedFd,
    asleep: AtomicBool,
}

impl Doorbell {
    pub(super) fn ring(&self) {
        if self.asleep.swap(false, Ordering::SeqCst) {
            // Só falharia com o contador cheio, e então a campainha já está tocando.
            let _ = rustix::io::write(&self.eventfd, &1u64.to_ne_bytes());
        }
    }
}

/// O lado do supervisor.
pub(super) struct Doorway {
    orders: Receiver<Order>,
    doorbell: Arc<Doorbell>,
}

impl Doorway {
    /// A próxima ordem; nada, se não há. Um pool que sumiu sem se despedir não espera mais nada.
    pub(super) fn next(&self) -> Option<Order> {
        match self.orders.try_recv() {
            Ok(order) => Some(order),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Order::Terminate),
        }
    }

    /// Vai dormir: daqui em diante, quem tem algo a dizer toca a campainha. O que já estava dito olha-se depois disto, ou
    /// ficaria entre uma coisa e outra.
    pub(super) fn fall_asleep(&self) {
        self.doorbell.asleep.store(true, Ordering::SeqCst);
    }

    /// Se há uma ordem que ninguém leu.
    pub(super) fn has_order(&self) -> bool {
        !self.orders.is_empty()
    }

    /// O que vigiar enquanto se dorme.
    pub(super) fn event(&self) -> PollFd<'_> {
        PollFd::new(&self.doorbell.eventfd, PollFlags::IN)
    }

    pub(super) fn wake_up(&self) {
        self.doorbell.asleep.store(false, Ordering::SeqCst);
        let _ = rustix::io::read(&self.doorbell.eventfd, &mut [0u8; 8]);
    }
}

//! O que todas as chamadas de um pool usam: por onde mandar um bloco.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::counters::Counters;
use super::inbox::{Inbox, Order};
use super::shm::{BoxedCarrier, MapLease, ShmTransport};
use super::socket::job::SocketJob;
use crate::Error;
use crate::dispatch::lane::ChannelCarrier;
use crate::dispatch::promise::Promise;
use crate::dispatch::result::AsyncResult;
use crate::parcel::Parcel;
use crate::process::copy::process_id;
use crate::process::protocol::TaskRequest;
use crate::process::task::TaskId;

pub(super) struct Core {
    inbox: Arc<Inbox>,
    pub(super) shm: Option<ShmTransport>,
    pub(super) counters: Arc<Counters>,
    pub(super) workers: usize,
    closed: AtomicBool,
    /// O processo que criou o pool.
    owner: u32,
}

/// Por onde vai um `map`.
pub(super) enum Route {
    Shm(MapLease),
    /// Um pool sem memória, ou cujas casas estão todas em uso.
    Socket,
}

impl Core {
    pub(super) fn new(
        inbox: Inbox,
        shm: Option<ShmTransport>,
        counters: Arc<Counters>,
        workers: usize,
    ) -> Self {
        Core {
            inbox: Arc::new(inbox),
            shm,
            counters,
            workers,
            closed: AtomicBool::new(false),
            owner: process_id(),
        }
    }

    /// Se este processo é o que criou o pool, e não uma cópia dele.
    pub(super) fn is_owned(&self) -> bool {
        self.owner == process_id()
    }

    /// A memória, para quem pode usá-la.
    fn shm(&self) -> Option<&ShmTransport> {
        self.shm.as_ref().filter(|_| self.is_owned())
    }

    /// `apply_async`, se pode ser pela memória.
    pub(super) fn apply<R: DeserializeOwned + 'static>(
        &self,
        task: TaskId,
        argument: &impl Serialize,
    ) -> Option<AsyncResult<R>> {
        self.shm()?.apply(task, argument)
    }

    /// Escolhe o caminho de um `map`.
    pub(super) fn route(&self, window: Option<usize>) -> Route {
        self.shm().and_then(|shm| shm.lease_map(window)).map_or(Route::Socket, Route::Shm)
    }

    /// Quem leva os blocos de um fluxo, que pode durar mais do que o pool.
    pub(super) fn carrier(core: &Arc<Self>, window: Option<usize>) -> BoxedCarrier {
        let by_shm = core.shm().and_then(|shm| shm.carrier(window, core.sender()));
        by_shm.unwrap_or_else(|| {
            let core = core.clone();
            let submit = move |request: Result<_, _>, promise| core.submit(request, promise);
            Box::new(ChannelCarrier::new(submit))
        })
    }

    /// Entrega um bloco ao soquete; devolve quantos bytes ele ocupa.
    pub(super) fn submit(&self, request: Result<TaskRequest, Error>, promise: Promise<Parcel>) -> usize {
        match request {
            _ if !self.is_owned() => promise.keep(Err(Error::OtherProcess)),
            _ if self.closed.load(Ordering::SeqCst) => promise.keep(Err(Error::Closed)),
            Err(error) => promise.keep(Err(error)),
            Ok(TaskRequest { frame, .. }) => {
                let bytes = frame.bytes.len();
                self.inbox.put(Order::Run(SocketJob::new(frame, promise)));
                return bytes;
            }
        }
        0
    }

    /// Entrega ao soquete um bloco que já está em bytes; a promessa diz para onde vai a resposta.
    pub(super) fn sender(&self) -> impl Fn(Parcel, Promise<Parcel>) + 'static {
        let inbox = self.inbox.clone();
        move |request, promise| inbox.put(Order::Run(SocketJob::new(request, promise)))
    }

    /// Não aceita mais tarefas; as já entregues terminam.
    pub(super) fn close(&self) {
        if !self.closed.swap(true, Ordering::SeqCst) {
            self.refuse();
            self.inbox.put(Order::Close);
        }
    }

    /// Mata os processos agora.
    pub(super) fn terminate(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.refuse();
        self.inbox.put(Order::Terminate);
    }

    fn refuse(&self) {
        if let Some(shm) = &self.shm {
            shm.slots.refuse(Error::Closed);
        }
    }
}

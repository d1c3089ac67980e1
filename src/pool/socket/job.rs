//! Um bloco que vai por um soquete.

use crate::dispatch::attempts::Attempts;
use crate::dispatch::promise::{ChunkId, Promise};
use crate::parcel::Parcel;

/// Um bloco a fazer: o pedido já em bytes, a quem responder e quantas vezes já se perdeu.
pub(crate) struct SocketJob {
    pub(crate) request: Parcel,
    pub(crate) promise: Promise<Parcel>,
    pub(crate) attempts: Attempts,
}

impl SocketJob {
    pub(crate) fn new(request: Parcel, promise: Promise<Parcel>) -> Self {
        SocketJob { request, promise, attempts: Attempts::default() }
    }

    /// Um pedido que é do próprio trabalhador, e não de quem usa o pool: o `initializer`, ou o posto no anel. É o único
    /// que não tem itens, e quem lê a resposta é o [`PoolWorker`](crate::pool::worker::PoolWorker).
    pub(crate) fn own(request: Parcel) -> Self {
        let nothing = ChunkId { index: 0, len: 0 };
        SocketJob::new(request, Promise::keeping(nothing, drop, None))
    }

    /// Quantos itens tem.
    pub(crate) fn items(&self) -> usize {
        self.promise.chunk().len
    }

    /// Se é do próprio trabalhador.
    pub(crate) fn is_own(&self) -> bool {
        self.items() == 0
    }
}

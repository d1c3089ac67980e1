//! O transporte rápido: blocos que os trabalhadores pegam da memória compartilhada, sem passar pelo sistema.
//!
//! Um *mural* de casas ([`arena`], *slots*), que todos veem. O pai escreve um pedido numa casa; o trabalhador que estiver
//! livre o pega, e deixa a resposta na mesma casa. Ninguém no meio: a thread que pediu lê a resposta ela mesma. O soquete
//! de cada trabalhador continua lá, para o que a memória não leva, e o supervisor só entra quando algo dá errado.
//!
//! De baixo para cima. A memória: [`word`], uma palavra dela; [`ring`], [`steal`] e [`log_end`], os três protocolos; [`batch`], muitos
//! blocos numa casa só, um *maço*; [`bulk`], o que não cabe em casa nenhuma, e [`keeper`], até quando essa memória fica; [`arena`],
//! onde fica cada palavra. O trabalhador: [`seat`], o *posto* dele no anel;
//! [`backoff`], quanto procurar antes de dormir; [`worker_loop`], o que faz. O pai: [`watch`], os prazos; [`wakers`] e [`futures`], quem acorda os futuros; [`slot_state`] e
//! [`slot_table`], de quem é cada casa; [`deaths`], o que um morto deixou; [`lease`], as casas de uma chamada; [`in_flight`], um maço a
//! caminho. Sobre eles, as chamadas: [`pending`], `apply`; [`carrier`], `imap`, com [`pace`], a pressa de quem o consome, e
//! [`stream_batch`], um maço dele; e `map`: [`encoder`], os itens em bytes, e [`map_call`].

mod arena;
mod backoff;
mod batch;
mod bulk;
mod carrier;
mod deaths;
mod encoder;
mod futures;
mod in_flight;
mod keeper;
mod lease;
mod log_end;
mod map_call;
#[cfg(test)]
mod model;
mod pace;
mod pending;
mod ring;
pub(super) mod seat;
mod slot_state;
pub(super) mod slot_table;
mod steal;
mod stream_batch;
mod wakers;
mod watch;
mod word;
pub(super) mod worker_loop;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::dispatch::lane::Carrier;
use crate::dispatch::promise::Promise;
use crate::dispatch::result::AsyncResult;
use crate::parcel::{self, Descriptor, Parcel};
use crate::process::protocol::TaskRequest;
use crate::process::task::TaskId;
use batch::MOST;
use carrier::ShmCarrier;
pub(super) use encoder::ChunkSizing;
use encoder::MapEnds;
use map_call::MapCall;
pub(super) use map_call::MapLease;
use pending::PendingSlot;
use slot_state::Kind;
use slot_table::SlotTable;

/// Quantas casas um `imap` usa, por trabalhador, se ninguém diz.
const PER_WORKER: usize = 64;

/// E quantas no máximo, quando alguém diz.
const MOST_AT_ONCE: usize = 1024;

/// Quem leva os blocos de um `imap` entre processos, seja qual for o caminho.
pub(super) type BoxedCarrier = Box<dyn Carrier<Load = Result<TaskRequest, Error>, Payload = Parcel> + Send>;

/// As chamadas de um pool, pela memória. Cada uma diz se não há casas livres: então o soquete a faz.
#[derive(Clone)]
pub(super) struct ShmTransport {
    pub(super) slots: Arc<SlotTable>,
}

impl ShmTransport {
    /// Lugar para um `map`, se há.
    pub(super) fn lease_map(&self, window: Option<usize>) -> Option<MapLease> {
        MapLease::new(&self.slots, window)
    }

    /// Quem leva os blocos de um `imap`, se há casas livres.
    pub(super) fn carrier(
        &self,
        window: Option<usize>,
        by_socket: impl Fn(Parcel, Promise<Parcel>) + Send + 'static,
    ) -> Option<BoxedCarrier> {
        let wanted = window.unwrap_or(PER_WORKER * self.slots.workers()).min(MOST_AT_ONCE);
        Some(Box::new(ShmCarrier::new(&self.slots, wanted, by_socket)?))
    }

    /// `apply_async`, se há uma casa livre e a tarefa cabe nela.
    pub(super) fn apply<R: DeserializeOwned + 'static>(
        &self,
        task: TaskId,
        argument: &impl Serialize,
    ) -> Option<AsyncResult<R>> {
        let body = match Parcel::of(argument) {
            Ok(body) if body.descriptors.is_empty() => body,
            Ok(_) => return None,
            Err(error) => return Some(AsyncResult::failed(error)),
        };
        if let Err(error) = self.slots.check_owner() {
            return Some(AsyncResult::failed(error));
        }
        let slot = self.slots.lease_one()?;
        let view = self.slots.view();
        let write = || view.write_request(slot, task, 1, &body.bytes);
        let written = write() || {
            // Falta lugar no granel: talvez o devolva o que ninguém mais quer.
            self.slots.tidy();
            write()
        };
        if !written {
            self.slots.state().give_back([slot], []);
            return None;
        }
        if let Err(error) = self.slots.publish(slot, 1, slot, Kind::Detached) {
            self.slots.state().give_back([slot], []);
            return Some(AsyncResult::failed(error));
        }
        Some(AsyncResult::from_source(PendingSlot::new(self.slots.clone(), slot)))
    }
}

impl MapLease {
    /// Todos os resultados de `task` sobre `items`, na ordem.
    pub(super) fn map<A: Serialize, R: DeserializeOwned>(
        self,
        task: TaskId,
        items: impl Iterator<Item = A>,
        sizing: ChunkSizing,
        window: Option<usize>,
        by_socket: &dyn Fn(TaskId, &Parcel, Promise<Parcel>),
    ) -> Result<Vec<R>, Error> {
        let mut items = items.fuse();
        // Uma entrada sem fim também promete um tamanho.
        let mut results = Vec::with_capacity(items.size_hint().0.min(MOST));
        let mut next = |chunk: &mut Parcel, most, room, left_over: &mut _| {
            chunk.write_some(&mut items, most, room, left_over)
        };
        let mut take = |bytes: &[u8], descriptors: &[Descriptor]| {
            parcel::read_list_into(&mut results, bytes, descriptors)
        };
        let ends = MapEnds { next: &mut next, take: &mut take, by_socket };
        MapCall::new(self, task, sizing, window, ends).run()?;
        Ok(results)
    }
}

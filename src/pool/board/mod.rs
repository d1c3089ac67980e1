//! O transporte rápido: blocos que os trabalhadores pegam da memória compartilhada, sem passar pelo sistema.
//!
//! Um *mural* de casas, que todos veem. O pai escreve um pedido numa casa; o trabalhador que estiver livre o pega,
//! e deixa a resposta na mesma casa. Ninguém no meio: a thread que pediu lê a resposta ela mesma. O soquete de
//! cada trabalhador continua lá, para o que não cabe numa casa, e o supervisor só entra quando algo dá errado.
//!
//! De baixo para cima: [`claim`], o protocolo; [`layout`], onde fica cada palavra; [`attend`], o trabalhador;
//! [`desk`], o pai; [`reserve`], as casas de uma chamada; [`pack`], muitos blocos numa casa só; [`load`], um maço a
//! caminho. Sobre elas, as chamadas: [`batch`], `map`; [`courier`], `imap`; [`posted`], `apply`.

pub(crate) mod attend;
mod batch;
mod claim;
mod courier;
pub(crate) mod desk;
mod layout;
mod load;
#[cfg(test)]
mod model;
mod pack;
mod patience;
mod posted;
mod reserve;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::parcel::{self, Descriptor, Parcel};
use crate::pool::reply::{AsyncResult, Promise};
use crate::pool::stream::Courier;
use crate::process::protocol::Request;
use crate::process::task::TaskId;
use attend::Post;
pub(crate) use batch::Sizing;
use batch::{Batch, Ends, Errand, LOOSE, PACKS_AT_ONCE};
use courier::BoardCourier;
use desk::{Desk, Kind};
use layout::SHEET;
use posted::Posted;
use reserve::Reserve;

/// Quantas casas um `imap` usa, por trabalhador, se ninguém diz.
const PER_WORKER: usize = 64;

/// E quantas no máximo, quando alguém diz.
const MOST_AT_ONCE: usize = 1024;

/// Quem leva os blocos de um `imap` entre processos, seja qual for o caminho.
pub(crate) type BoxedCourier<'p> = Box<dyn Courier<Load = Result<Request, Error>, Payload = Parcel> + 'p>;

/// As chamadas de um pool, pelo mural. Cada uma devolve o que não pôde fazer: sem casas livres, o soquete a faz.
#[derive(Clone)]
pub(crate) struct Board {
    pub(crate) desk: Arc<Desk>,
}

impl Board {
    /// O posto do trabalhador `worker`.
    pub(crate) fn post(&self, worker: usize, quota: Option<usize>) -> Post {
        self.desk.post(worker, quota)
    }

    /// `map`, se há casas e maços livres; se não, os itens de volta.
    pub(crate) fn map<A: Serialize, R: DeserializeOwned, I: Iterator<Item = A>>(
        &self,
        task: TaskId,
        items: I,
        sizing: Sizing,
        window: Option<usize>,
        by_socket: &dyn Fn(TaskId, &Parcel, Promise<Parcel>),
    ) -> Result<Result<Vec<R>, Error>, I> {
        let Some((reserve, packs)) = self.room_for_a_batch(window) else { return Err(items) };
        let mut items = items.fuse();
        let mut results = Vec::with_capacity(items.size_hint().0);
        let mut next = |chunk: &mut Parcel, most, room, left_over: &mut _| {
            chunk.write_some(&mut items, most, room, left_over)
        };
        let mut take = |bytes: &[u8], descriptors: &[Descriptor]| {
            parcel::read_list_into(&mut results, bytes, descriptors)
        };
        let ends = Ends { next: &mut next, take: &mut take, by_socket };
        let outcome = Batch::new(reserve, packs, task, sizing, window, ends).run();
        Ok(outcome.map(|()| results))
    }

    fn room_for_a_batch(&self, window: Option<usize>) -> Option<(Reserve<Errand>, Vec<usize>)> {
        let packs = self.desk.reserve_packs(window.unwrap_or(usize::MAX).min(PACKS_AT_ONCE));
        if packs.is_empty() {
            return None;
        }
        let wanted = packs.len() * self.desk.workers() + LOOSE;
        // Com menos do que isto, um posto poderia ficar sem casa.
        let reserve = Reserve::new(&self.desk, wanted).filter(|reserve| reserve.capacity() == wanted);
        if reserve.is_none() {
            packs.iter().for_each(|&pack| self.desk.give_back_pack(pack, 0));
        }
        Some((reserve?, packs))
    }

    /// Quem leva os blocos de um `imap`, se há casas livres.
    pub(crate) fn courier<'p>(
        &self,
        window: Option<usize>,
        by_socket: impl Fn(Parcel, Promise<Parcel>) + 'p,
    ) -> Option<BoxedCourier<'p>> {
        let wanted = window.unwrap_or(PER_WORKER * self.desk.workers()).min(MOST_AT_ONCE);
        let reserve = Reserve::new(&self.desk, wanted)?;
        Some(Box::new(BoardCourier { reserve, by_socket }))
    }

    /// `apply_async`, se há uma casa livre e a tarefa cabe nela.
    pub(crate) fn apply<R: DeserializeOwned + 'static>(
        &self,
        task: TaskId,
        argument: &impl Serialize,
    ) -> Option<Result<AsyncResult<R>, Error>> {
        let body = match Parcel::of(argument) {
            Ok(body) if body.descriptors.is_empty() && body.bytes.len() <= SHEET => body,
            Ok(_) => return None,
            Err(error) => return Some(Err(error)),
        };
        let slot = self.desk.reserve_one()?;
        self.desk.view().write_request(slot, task, 1, &body.bytes);
        if let Err(error) = self.desk.publish(slot, std::iter::once((slot, 1)), Kind::Detached) {
            self.desk.give_back([slot], []);
            return Some(Err(error));
        }
        Some(Ok(AsyncResult::pending(Posted::new(self.desk.clone(), slot))))
    }
}

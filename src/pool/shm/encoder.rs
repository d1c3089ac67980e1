//! Os itens de um `map`, bloco a bloco, já em bytes.

use crate::Error;
use crate::dispatch::promise::Promise;
use crate::parcel::{Descriptor, Parcel};
use crate::process::task::TaskId;

/// Quantos bytes num bloco que se fecha onde convém: cabem muitos num maço, e ainda assim copiá-lo custa mais do que entregá-lo.
const ROOM: usize = 16 << 10;

/// Como os itens se repartem em blocos.
#[derive(Clone, Copy)]
pub(crate) struct ChunkSizing {
    /// Quantos itens num bloco, no máximo.
    pub(crate) items: usize,
    /// Fechar o bloco antes, para que não ocupe demais.
    pub(crate) fit: bool,
}

/// O que um `map` faz com os tipos de quem o chamou. Assim o resto dele se compila uma vez, e não uma por tarefa.
pub(super) struct MapEnds<'c> {
    /// Acrescenta ao bloco os próximos itens, e diz quantos: [`Parcel::write_some`].
    pub(super) next: &'c mut Next<'c>,
    /// Recebe os resultados de um bloco, o seguinte na ordem.
    pub(super) take: &'c mut Take<'c>,
    /// Entrega ao soquete um bloco que não passa pela memória.
    pub(super) by_socket: &'c dyn Fn(TaskId, &Parcel, Promise<Parcel>),
}

pub(super) type Next<'c> = dyn FnMut(&mut Parcel, usize, usize, &mut Vec<u8>) -> Result<usize, Error> + 'c;
pub(super) type Take<'c> = dyn FnMut(&[u8], &[Descriptor]) -> Result<(), Error> + 'c;

/// Os itens, bloco a bloco, já em bytes.
pub(super) struct ChunkEncoder<'c> {
    next: &'c mut Next<'c>,
    sizing: ChunkSizing,
    /// O bloco da vez, e quantos itens tem.
    pub(super) body: Parcel,
    pub(super) len: usize,
    /// O item que não coube nele.
    left_over: Vec<u8>,
}

impl<'c> ChunkEncoder<'c> {
    pub(super) fn new(next: &'c mut Next<'c>, sizing: ChunkSizing) -> Self {
        ChunkEncoder { next, sizing, body: Parcel::default(), len: 0, left_over: Vec::new() }
    }

    /// Se há um bloco, que fica em `body` até [`done`](Self::done).
    pub(super) fn peek(&mut self) -> Result<bool, Error> {
        if self.len > 0 {
            return Ok(true);
        }
        if !self.left_over.is_empty() {
            self.body.bytes.append(&mut self.left_over);
            self.len = 1;
        }
        let ChunkSizing { items, fit } = self.sizing;
        let room = if fit { ROOM } else { usize::MAX };
        self.len += (self.next)(&mut self.body, items - self.len, room, &mut self.left_over)?;
        Ok(self.len > 0)
    }

    pub(super) fn done(&mut self) {
        self.len = 0;
        self.body.bytes.clear();
        self.body.descriptors.clear();
    }
}

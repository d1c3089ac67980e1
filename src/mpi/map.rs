//! Um `map` inteiro: os mesmos blocos e as mesmas respostas de um fluxo, sem memória nova para cada um.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ranks::Call;
use super::world::World;
use crate::Error;
use crate::dispatch::promise::ChunkId;
use crate::parcel::{Parcel, read_list_into};
use crate::process::task::TaskId;

/// Uma chamada em andamento. Descartada antes do fim, o que falta dela já não interessa.
struct MapCall {
    world: World,
    call: Call,
}

/// Todos os resultados de `task` sobre `items`, em blocos de `chunk_size`, na ordem da entrada.
///
/// # Erros
///
/// O da primeira tarefa que falhou, ou do primeiro item que não virou bytes.
pub(super) fn map<A: Serialize, R: DeserializeOwned>(
    world: World,
    task: TaskId,
    items: impl Iterator<Item = A>,
    chunk_size: usize,
) -> Result<Vec<R>, Error> {
    let map = MapCall { call: world.next_call(true), world };
    let mut chunks = Chunks::new(task, items, chunk_size)?;
    let mut results = Results { values: Vec::new(), places: Vec::new() };
    let (mut sent, mut received) = (0, 0);
    loop {
        while sent < received + map.world.ranks().capacity()
            && let Some((chunk, body)) = chunks.next()?
        {
            map.world.ranks().send(map.call, chunk, body);
            sent += 1;
        }
        if received == sent {
            return Ok(results.in_order());
        }
        let add = |answer: &[u8]| read_list_into(&mut results.values, answer, &[]);
        let (chunk, outcome) = map.world.ranks().receive(map.call, add);
        outcome?;
        results.places.extend(chunk.index..chunk.index + chunk.len);
        received += 1;
    }
}

impl Drop for MapCall {
    fn drop(&mut self) {
        self.world.ranks().forget(self.call);
    }
}

/// Os itens, em blocos prontos para partir.
struct Chunks<I> {
    task: TaskId,
    items: I,
    chunk_size: usize,
    /// A posição do próximo item.
    next: usize,
    /// Um bloco. A memória serve ao próximo, e o cabeçalho também: só o último bloco pode ser menor do que os outros.
    message: Parcel,
    /// Onde acaba o cabeçalho.
    items_at: usize,
}

impl<A: Serialize, I: Iterator<Item = A>> Chunks<I> {
    fn new(task: TaskId, items: I, chunk_size: usize) -> Result<Self, Error> {
        let message = header(task, chunk_size)?;
        let items_at = message.bytes.len();
        Ok(Chunks { task, items, chunk_size, next: 0, message, items_at })
    }

    fn next(&mut self) -> Result<Option<(ChunkId, &[u8])>, Error> {
        self.message.bytes.truncate(self.items_at);
        let len = self.message.write_some(&mut self.items, self.chunk_size, usize::MAX, &mut Vec::new())?;
        if len == 0 {
            return Ok(None);
        }
        if len < self.chunk_size {
            let items = self.message.bytes.split_off(self.items_at);
            self.message.bytes = header(self.task, len)?.bytes;
            self.items_at = self.message.bytes.len();
            self.message.bytes.extend_from_slice(&items);
        }
        let chunk = ChunkId { index: self.next, len };
        self.next += len;
        Ok(Some((chunk, self.message.only_bytes()?)))
    }
}

/// O começo de um bloco: a tarefa, e quantos itens vêm.
pub(super) fn header(task: TaskId, items: usize) -> Result<Parcel, Error> {
    let mut header = Parcel::of(&task)?;
    header.write(&items)?;
    Ok(header)
}

/// Os resultados, como vão chegando.
struct Results<R> {
    values: Vec<R>,
    /// O lugar de cada um.
    places: Vec<usize>,
}

impl<R> Results<R> {
    fn in_order(self) -> Vec<R> {
        let mut ordered: Vec<Option<R>> = std::iter::repeat_with(|| None).take(self.values.len()).collect();
        for (place, value) in self.places.into_iter().zip(self.values) {
            ordered[place] = Some(value);
        }
        ordered.into_iter().flatten().collect()
    }
}

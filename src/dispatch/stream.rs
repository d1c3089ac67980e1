//! O que `map`, `imap` e `imap_unordered` têm em comum, com threads ou com processos.
//!
//! A entrada é consumida aos poucos: só até encher uma *janela* de blocos entregues e ainda não
//! respondidos. É por isso que uma entrada sem fim cabe na memória. O iterador de entrada roda na
//! thread de quem chama; ninguém mais precisa conhecê-lo.

use std::collections::BTreeMap;
use std::iter::Fuse;

use super::lane::Lane;
use super::promise::ChunkId;
use crate::Error;

/// Blocos em andamento por trabalhador. Cobre a entrega adiantada de tarefas curtas com folga.
const WINDOW_PER_WORKER: usize = 64;

/// Quantos bytes, de argumentos e de resultados, podem esperar quando os blocos são grandes.
const WINDOW_BYTES: usize = 16 << 20;

/// Quantos itens vão em cada bloco quando ninguém diz: quatro blocos por trabalhador, como em Python.
pub(crate) fn default_chunk_size(items: usize, workers: usize) -> usize {
    items.div_ceil(4 * workers).max(1)
}

/// Blocos que saem de um iterador e voltam respondidos.
///
/// `load` prepara os itens de um bloco para a viagem; `weigh` diz quantos bytes ocupa uma resposta (zero entre threads).
pub(crate) struct Stream<I: Iterator, L, C: Lane, R> {
    items: Fuse<I>,
    load: L,
    chunk_size: usize,
    workers: usize,
    /// Quantos blocos em andamento, se quem chamou escolheu.
    fixed_window: Option<usize>,
    lane: C,
    weigh: fn(&C::Payload) -> usize,
    open: fn(C::Payload) -> Result<Vec<R>, Error>,
    submitted: usize,
    received: usize,
    bytes_out: usize,
    bytes_in: usize,
}

/// Os resultados de um bloco, ou a falha que vale para cada um dos seus itens.
pub(crate) struct Chunk<R> {
    id: ChunkId,
    values: Result<Vec<R>, Error>,
}

impl<I, L, C, R> Stream<I, L, C, R>
where
    I: Iterator,
    L: FnMut(Vec<I::Item>) -> C::Load,
    C: Lane,
{
    pub(crate) fn new(
        items: I,
        load: L,
        chunk_size: usize,
        workers: usize,
        lane: C,
        weigh: fn(&C::Payload) -> usize,
        open: fn(C::Payload) -> Result<Vec<R>, Error>,
    ) -> Self {
        Stream {
            items: items.fuse(),
            load,
            chunk_size,
            workers,
            fixed_window: None,
            lane,
            weigh,
            open,
            submitted: 0,
            received: 0,
            bytes_out: 0,
            bytes_in: 0,
        }
    }

    pub(crate) fn with_window(mut self, chunks: Option<usize>) -> Self {
        self.fixed_window = chunks;
        self
    }

    /// Quantos blocos podem estar em andamento, pelo tamanho dos que já foram e voltaram.
    ///
    /// Começa em dois por trabalhador e cresce um a cada resposta: um argumento pequeno pode trazer um
    /// resultado enorme, e só a primeira resposta diz.
    fn window(&self) -> usize {
        if let Some(chunks) = self.fixed_window {
            return chunks.min(self.lane.capacity());
        }
        let mean = self.bytes_out / self.submitted.max(1) + self.bytes_in / self.received.max(1) + 1;
        let least = 2 * self.workers;
        let most = (least + self.received).min(WINDOW_PER_WORKER * self.workers);
        (WINDOW_BYTES / mean).clamp(least, most).min(self.lane.capacity())
    }

    /// Entrega blocos até a janela encher, contada a partir do bloco `first`.
    fn submit_from(&mut self, first: usize) {
        while self.submitted < first + self.window() {
            let items: Vec<_> = self.items.by_ref().take(self.chunk_size).collect();
            if items.is_empty() {
                return;
            }
            let id = ChunkId { index: self.submitted, len: items.len() };
            self.submitted += 1;
            self.bytes_out += self.lane.send(id, (self.load)(items));
        }
    }

    /// O próximo bloco que ficar pronto; `None` quando não há mais nenhum em andamento.
    fn receive(&mut self) -> Option<Chunk<R>> {
        if self.received == self.submitted {
            return None;
        }
        let (id, answer) = self.lane.receive()?;
        self.received += 1;
        self.bytes_in += answer.as_ref().map_or(0, self.weigh);
        Some(Chunk { id, values: answer.and_then(self.open) })
    }

    /// Todos os resultados, na ordem da entrada.
    ///
    /// A primeira falha interrompe a entrega; entre as que já chegaram, vale a de menor índice.
    pub(crate) fn collect(mut self) -> Result<Vec<R>, Error> {
        let mut chunks: Vec<Option<Vec<R>>> = Vec::new();
        loop {
            self.submit_from(self.received);
            let Some(Chunk { id, values }) = self.receive() else { break };
            let values = values.map_err(|error| self.first_failure(id.index, error))?;
            chunks.resize_with(chunks.len().max(id.index + 1), || None);
            chunks[id.index] = Some(values);
        }
        Ok(chunks.into_iter().flatten().flatten().collect())
    }

    fn first_failure(&mut self, index: usize, error: Error) -> Error {
        let arrived = std::iter::from_fn(|| self.lane.try_receive());
        let others = arrived.filter_map(|(id, answer)| Some((id.index, answer.err()?)));
        others.chain([(index, error.clone())]).min_by_key(|(index, _)| *index).map_or(error, |(_, e)| e)
    }

    /// Um resultado por item, na ordem em que os blocos ficam prontos.
    pub(crate) fn unordered(mut self) -> impl Iterator<Item = Result<R, Error>> {
        std::iter::from_fn(move || {
            self.submit_from(self.received);
            self.receive()
        })
        .flatten()
    }

    /// Um resultado por item, na ordem da entrada. Os que chegam adiantados esperam a sua vez, e
    /// contam na janela.
    pub(crate) fn ordered(mut self) -> impl Iterator<Item = Result<R, Error>> {
        let mut early = BTreeMap::new();
        let mut next = 0;
        std::iter::from_fn(move || {
            loop {
                // Também à espera de um bloco demorado: cada resposta adiantada pode abrir a janela.
                self.submit_from(next);
                if let Some(chunk) = early.remove(&next) {
                    next += 1;
                    return Some(chunk);
                }
                let chunk = self.receive()?;
                early.insert(chunk.id.index, chunk);
            }
        })
        .flatten()
    }
}

impl<R> IntoIterator for Chunk<R> {
    type Item = Result<R, Error>;
    type IntoIter = Items<R>;

    fn into_iter(self) -> Items<R> {
        match self.values {
            Ok(values) => Items::Values(values.into_iter()),
            Err(error) => Items::Failed(std::iter::repeat_n(error, self.id.len)),
        }
    }
}

/// Os itens de um bloco, um a um.
pub(crate) enum Items<R> {
    Values(std::vec::IntoIter<R>),
    Failed(std::iter::RepeatN<Error>),
}

impl<R> Iterator for Items<R> {
    type Item = Result<R, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Items::Values(values) => values.next().map(Ok),
            Items::Failed(failures) => failures.next().map(Err),
        }
    }
}

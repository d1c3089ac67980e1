//! O que `map`, `imap` e `imap_unordered` têm em comum, com threads ou com processos.
//!
//! A entrada é consumida aos poucos: só até encher uma *janela* de blocos entregues e ainda não
//! respondidos. É por isso que uma entrada sem fim cabe na memória. O iterador de entrada roda na
//! thread de quem chama; ninguém mais precisa conhecê-lo.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use super::lane::{Lane, Returned};
use super::promise::ChunkId;
use crate::Error;
use crate::process::copy::process_id;

/// Blocos em andamento por trabalhador. Cobre a entrega adiantada de tarefas curtas com folga; das curtíssimas, quem as leva pode
/// querer mais ([`Lane::ahead`]).
const WINDOW_PER_WORKER: usize = 64;

/// Quantos bytes, de argumentos e de resultados, podem esperar quando os blocos são grandes.
const WINDOW_BYTES: usize = 16 << 20;

/// Quantos itens vão em cada bloco quando ninguém diz: quatro blocos por trabalhador, como em Python.
pub(crate) fn default_chunk_size(items: usize, workers: usize) -> usize {
    items.div_ceil(4 * workers).max(1)
}

/// Blocos que saem de um iterador e voltam respondidos.
pub(crate) struct Stream<I: Iterator, R, L> {
    items: I,
    /// Se a entrada acabou. Ela fica até o fim do fluxo: pode ser dona de algo de que as tarefas ainda precisam.
    is_exhausted: bool,
    chunk_size: usize,
    workers: usize,
    /// Quantos blocos em andamento, se quem chamou escolheu.
    fixed_window: Option<usize>,
    lane: L,
    submitted: usize,
    received: usize,
    bytes_out: RecentMean,
    bytes_in: RecentMean,
    /// O processo a quem as respostas virão, e não a uma cópia (`fork`) dele.
    owner: u32,
    results: PhantomData<fn() -> R>,
}

/// A média dos últimos: os de muito antes pesam cada vez menos.
#[derive(Default)]
struct RecentMean {
    sum: usize,
    count: usize,
}

impl RecentMean {
    /// De quantos, mais ou menos.
    const RECENT: usize = 256;

    fn add(&mut self, value: usize) {
        if self.count == 2 * Self::RECENT {
            self.sum /= 2;
            self.count /= 2;
        }
        self.sum += value;
        self.count += 1;
    }

    fn get(&self) -> usize {
        self.sum / self.count.max(1)
    }
}

/// Os resultados de um bloco, ou a falha que vale para cada um dos seus itens.
pub(crate) struct Chunk<R> {
    id: ChunkId,
    values: Result<Vec<R>, Error>,
}

impl<I: Iterator, R, L: Lane<I::Item, R>> Stream<I, R, L> {
    pub(crate) fn new(items: I, chunk_size: usize, workers: usize, lane: L) -> Self {
        Stream {
            items,
            is_exhausted: false,
            chunk_size,
            workers,
            fixed_window: None,
            lane,
            submitted: 0,
            received: 0,
            bytes_out: RecentMean::default(),
            bytes_in: RecentMean::default(),
            owner: process_id(),
            results: PhantomData,
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
        let mean = self.bytes_out.get() + self.bytes_in.get() + 1;
        let least = 2 * self.workers;
        let most = (least + self.received).min(self.lane.ahead().max(WINDOW_PER_WORKER * self.workers));
        (WINDOW_BYTES / mean).clamp(least, most).min(self.lane.capacity())
    }

    /// Entrega blocos até a janela encher, contada a partir do bloco `first`.
    fn submit_from(&mut self, first: usize) {
        while !self.is_exhausted && self.submitted < first.saturating_add(self.window()) {
            let items: Vec<_> = self.items.by_ref().take(self.chunk_size).collect();
            self.is_exhausted = items.len() < self.chunk_size;
            if items.is_empty() {
                return;
            }
            let id = ChunkId { index: self.submitted, len: items.len() };
            self.submitted += 1;
            let bytes = self.lane.send(id, items);
            self.bytes_out.add(bytes);
        }
    }

    /// O próximo bloco que ficar pronto; `None` quando não há mais nenhum em andamento.
    fn receive(&mut self) -> Option<Chunk<R>> {
        if self.received == self.submitted {
            return None;
        }
        let Returned { chunk: id, values, bytes } = self.lane.receive()?;
        self.received += 1;
        self.bytes_in.add(bytes);
        Some(Chunk { id, values })
    }

    /// Todos os resultados, na ordem da entrada. `progress` ouve quantos itens estão prontos, a cada bloco que volta.
    ///
    /// A primeira falha interrompe a entrega; entre as que já chegaram, vale a de menor índice.
    pub(crate) fn collect(mut self, mut progress: impl FnMut(usize)) -> Result<Vec<R>, Error> {
        let mut done = 0;
        let mut chunks: Vec<Option<Vec<R>>> = Vec::new();
        loop {
            self.submit_from(self.received);
            let Some(Chunk { id, values }) = self.receive() else { break };
            let values = values.map_err(|error| self.first_failure(id.index, error))?;
            done += id.len;
            progress(done);
            chunks.resize_with(chunks.len().max(id.index + 1), || None);
            chunks[id.index] = Some(values);
        }
        Ok(chunks.into_iter().flatten().flatten().collect())
    }

    fn first_failure(&mut self, index: usize, error: Error) -> Error {
        let arrived = std::iter::from_fn(|| self.lane.try_receive());
        let others = arrived.filter_map(|returned| Some((returned.chunk.index, returned.values.err()?)));
        others.chain([(index, error.clone())]).min_by_key(|(index, _)| *index).map_or(error, |(_, e)| e)
    }

    /// O próximo bloco na ordem em que eles ficam prontos.
    fn next_ready(&mut self) -> Option<Chunk<R>> {
        self.submit_from(self.received);
        self.receive()
    }

    /// O bloco `next`, na ordem da entrada. Os que chegam adiantados esperam a sua vez, e contam na janela.
    fn next_in_order(&mut self, next: usize, early: &mut BTreeMap<usize, Chunk<R>>) -> Option<Chunk<R>> {
        loop {
            // Também à espera de um bloco demorado: cada resposta adiantada pode abrir a janela.
            self.submit_from(next);
            if let Some(chunk) = early.remove(&next) {
                return Some(chunk);
            }
            let chunk = self.receive()?;
            if chunk.id.index == next {
                return Some(chunk);
            }
            early.insert(chunk.id.index, chunk);
        }
    }

    /// Um resultado por item, na ordem em que os blocos ficam prontos.
    pub(crate) fn unordered(self) -> Results<I, R, L> {
        Results { stream: self, in_order: None, current: None, has_ended: false }
    }

    /// Um resultado por item, na ordem da entrada.
    pub(crate) fn ordered(self) -> Results<I, R, L> {
        Results {
            stream: self,
            in_order: Some(InOrder { next: 0, early: BTreeMap::new() }),
            current: None,
            has_ended: false,
        }
    }
}

/// Um resultado por item, um a um.
pub(crate) struct Results<I: Iterator, R, L> {
    stream: Stream<I, R, L>,
    /// Nada, se a ordem é a em que ficam prontos.
    in_order: Option<InOrder<R>>,
    current: Option<Items<R>>,
    /// Se uma cópia do processo já soube que nada virá.
    has_ended: bool,
}

struct InOrder<R> {
    next: usize,
    /// Os que chegaram antes da sua vez.
    early: BTreeMap<usize, Chunk<R>>,
}

impl<I: Iterator, R, L: Lane<I::Item, R>> Iterator for Results<I, R, L> {
    type Item = Result<R, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stream.owner != process_id() {
            let already = std::mem::replace(&mut self.has_ended, true);
            return (!already).then_some(Err(Error::OtherProcess));
        }
        loop {
            if let Some(result) = self.current.as_mut().and_then(Iterator::next) {
                return Some(result);
            }
            let chunk = match &mut self.in_order {
                None => self.stream.next_ready()?,
                Some(order) => {
                    let chunk = self.stream.next_in_order(order.next, &mut order.early)?;
                    order.next += 1;
                    chunk
                }
            };
            self.current = Some(chunk.into_iter());
        }
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

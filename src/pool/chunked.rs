//! As mesmas chamadas, com blocos do tamanho que se quiser.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::core::{Core, Route};
use super::shm::{BoxedLane, ChunkSizing};
use crate::Error;
use crate::dispatch::stream::Stream;
use crate::parcel::Parcel;
use crate::process::protocol::{self, TaskRequest};
use crate::process::task::TaskId;

/// Um [`Pool`](crate::Pool) com o tamanho do bloco escolhido; vem de [`Pool::chunk_size`](crate::Pool::chunk_size).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// // De dez em dez, e lendo no máximo quatro blocos adiante.
/// let em_blocos = pool.chunk_size(10)?.window(4);
/// let soma: u64 = em_blocos.imap(|x: u64| x + 1, 0..100).sum::<Result<u64, Error>>()?;
/// assert_eq!(soma, 5050);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Chunked<'p> {
    core: &'p Core,
    sizing: ChunkSizing,
    window: Option<usize>,
}

impl<'p> Chunked<'p> {
    pub(super) fn new(core: &'p Core, chunk_size: usize) -> Self {
        Chunked { core, sizing: ChunkSizing { items: chunk_size, fit: false }, window: None }
    }

    /// Blocos de até `chunk_size` itens, e menores onde for preciso para que passem pelo caminho rápido.
    pub(super) fn fitting(core: &'p Core, chunk_size: usize) -> Self {
        Chunked { core, sizing: ChunkSizing { items: chunk_size, fit: true }, window: None }
    }

    /// Quantos blocos podem estar entregues e ainda sem resposta consumida, pelo menos 1: até onde `imap` lê a
    /// entrada antes de se consumir a saída. Sem isto, o pool escolhe pelo tamanho dos blocos. Por memória podem ser
    /// menos, se outras chamadas ocupam o pool.
    pub fn window(mut self, chunks: usize) -> Self {
        self.window = Some(chunks.max(1));
        self
    }

    /// Como [`Pool::map`](crate::Pool::map).
    ///
    /// # Erros
    ///
    /// Os de [`Pool::map`](crate::Pool::map).
    pub fn map<F, A, R>(self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        self.map_task(TaskId::of(function)?, items.into_iter())
    }

    /// O mesmo, já sem o tipo da função: compila-se uma vez para cada tipo de entrada e de resultado, e não uma por
    /// tarefa.
    fn map_task<A, R>(self, task: TaskId, items: impl Iterator<Item = A>) -> Result<Vec<R>, Error>
    where
        A: Serialize,
        R: DeserializeOwned,
    {
        match self.core.route(self.window) {
            Route::Socket => self.stream(Ok(task), items).collect(),
            Route::Shm(lease) => {
                let by_socket = self.core.sender();
                lease.map(task, items, self.sizing, self.window, &|task, body, promise| {
                    match protocol::request_with(task, promise.chunk().len, body) {
                        Ok(frame) => by_socket(frame, promise),
                        Err(error) => promise.keep(Err(error)),
                    }
                })
            }
        }
    }

    /// Como [`Pool::imap`](crate::Pool::imap).
    pub fn imap<F, A, R, I>(
        self,
        function: F,
        items: I,
    ) -> impl Iterator<Item = Result<R, Error>> + use<'p, F, A, R, I>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        I: IntoIterator<Item = A>,
    {
        self.stream(TaskId::of(function), items.into_iter()).ordered()
    }

    /// Como [`Pool::imap_unordered`](crate::Pool::imap_unordered).
    pub fn imap_unordered<F, A, R, I>(
        self,
        function: F,
        items: I,
    ) -> impl Iterator<Item = Result<R, Error>> + use<'p, F, A, R, I>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        I: IntoIterator<Item = A>,
    {
        self.stream(TaskId::of(function), items.into_iter()).unordered()
    }

    /// Um fluxo, pelo caminho que houver.
    fn stream<A, R, I>(
        self,
        task: Result<TaskId, Error>,
        items: I,
    ) -> Stream<I, impl FnMut(Vec<A>) -> Result<TaskRequest, Error> + use<A, R, I>, BoxedLane<'p>, R>
    where
        A: Serialize,
        R: DeserializeOwned,
        I: Iterator<Item = A>,
    {
        let load = move |items: Vec<A>| protocol::request_of(task.clone()?, &items);
        let weigh = |answer: &Parcel| answer.bytes.len();
        let (core, chunk_size) = (self.core, self.sizing.items);
        let open = protocol::read_results;
        Stream::new(items, load, chunk_size, core.workers, core.lane(self.window), weigh, open)
            .with_window(self.window)
    }
}

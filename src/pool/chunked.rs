//! `map` e `imap` de um pool, com blocos de um tamanho dado.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::calls::{lane, map_task};
use super::front::Pool;
use super::shm::ChunkSizing;
use crate::Error;
use crate::codec::portable::Portable;
use crate::dispatch::chunked::Chunked;
use crate::dispatch::imap::{BoxedLane, Imap};
use crate::dispatch::stream::Stream;
use crate::process::function::Task;
use crate::process::task::TaskId;

impl Chunked<'_, Pool> {
    /// Como [`Pool::map`](crate::Pool::map).
    ///
    /// # Erros
    ///
    /// Os de [`Pool::map`](crate::Pool::map).
    pub fn map<F, A, R>(self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        let sizing = ChunkSizing { items: self.chunk_size, fit: false };
        map_task(self.pool.core(), TaskId::of(function)?, items.into_iter(), sizing, self.window)
    }

    /// Como [`Pool::map_with_progress`](crate::Pool::map_with_progress).
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let (pool, mut avisos) = (Pool::new(2)?, 0);
    /// pool.chunk_size(25)?.map_with_progress(|x: u64| x * x, 0..100, |_prontos| avisos += 1)?;
    /// assert_eq!(avisos, 4); // um a cada bloco
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// Os de [`Pool::map`](crate::Pool::map).
    pub fn map_with_progress<F, A, R>(
        self,
        function: F,
        items: impl IntoIterator<Item = A>,
        progress: impl FnMut(usize),
    ) -> Result<Vec<R>, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        let (core, task) = (self.pool.core(), TaskId::of(function)?);
        let lane = lane(core, Ok(task), self.window);
        let stream = Stream::new(items.into_iter(), self.chunk_size, core.workers, lane);
        stream.with_window(self.window).collect(progress)
    }

    /// Como [`Pool::imap`](crate::Pool::imap).
    pub fn imap<F, A, R, I>(self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Task<A, R>,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        Imap::new(self.stream(TaskId::of(function), items.into_iter()).ordered())
    }

    /// Como [`Pool::imap_unordered`](crate::Pool::imap_unordered).
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let (pool, mut soma) = (Pool::new(2)?, 0);
    /// // Numa soma a ordem não importa: nenhum bloco espera por outro que demora.
    /// for quadrado in pool.chunk_size(10)?.imap_unordered(|x: u64| x * x, 0..100) {
    ///     soma += quadrado?;
    /// }
    /// assert_eq!(soma, 328_350);
    /// # Ok(())
    /// # }
    /// ```
    pub fn imap_unordered<F, A, R, I>(self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Task<A, R>,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        Imap::new(self.stream(TaskId::of(function), items.into_iter()).unordered())
    }

    fn stream<A, R, I>(self, task: Result<TaskId, Error>, items: I) -> Stream<I, R, BoxedLane<A, R>>
    where
        A: Serialize + 'static,
        R: DeserializeOwned + 'static,
        I: Iterator<Item = A>,
    {
        let core = self.pool.core();
        let lane = Box::new(lane(core, task, self.window)) as BoxedLane<A, R>;
        Stream::new(items, self.chunk_size, core.workers, lane).with_window(self.window)
    }
}

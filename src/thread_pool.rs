//! As mesmas chamadas do pool de processos, com threads e um canal da crossbeam.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, unbounded};

use crate::Error;
use crate::dispatch::lane::{ChannelLane, Lane};
use crate::dispatch::promise::{ChunkId, Promise};
use crate::dispatch::result::AsyncResult;
use crate::dispatch::stream::{Stream, default_chunk_size};
use crate::process::copy::process_id;
use crate::process::panics;

type ThreadJob = Box<dyn FnOnce() + Send>;

/// Um conjunto de threads que recebem tarefas e devolvem resultados.
///
/// É o `multiprocessing.dummy` do Python: troque `Pool` por `ThreadPool` e o resto do programa fica
/// igual. As diferenças são as das threads: nada vira bytes, a tarefa pode capturar valores, e uma
/// thread não pode ser morta; por isso descartar o pool espera as tarefas que já começaram.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{Error, ThreadPool};
/// # fn main() -> Result<(), Error> {
/// let fator = 3;
/// let pool = ThreadPool::new(2)?;
/// assert_eq!(pool.map(move |x: u64| x * fator, 0..4)?, [0, 3, 6, 9]);
/// # Ok(())
/// # }
/// ```
///
/// Um `Rc` não pode mudar de thread, e o compilador sabe:
///
/// ```compile_fail
/// # use multiprocessamento::ThreadPool;
/// let pool = ThreadPool::new(2).unwrap();
/// pool.map(|x: std::rc::Rc<u64>| *x, [std::rc::Rc::new(1)]).unwrap();
/// ```
pub struct ThreadPool {
    jobs: Option<Sender<ThreadJob>>,
    threads: Vec<JoinHandle<()>>,
    closed: AtomicBool,
    terminated: Arc<AtomicBool>,
    /// O processo que criou as threads.
    owner: u32,
}

/// Opções de um [`ThreadPool`], como as de um [`PoolBuilder`](crate::PoolBuilder).
#[derive(Clone, Debug)]
pub struct ThreadPoolBuilder {
    workers: usize,
    name: String,
}

impl ThreadPoolBuilder {
    /// Quantas threads. Sem isto: uma por núcleo que este processo pode usar.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// O nome do pool; o da thread `i` é `nome-i`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Cria as threads.
    ///
    /// # Erros
    ///
    /// Os de [`ThreadPool::new`].
    pub fn build(self) -> Result<ThreadPool, Error> {
        if self.workers == 0 {
            return Err(Error::NoWorkers);
        }
        let (jobs, queue) = unbounded::<ThreadJob>();
        let mut pool = ThreadPool {
            jobs: Some(jobs),
            threads: Vec::with_capacity(self.workers),
            closed: AtomicBool::new(false),
            terminated: Arc::default(),
            owner: process_id(),
        };
        for i in 1..=self.workers {
            let queue = queue.clone();
            // Um erro no meio descarta o pool, o que encerra as threads já criadas.
            let thread = thread::Builder::new()
                .name(format!("{}-{i}", self.name))
                .spawn(move || queue.iter().for_each(|job| job()))
                .map_err(Error::spawn)?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }
}

impl ThreadPool {
    /// Um pool de `workers` threads.
    ///
    /// # Erros
    ///
    /// [`Error::NoWorkers`] com zero; [`Error::Spawn`] se o sistema recusou uma thread.
    pub fn new(workers: usize) -> Result<Self, Error> {
        ThreadPool::builder().workers(workers).build()
    }

    /// Opções, antes de criar o pool.
    pub fn builder() -> ThreadPoolBuilder {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        ThreadPoolBuilder { workers, name: "ThreadPool".to_owned() }
    }

    /// Quantas threads o pool mantém.
    pub fn workers(&self) -> usize {
        self.threads.len()
    }

    /// As mesmas chamadas, com blocos de `chunk_size` itens.
    ///
    /// # Erros
    ///
    /// [`Error::EmptyChunk`] com zero.
    pub fn chunk_size(&self, chunk_size: usize) -> Result<ChunkedThreads<'_>, Error> {
        if chunk_size == 0 {
            return Err(Error::EmptyChunk);
        }
        Ok(ChunkedThreads { pool: self, chunk_size, window: None })
    }

    /// `function` sobre cada item; devolve os resultados na ordem da entrada.
    ///
    /// # Erros
    ///
    /// [`Error::Panicked`] da primeira tarefa que falhar; [`Error::Closed`] depois de
    /// [`close`](Self::close).
    pub fn map<F, A, R>(&self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        let items: Vec<A> = items.into_iter().collect();
        let chunk_size = default_chunk_size(items.len(), self.workers());
        ChunkedThreads { pool: self, chunk_size, window: None }.map(function, items)
    }

    /// Um resultado por item, na ordem da entrada, assim que cada um fica pronto. A entrada é lida aos
    /// poucos e pode não ter fim.
    pub fn imap<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R, Error>>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        ChunkedThreads { pool: self, chunk_size: 1, window: None }.imap(function, items)
    }

    /// Como [`imap`](Self::imap), na ordem em que as tarefas terminam.
    pub fn imap_unordered<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R, Error>>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        ChunkedThreads { pool: self, chunk_size: 1, window: None }.imap_unordered(function, items)
    }

    /// Roda uma tarefa e espera o resultado.
    ///
    /// # Erros
    ///
    /// Os de [`AsyncResult::get`] e [`Error::Closed`].
    pub fn apply<F, A, R>(&self, function: F, argument: A) -> Result<R, Error>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        self.apply_async(function, argument).get()
    }

    /// Entrega uma tarefa e volta logo; o resultado, ou a falha, vem do [`AsyncResult`].
    pub fn apply_async<F, A, R>(&self, function: F, argument: A) -> AsyncResult<R>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        let (to, answers) = crossbeam_channel::bounded(1);
        let promise = Promise::new(ChunkId { index: 0, len: 1 }, to, None);
        self.submit(function, vec![argument], promise);
        AsyncResult::new(answers, Ok)
    }

    /// Não aceita mais tarefas; as já entregues terminam.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// Fecha o pool, espera as tarefas já entregues e o fim de todas as threads.
    pub fn join(mut self) {
        self.close();
        self.wait_threads();
    }

    /// Não começa mais nenhuma tarefa. As que não começaram recebem [`Error::Terminated`]; as que
    /// começaram vão até o fim, porque uma thread não pode ser morta.
    pub fn terminate(&self) {
        self.close();
        self.terminated.store(true, Ordering::SeqCst);
    }

    fn submit<F, A, R>(&self, function: F, items: Vec<A>, promise: Promise<Vec<R>>)
    where
        F: Fn(A) -> R + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        if self.owner != process_id() {
            return promise.keep(Err(Error::OtherProcess));
        }
        let Some(jobs) = self.jobs.as_ref().filter(|_| !self.closed.load(Ordering::SeqCst)) else {
            return promise.keep(Err(Error::Closed));
        };
        let terminated = self.terminated.clone();
        let job = move || {
            if promise.is_wanted() && !terminated.load(Ordering::SeqCst) {
                promise.keep(panics::catch(|| items.into_iter().map(function).collect()));
            }
        };
        // Só falharia sem nenhuma thread à escuta; a promessa descartada responderia por si.
        let _ = jobs.send(Box::new(job));
    }

    fn wait_threads(&mut self) {
        if self.owner != process_id() {
            // Uma cópia (`fork`) não tem as threads, e esperaria por elas para sempre.
            return;
        }
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // Uma tarefa em pânico não chega aqui: `panics::catch` a devolveu a quem a pediu.
            let _ = thread.join();
        }
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.terminate();
        self.wait_threads();
    }
}

/// Um [`ThreadPool`] com o tamanho do bloco escolhido, como um [`Chunked`](crate::Chunked); vem de
/// [`ThreadPool::chunk_size`].
#[derive(Clone, Copy)]
pub struct ChunkedThreads<'p> {
    pool: &'p ThreadPool,
    chunk_size: usize,
    window: Option<usize>,
}

impl<'p> ChunkedThreads<'p> {
    /// Como [`Chunked::window`](crate::Chunked::window).
    pub fn window(mut self, chunks: usize) -> Self {
        self.window = Some(chunks.max(1));
        self
    }

    /// Como [`ThreadPool::map`].
    ///
    /// # Erros
    ///
    /// Os de [`ThreadPool::map`].
    pub fn map<F, A, R>(self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        self.stream(function, items).collect()
    }

    /// Como [`ThreadPool::imap`].
    pub fn imap<F, A, R, I>(
        self,
        function: F,
        items: I,
    ) -> impl Iterator<Item = Result<R, Error>> + use<'p, F, A, R, I>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        self.stream(function, items).ordered()
    }

    /// Como [`ThreadPool::imap_unordered`].
    pub fn imap_unordered<F, A, R, I>(
        self,
        function: F,
        items: I,
    ) -> impl Iterator<Item = Result<R, Error>> + use<'p, F, A, R, I>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        self.stream(function, items).unordered()
    }

    #[expect(clippy::type_complexity, reason = "o fecho que prepara os blocos não tem nome")]
    fn stream<F, A, R, I>(
        self,
        function: F,
        items: I,
    ) -> Stream<
        I::IntoIter,
        fn(Vec<A>) -> Vec<A>,
        impl Lane<Load = Vec<A>, Payload = Vec<R>> + use<'p, F, A, R, I>,
        R,
    >
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        let pool = self.pool;
        let submit = move |items: Vec<A>, promise| {
            pool.submit(function.clone(), items, promise);
            0
        };
        let lane = ChannelLane::new(submit);
        let as_they_are = std::convert::identity as fn(Vec<A>) -> Vec<A>;
        Stream::new(items.into_iter(), as_they_are, self.chunk_size, pool.workers(), lane, |_| 0, Ok)
            .with_window(self.window)
    }
}

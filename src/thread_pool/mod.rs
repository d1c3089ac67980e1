//! As mesmas chamadas do pool de processos, com threads e um canal da crossbeam.

mod core;
mod map_call;

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use self::core::ThreadCore;
use crate::Error;
use crate::dispatch::chunked::Chunked;
use crate::dispatch::imap::{BoxedLane, Imap};
use crate::dispatch::lane::{ChannelCarrier, Packed};
use crate::dispatch::result::AsyncResult;
use crate::dispatch::stream::{Stream, default_chunk_size};
use crate::dispatch::wake::is_waking;
use map_call::MapCall;

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
///
/// O que todas as tarefas leem pode ir à parte, escrito como num [`Pool`](crate::Pool), e aqui numa cópia só:
///
/// ```
/// # use multiprocessamento::{Error, ThreadPool};
/// # fn main() -> Result<(), Error> {
/// let tabela = vec![10, 20, 30];
/// let pool = ThreadPool::new(2)?;
/// let com_tabela = pool.with_context(&tabela)?;
/// assert_eq!(com_tabela.map(|tabela: &Vec<u64>, i: usize| tabela[i], [2, 0])?, [30, 10]);
/// # Ok(())
/// # }
/// ```
#[must_use = "descartado, o que não começou se perde, e se espera o que começou"]
pub struct ThreadPool {
    core: Arc<ThreadCore>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool").field("workers", &self.workers()).finish_non_exhaustive()
    }
}

/// Opções de um [`ThreadPool`], como as de um [`PoolBuilder`](crate::PoolBuilder).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{Error, ThreadPool};
/// # fn main() -> Result<(), Error> {
/// let pool = ThreadPool::builder().workers(2).name("forno").build()?;
/// let nome = pool.apply(|()| std::thread::current().name().map(str::to_owned), ())?;
/// assert!(nome.is_some_and(|nome| nome.starts_with("forno-")));
/// # Ok(())
/// # }
/// ```
#[must_use = "nenhuma thread nasce antes de `build`"]
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
        Error::at_least_one("workers", self.workers)?;
        let core = Arc::new(ThreadCore::new(self.workers));
        let mut pool = ThreadPool { core, threads: Vec::with_capacity(self.workers) };
        for i in 1..=self.workers {
            let queue = pool.core.queue.clone();
            // Um erro no meio descarta o pool, o que encerra as threads já criadas.
            let thread = thread::Builder::new()
                .name(format!("{}-{i}", self.name))
                .spawn(move || queue.iter().map_while(|job| job).for_each(|job| job()))
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
    /// [`Error::InvalidArgument`] com zero; [`Error::Spawn`] se o sistema recusou uma thread.
    pub fn new(workers: usize) -> Result<Self, Error> {
        ThreadPool::builder().workers(workers).build()
    }

    /// Opções, antes de criar o pool.
    pub fn builder() -> ThreadPoolBuilder {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        ThreadPoolBuilder { workers, name: "ThreadPool".to_owned() }
    }

    /// Quantas threads o pool mantém.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{Error, ThreadPool};
    /// # fn main() -> Result<(), Error> {
    /// let pool = ThreadPool::builder().build()?;
    /// assert_eq!(pool.workers(), std::thread::available_parallelism().map_or(1, usize::from));
    /// # Ok(())
    /// # }
    /// ```
    pub fn workers(&self) -> usize {
        self.core.workers
    }

    /// As mesmas chamadas, com blocos de `chunk_size` itens.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{Error, ThreadPool};
    /// # fn main() -> Result<(), Error> {
    /// let pool = ThreadPool::new(2)?;
    /// let dobros = pool.chunk_size(50)?.map(|x: u64| 2 * x, 0..100)?;
    /// assert_eq!(dobros[99], 198);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] com zero.
    pub fn chunk_size(&self, chunk_size: usize) -> Result<Chunked<'_, ThreadPool>, Error> {
        let chunk_size = Error::at_least_one("chunk_size", chunk_size)?;
        Ok(Chunked::new(self, chunk_size))
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
        Chunked::new(self, chunk_size).map(function, items)
    }

    /// Como [`map`](Self::map), e `progress` ouve quantos itens já estão prontos, a cada bloco que volta: o que uma barra de
    /// progresso quer saber. Roda na thread de quem chama.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{Error, ThreadPool};
    /// # fn main() -> Result<(), Error> {
    /// let (pool, mut visto) = (ThreadPool::new(2)?, 0);
    /// let quadrados = pool.map_with_progress(|x: u64| x * x, 0..1000, |prontos| visto = prontos)?;
    /// assert_eq!((quadrados.len(), visto), (1000, 1000));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// Os de [`map`](Self::map).
    pub fn map_with_progress<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
        progress: impl FnMut(usize),
    ) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        let items: Vec<A> = items.into_iter().collect();
        let chunk_size = default_chunk_size(items.len(), self.workers());
        Chunked::new(self, chunk_size).map_with_progress(function, items, progress)
    }

    /// Um resultado por item, na ordem da entrada, assim que cada um fica pronto. A entrada é lida aos
    /// poucos e pode não ter fim.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{Error, ThreadPool};
    /// # fn main() -> Result<(), Error> {
    /// let pool = ThreadPool::new(2)?;
    /// let primeiros: Result<Vec<u64>, _> = pool.imap(|x: u64| x + 1, 0..).take(3).collect();
    /// assert_eq!(primeiros?, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn imap<F, A, R, I>(&self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        Chunked::new(self, 1).imap(function, items)
    }

    /// Como [`imap`](Self::imap), na ordem em que as tarefas terminam.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{Error, ThreadPool};
    /// use std::sync::{Arc, Barrier};
    ///
    /// # fn main() -> Result<(), Error> {
    /// let (pool, portao) = (ThreadPool::new(2)?, Arc::new(Barrier::new(2)));
    /// // O item 0 espera no portão; os outros passam à frente dele.
    /// let do_outro_lado = portao.clone();
    /// let trabalhar = move |i: u64| {
    ///     if i == 0 {
    ///         do_outro_lado.wait();
    ///     }
    ///     i
    /// };
    /// let mut prontos = pool.imap_unordered(trabalhar, 0..4);
    /// assert_ne!(prontos.next().transpose()?, Some(0));
    /// portao.wait();
    /// assert_eq!(prontos.count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn imap_unordered<F, A, R, I>(&self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        Chunked::new(self, 1).imap_unordered(function, items)
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
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use multiprocessamento::{Error, ThreadPool};
    /// # fn main() -> Result<(), Error> {
    /// let receita = Arc::new("farinha, água e sal".to_owned());
    /// let pool = ThreadPool::new(2)?;
    /// let lida = receita.clone(); // a mesma, e não uma cópia dela
    /// let pedido = pool.apply_async(move |palavra: &str| lida.contains(palavra), "sal");
    /// assert!(!pool.apply(move |palavra: &str| receita.contains(palavra), "ovo")?); // enquanto a outra roda
    /// assert!(pedido.get()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply_async<F, A, R>(&self, function: F, argument: A) -> AsyncResult<R>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        let (promise, result) = AsyncResult::promised(Ok);
        self.core.submit(function, vec![argument], promise);
        result
    }

    /// Não aceita mais tarefas; as já entregues terminam.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{Error, ThreadPool};
    /// # fn main() -> Result<(), Error> {
    /// let pool = ThreadPool::new(2)?;
    /// let pedido = pool.apply_async(|x: u64| x * x, 12);
    /// pool.close();
    /// assert!(matches!(pool.apply(|x: u64| x + 1, 1), Err(Error::Closed)));
    /// assert_eq!(pedido.get()?, 144); // este já tinha ido
    /// # Ok(())
    /// # }
    /// ```
    pub fn close(&self) {
        self.core.close();
    }

    /// Fecha o pool, espera as tarefas já entregues e o fim de todas as threads.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use std::sync::atomic::{AtomicU64, Ordering};
    /// # use multiprocessamento::{Error, ThreadPool};
    /// # fn main() -> Result<(), Error> {
    /// let (pool, soma) = (ThreadPool::new(2)?, Arc::new(AtomicU64::new(0)));
    /// for x in 1..=10 {
    ///     let soma = soma.clone();
    ///     let somar = move |x: u64| soma.fetch_add(x, Ordering::Relaxed);
    ///     let _ = pool.apply_async(somar, x); // ninguém vai perguntar por ele
    /// }
    /// pool.join(); // descartado, o pool perderia os que não começaram
    /// assert_eq!(soma.load(Ordering::Relaxed), 55);
    /// # Ok(())
    /// # }
    /// ```
    pub fn join(mut self) {
        self.close();
        self.wait_threads();
    }

    /// Não começa mais nenhuma tarefa. As que não começaram recebem [`Error::Terminated`]; as que
    /// começaram vão até o fim, porque uma thread não pode ser morta.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{Error, ThreadPool};
    /// use std::sync::{Arc, Barrier};
    ///
    /// # fn main() -> Result<(), Error> {
    /// let (pool, passo) = (ThreadPool::new(1)?, Arc::new(Barrier::new(2)));
    /// let do_outro_lado = passo.clone();
    /// let trabalhar = move |x: u64| {
    ///     do_outro_lado.wait(); // começou
    ///     do_outro_lado.wait(); // e já não pode ser parada
    ///     x * x
    /// };
    /// let comecada = pool.apply_async(trabalhar, 12);
    /// let na_fila = pool.apply_async(|x: u64| x + 1, 1);
    /// passo.wait();
    /// pool.terminate();
    /// passo.wait();
    /// assert_eq!(comecada.get()?, 144);
    /// assert!(matches!(na_fila.get(), Err(Error::Terminated)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn terminate(&self) {
        self.core.terminate();
    }

    fn wait_threads(&mut self) {
        if !self.core.is_owned() {
            // Uma cópia (`fork`) não tem as threads, e esperaria por elas para sempre.
            return;
        }
        for _ in &self.threads {
            // Atrás de tudo o que já foi entregue.
            self.core.dismiss_one();
        }
        if is_waking() {
            // Esta thread pode ser uma delas: terminam sozinhas.
            return;
        }
        for thread in self.threads.drain(..) {
            // Uma tarefa em pânico não chega aqui: `panics::catch` a devolveu a quem a pediu.
            let _ = thread.join();
        }
        self.core.finish();
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.terminate();
        self.wait_threads();
    }
}

impl Chunked<'_, ThreadPool> {
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
        let (core, chunk_size) = (&self.pool.core, self.chunk_size);
        let mut items = items.into_iter();
        if chunk_size == 1 {
            return MapCall::new(core, function, self.window).run(items);
        }
        let each = move |chunk: Vec<A>| chunk.into_iter().map(&function).collect::<Vec<R>>();
        let chunks = std::iter::from_fn(|| {
            let chunk: Vec<A> = items.by_ref().take(chunk_size).collect();
            (!chunk.is_empty()).then_some(chunk)
        });
        let results = MapCall::new(core, each, self.window).run(chunks)?;
        Ok(results.into_iter().flatten().collect())
    }

    /// Como [`ThreadPool::map_with_progress`].
    ///
    /// # Erros
    ///
    /// Os de [`ThreadPool::map`].
    pub fn map_with_progress<F, A, R>(
        self,
        function: F,
        items: impl IntoIterator<Item = A>,
        progress: impl FnMut(usize),
    ) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        self.stream(function, items.into_iter()).collect(progress)
    }

    /// Como [`ThreadPool::imap`].
    pub fn imap<F, A, R, I>(self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        Imap::new(self.stream(function, items.into_iter()).ordered())
    }

    /// Como [`ThreadPool::imap_unordered`].
    pub fn imap_unordered<F, A, R, I>(self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        Imap::new(self.stream(function, items.into_iter()).unordered())
    }

    fn stream<F, A, R, I>(self, function: F, items: I) -> Stream<I, R, BoxedLane<A, R>>
    where
        F: Fn(A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: Iterator<Item = A>,
    {
        let (core, workers) = (self.pool.core.clone(), self.pool.workers());
        let submit = move |items: Vec<A>, promise| {
            core.submit(function.clone(), items, promise);
            0
        };
        // Entre threads os valores vão como estão.
        let pack = |items: Vec<A>| items;
        let lane = Packed { carrier: ChannelCarrier::new(submit), pack, open: Ok, weigh: |_: &Vec<R>| 0 };
        Stream::new(items, self.chunk_size, workers, Box::new(lane) as BoxedLane<A, R>)
            .with_window(self.window)
    }
}

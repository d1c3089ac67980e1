//! `Pool`: o que o usuário vê.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::calls::map_task;
use super::core::Core;
use super::shm::ChunkSizing;
use crate::Error;
use crate::codec::portable::Portable;
use crate::dispatch::chunked::Chunked;
use crate::dispatch::imap::Imap;
use crate::dispatch::result::AsyncResult;
use crate::dispatch::stream::default_chunk_size;
use crate::dispatch::wake::is_waking;
use crate::process::function::Task;
use crate::process::protocol::{self, TaskRequest};
use crate::process::task::TaskId;

/// Um conjunto de processos que recebem tarefas e devolvem resultados.
///
/// Um processo que morre leva consigo só o bloco que estava fazendo: quem o pediu recebe
/// [`Error::WorkerDied`], outro processo toma o lugar, e o resto segue. Se o sistema recusa o substituto, o
/// pool segue com menos gente e continua pedindo. Ele só desiste, e responde [`Error::TooManyDeaths`] ou
/// [`Error::Spawn`] a tudo o que espera, se os processos morrem em série sem terminar uma tarefa, ou se não
/// resta nenhum e o sistema não dá outro.
///
/// Um `Pool` descartado mata os seus processos na hora, como `terminate`: as tarefas que faltavam se perdem, e com elas o que
/// os processos ainda não tinham escrito na saída padrão. Para esperar o fim, use [`join`](Pool::join).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// fn area((base, altura): (f64, f64)) -> f64 {
///     base * altura
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// // Uma tupla faz o papel do `starmap`.
/// assert_eq!(pool.map(area, [(2.0, 3.0), (4.0, 5.0)])?, [6.0, 20.0]);
///
/// // `imap` entrega os resultados um a um, e aceita uma entrada sem fim.
/// let primeiros: Result<Vec<u64>, _> = pool.imap(|x: u64| x + 1, 0..).take(3).collect();
/// assert_eq!(primeiros?, [1, 2, 3]);
/// # Ok(())
/// # }
/// ```
///
/// Argumentos e resultados atravessam como bytes (serde), por memória que todos os processos veem ou por soquetes: veja
/// [`Transport`](crate::Transport). O serde trata um `Vec<u8>` byte a byte: para blocos
/// grandes, um `serde_bytes::ByteBuf` atravessa de uma vez, e uma [`SharedMemory`](crate::SharedMemory)
/// nem os copia.
///
/// Um fecho que captura não compila: o valor capturado mora na memória deste processo.
///
/// ```compile_fail
/// # use multiprocessamento::{init, Pool};
/// # init();
/// let fator = 3;
/// let pool = Pool::new(2).unwrap();
/// pool.map(move |x: u64| x * fator, 0..10).unwrap();
/// ```
///
/// Um valor que todas as tarefas leem vai à parte, uma vez a cada trabalhador, e elas o recebem emprestado:
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let fator = 3;
/// let pool = Pool::new(2)?;
/// assert_eq!(pool.with_context(&fator)?.map(|fator: &u64, x: u64| x * fator, 0..4)?, [0, 3, 6, 9]);
/// # Ok(())
/// # }
/// ```
///
/// Um `Rc` também não compila: ele não pode virar bytes, nem faria sentido do outro lado.
///
/// ```compile_fail
/// # use multiprocessamento::{init, Pool};
/// # init();
/// let pool = Pool::new(2).unwrap();
/// pool.map(|x: std::rc::Rc<u64>| *x, [std::rc::Rc::new(1)]).unwrap();
/// ```
#[must_use = "descartado, os processos são mortos, e o que não terminou se perde"]
pub struct Pool {
    core: Arc<Core>,
    supervisor: Option<JoinHandle<()>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (workers, pids, stats) = (self.workers(), self.pids(), self.stats());
        let mut shown = f.debug_struct("Pool");
        shown.field("workers", &workers).field("pids", &pids).field("stats", &stats).finish_non_exhaustive()
    }
}

/// O que um [`Pool`] fez até agora; vem de [`Pool::stats`].
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool, Value};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::builder().workers(1).retries(1).build()?;
/// // A primeira tentativa derruba o processo; a segunda, noutro processo, termina.
/// let tentar = |vezes: Value<u32>| {
///     if vezes.update(|n| n + 1) == 1 {
///         std::process::exit(1);
///     }
/// };
/// pool.apply(tentar, Value::new(0)?)?;
/// let feito = pool.stats();
/// assert_eq!((feito.tasks, feito.restarts, feito.retries), (1, 1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Itens respondidos, com resultado ou com pânico.
    pub tasks: u64,
    /// Processos que morreram e deram lugar a outro. Os que fizeram a sua cota
    /// ([`max_tasks_per_child`](crate::PoolBuilder::max_tasks_per_child)) não contam.
    pub restarts: u64,
    /// Blocos perdidos que voltaram à fila ([`retries`](crate::PoolBuilder::retries)).
    pub retries: u64,
}

impl Pool {
    pub(super) fn from_parts(core: Core, supervisor: JoinHandle<()>) -> Self {
        Pool { core: Arc::new(core), supervisor: Some(supervisor) }
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Quantos processos o pool mantém.
    pub fn workers(&self) -> usize {
        self.core.workers
    }

    /// Os processos que estão de pé agora.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Pool};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # init();
    /// let pool = Pool::builder().workers(2).name("padaria").build()?;
    /// assert_eq!(pool.pids().len(), pool.workers());
    /// for pid in pool.pids() {
    ///     let nome = std::fs::read_to_string(format!("/proc/{pid}/comm"))?; // e `statm`, para a memória
    ///     assert!(nome.starts_with("padaria-"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pids(&self) -> Vec<u32> {
        self.core.counters.pids()
    }

    /// O que o pool fez até agora.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pool = Pool::new(2)?;
    /// pool.map(|x: u64| x + 1, 0..100)?;
    /// assert_eq!(pool.stats().tasks, 100);
    /// assert_eq!(pool.stats().restarts, 0); // nenhum processo morreu
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats(&self) -> PoolStats {
        let Core { counters, shm, .. } = &*self.core;
        PoolStats {
            tasks: counters.tasks() + shm.as_ref().map_or(0, |shm| shm.slots.unread()),
            restarts: counters.restarts(),
            retries: counters.retries().counted(),
        }
    }

    /// As mesmas chamadas, com blocos de `chunk_size` itens. Um bloco é o que um trabalhador pega ou recebe de uma
    /// vez, e o que se perde de uma vez se ele morre.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pool = Pool::new(2)?;
    /// let derrubar_no_tres = |x: u64| {
    ///     if x == 3 {
    ///         std::process::exit(1);
    ///     }
    /// };
    /// // De dois em dois, quem vai com o 3 se perde com ele; com blocos de um, só o 3.
    /// let respostas: Vec<_> = pool.chunk_size(2)?.imap(derrubar_no_tres, 0..6).collect();
    /// let perdidos: Vec<_> = (0..6).filter(|&i| respostas[i].is_err()).collect();
    /// assert_eq!(perdidos, [2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] com zero.
    pub fn chunk_size(&self, chunk_size: usize) -> Result<Chunked<'_, Pool>, Error> {
        let chunk_size = Error::at_least_one("chunk_size", chunk_size)?;
        Ok(Chunked::new(self, chunk_size))
    }

    /// `function` sobre cada item; devolve os resultados na ordem da entrada.
    ///
    /// Os itens vão em blocos: quatro por trabalhador, como em Python, ou mais, se os itens são grandes. Para
    /// escolher, veja [`chunk_size`](Self::chunk_size).
    ///
    /// # Erros
    ///
    /// O da primeira tarefa que falhar ([`Error::Panicked`], [`Error::WorkerDied`],
    /// [`Error::Encode`], …); depois dela nenhum bloco novo é entregue. [`Error::Closed`] depois de
    /// [`close`](Self::close).
    pub fn map<F, A, R>(&self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        let items: Vec<A> = items.into_iter().collect();
        let chunk_size = default_chunk_size(items.len(), self.core.workers);
        let sizing = ChunkSizing { items: chunk_size, fit: true };
        map_task(&self.core, TaskId::of(function)?, items.into_iter(), sizing, None)
    }

    /// Como [`map`](Self::map), e `progress` ouve quantos itens já estão prontos, a cada bloco que volta: o que uma barra de
    /// progresso quer saber. Roda na thread de quem chama; entre processos, cada aviso tem o preço de um bloco de
    /// [`imap`](Self::imap).
    ///
    /// # Erros
    ///
    /// Os de [`map`](Self::map).
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let (itens, mut visto) = (0..1000_u64, 0);
    /// let quadrados = Pool::new(2)?.map_with_progress(|x: u64| x * x, itens, |prontos| visto = prontos)?;
    /// assert_eq!((quadrados.len(), visto), (1000, 1000));
    /// # Ok(())
    /// # }
    /// ```
    pub fn map_with_progress<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
        progress: impl FnMut(usize),
    ) -> Result<Vec<R>, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        let items: Vec<A> = items.into_iter().collect();
        let chunk_size = default_chunk_size(items.len(), self.core.workers);
        Chunked::new(self, chunk_size).map_with_progress(function, items, progress)
    }

    /// Um resultado por item, na ordem da entrada, assim que cada um fica pronto.
    ///
    /// A entrada é lida aos poucos, enquanto se consome a saída: pode não ter fim. Uma tarefa que falha
    /// vira um `Err` no lugar dela e as outras seguem.
    pub fn imap<F, A, R, I>(&self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Task<A, R>,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        Chunked::new(self, 1).imap(function, items)
    }

    /// Como [`imap`](Self::imap), na ordem em que as tarefas terminam.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Event, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let (pool, liberar) = (Pool::new(2)?, Event::new()?);
    /// // O item 0 espera que o liberem; os outros passam à frente dele.
    /// let trabalhar = |(i, liberar): (u64, Event)| {
    ///     if i == 0 {
    ///         let _ = liberar.wait();
    ///     }
    ///     i
    /// };
    /// let mut prontos = pool.imap_unordered(trabalhar, (0..4).map(|i| (i, liberar.clone())));
    /// assert_ne!(prontos.next().transpose()?, Some(0));
    /// liberar.set()?;
    /// assert_eq!(prontos.count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn imap_unordered<F, A, R, I>(&self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Task<A, R>,
        A: Portable + 'static,
        R: Portable + 'static,
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
        F: Task<A, R>,
        A: Portable,
        R: Portable + 'static,
    {
        self.apply_async(function, argument).get()
    }

    /// Entrega uma tarefa e volta logo; o resultado, ou a falha, vem do [`AsyncResult`].
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pool = Pool::new(2)?;
    /// let pedido = pool.apply_async(|x: u64| x * x, 12);
    /// let cubo = pool.apply(|x: u64| x * x * x, 5)?; // enquanto a outra roda
    /// assert_eq!((pedido.get()?, cubo), (144, 125));
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply_async<F, A, R>(&self, function: F, argument: A) -> AsyncResult<R>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable + 'static,
    {
        match TaskId::of(function) {
            Ok(task) => self.apply_task(task, argument),
            Err(error) => AsyncResult::failed(error),
        }
    }

    fn apply_task<A, R>(&self, task: TaskId, argument: A) -> AsyncResult<R>
    where
        A: Serialize,
        R: DeserializeOwned + 'static,
    {
        match self.core.apply(task, &argument) {
            Some(result) => result,
            None => self.apply_by_socket(protocol::request_of(task, &[argument])),
        }
    }

    fn apply_by_socket<R: DeserializeOwned + 'static>(
        &self,
        request: Result<TaskRequest, Error>,
    ) -> AsyncResult<R> {
        let (promise, result) = AsyncResult::promised(protocol::read_results);
        self.core.submit(request, promise);
        result
    }

    /// Não aceita mais tarefas; as já entregues terminam.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pool = Pool::new(2)?;
    /// let pedido = pool.apply_async(|x: u64| x * x, 12);
    /// pool.close();
    /// assert!(matches!(pool.apply(|x: u64| x + 1, 1), Err(Error::Closed)));
    /// assert_eq!(pedido.get()?, 144); // este já tinha ido
    /// # Ok(())
    /// # }
    /// ```
    pub fn close(&self) {
        if self.core.is_owned() {
            self.core.close();
        }
    }

    /// Fecha o pool, espera as tarefas já entregues e o fim de todos os processos.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool, Value};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let (pool, feitos) = (Pool::new(2)?, Value::new(0_u64)?);
    /// for _ in 0..20 {
    ///     let contar = |feitos: Value<u64>| feitos.update(|n| n + 1);
    ///     let _ = pool.apply_async(contar, feitos.clone()); // ninguém vai perguntar por ele
    /// }
    /// pool.join(); // descartado, o pool perderia os que faltavam
    /// assert_eq!(feitos.get(), 20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn join(mut self) {
        if self.core.is_owned() {
            self.close();
            self.wait_supervisor();
        }
    }

    /// Mata os processos agora. As tarefas sem resposta recebem [`Error::Terminated`].
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pool = Pool::new(1)?;
    /// let dormir = |segundos: u64| std::thread::sleep(Duration::from_secs(segundos));
    /// let sem_fim = pool.apply_async(dormir, 3600);
    /// pool.terminate();
    /// assert!(matches!(sem_fim.get(), Err(Error::Terminated)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn terminate(&self) {
        if self.core.is_owned() {
            self.core.terminate();
        }
    }

    fn wait_supervisor(&mut self) {
        // No meio de um aviso, esta thread pode ser o supervisor, ou uma por que ele espera.
        if let Some(supervisor) = self.supervisor.take().filter(|_| !is_waking()) {
            // Um supervisor em pânico já descartou, e com isso matou, os seus processos.
            let _ = supervisor.join();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Numa cópia (`fork`) do processo que o criou, os trabalhadores não são deste, e o supervisor não existe.
        if self.core.is_owned() {
            self.terminate();
            self.wait_supervisor();
        }
    }
}

//! Trabalhadores que ficam de pé e recebem tarefas.

mod board;
mod builder;
mod chunked;
mod job;
mod pace;
pub(crate) mod reply;
pub(crate) mod stream;
mod supervisor;
mod worker;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::parcel::Parcel;
use crate::process::protocol::{self, Request};
use crate::process::task::TaskId;
use board::{Board, BoxedCourier};
pub use builder::{PoolBuilder, Transport};
pub use chunked::Chunked;
use job::Job;
pub use reply::AsyncResult;
use reply::{ChunkId, Promise};
use stream::{ChannelCourier, default_chunk_size};
use supervisor::{Inbox, Order, Shared};

/// Um conjunto de processos que recebem tarefas e devolvem resultados.
///
/// Um processo que morre leva consigo só o bloco que estava fazendo: quem o pediu recebe
/// [`Error::WorkerDied`], outro processo toma o lugar, e o resto segue. Se o sistema recusa o substituto, o
/// pool segue com menos gente e continua pedindo. Ele só desiste, e responde [`Error::TooManyDeaths`] ou
/// [`Error::Spawn`] a tudo o que espera, se os processos morrem em série sem terminar uma tarefa, ou se não
/// resta nenhum e o sistema não dá outro.
///
/// Um `Pool` descartado mata os seus processos na hora, como `terminate`; para esperar o fim, use
/// [`join`](Pool::join).
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
/// [`Transport`]. O serde trata um `Vec<u8>` byte a byte: para blocos
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
/// Um `Rc` também não: ele não pode virar bytes, nem faria sentido do outro lado.
///
/// ```compile_fail
/// # use multiprocessamento::{init, Pool};
/// # init();
/// let pool = Pool::new(2).unwrap();
/// pool.map(|x: std::rc::Rc<u64>| *x, [std::rc::Rc::new(1)]).unwrap();
/// ```
pub struct Pool {
    inbox: Arc<Inbox>,
    board: Option<Board>,
    supervisor: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    workers: usize,
    closed: AtomicBool,
}

/// O que um [`Pool`] fez até agora; vem de [`Pool::stats`]. Há um exemplo em [`PoolBuilder`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Itens respondidos, com resultado ou com pânico.
    pub tasks: u64,
    /// Processos que morreram e deram lugar a outro. Os que fizeram a sua cota
    /// ([`max_tasks_per_child`](PoolBuilder::max_tasks_per_child)) não contam.
    pub restarts: u64,
    /// Blocos perdidos que voltaram à fila ([`retries`](PoolBuilder::retries)).
    pub retries: u64,
}

impl Pool {
    /// Um pool de `workers` processos, já prontos para trabalhar.
    ///
    /// # Erros
    ///
    /// [`Error::NoWorkers`] com zero; [`Error::NotInitialized`] sem [`init`](crate::init);
    /// [`Error::Spawn`] se o sistema recusou um processo; [`Error::Handshake`] se um deles não chegou a
    /// `init` em 30 s, ou morreu antes. Nenhum processo sobra de um pool que não nasceu.
    pub fn new(workers: usize) -> Result<Self, Error> {
        Pool::builder().workers(workers).build()
    }

    /// Opções, antes de criar o pool.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::new()
    }

    /// Quantos processos o pool mantém.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Os processos que estão de pé agora.
    pub fn pids(&self) -> Vec<u32> {
        self.shared.pids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// O que o pool fez até agora.
    pub fn stats(&self) -> PoolStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PoolStats {
            tasks: read(&self.shared.tasks) + self.board.as_ref().map_or(0, |board| board.desk.unread()),
            restarts: read(&self.shared.restarts),
            retries: read(&self.shared.retries),
        }
    }

    /// As mesmas chamadas, com blocos de `chunk_size` itens. Um bloco é o que um trabalhador pega ou recebe de uma
    /// vez, e o que se perde de uma vez se ele morre.
    ///
    /// # Erros
    ///
    /// [`Error::EmptyChunk`] com zero.
    pub fn chunk_size(&self, chunk_size: usize) -> Result<Chunked<'_>, Error> {
        if chunk_size == 0 {
            return Err(Error::EmptyChunk);
        }
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
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let items: Vec<A> = items.into_iter().collect();
        let chunk_size = default_chunk_size(items.len(), self.workers);
        Chunked::fitting(self, chunk_size).map(function, items)
    }

    /// Um resultado por item, na ordem da entrada, assim que cada um fica pronto.
    ///
    /// A entrada é lida aos poucos, enquanto se consome a saída: pode não ter fim. Uma tarefa que falha
    /// vira um `Err` no lugar dela e as outras seguem.
    pub fn imap<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R, Error>>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        Chunked::new(self, 1).imap(function, items)
    }

    /// Como [`imap`](Self::imap), na ordem em que as tarefas terminam.
    pub fn imap_unordered<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R, Error>>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
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
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        self.apply_async(function, argument).get()
    }

    /// Entrega uma tarefa e volta logo; o resultado, ou a falha, vem do [`AsyncResult`].
    pub fn apply_async<F, A, R>(&self, function: F, argument: A) -> AsyncResult<R>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        let task = TaskId::of(function);
        let (to, answers) = crossbeam_channel::bounded(1);
        let promise = Promise::new(ChunkId { index: 0, len: 1 }, to, None);
        match self.board.as_ref().and_then(|board| board.apply(task, &argument)) {
            Some(Ok(posted)) => return posted,
            Some(Err(error)) => promise.keep(Err(error)),
            None => drop(self.submit(protocol::request_of(task, &[argument]), promise)),
        }
        AsyncResult::new(answers, protocol::read_results)
    }

    /// Não aceita mais tarefas; as já entregues terminam.
    pub fn close(&self) {
        if !self.closed.swap(true, Ordering::SeqCst) {
            if let Some(board) = &self.board {
                board.desk.refuse(Error::Closed);
            }
            self.inbox.put(Order::Close);
        }
    }

    /// Fecha o pool, espera as tarefas já entregues e o fim de todos os processos.
    pub fn join(mut self) {
        self.close();
        self.wait_supervisor();
    }

    /// Mata os processos agora. As tarefas sem resposta recebem [`Error::Terminated`].
    pub fn terminate(&self) {
        self.closed.store(true, Ordering::SeqCst);
        if let Some(board) = &self.board {
            board.desk.refuse(Error::Closed);
        }
        self.inbox.put(Order::Terminate);
    }

    /// Entrega um bloco ao soquete; devolve quantos bytes ele ocupa.
    fn submit(&self, request: Result<Request, Error>, promise: Promise<Parcel>) -> usize {
        match request {
            _ if self.closed.load(Ordering::SeqCst) => promise.keep(Err(Error::Closed)),
            Err(error) => promise.keep(Err(error)),
            Ok(Request { frame, .. }) => {
                let bytes = frame.bytes.len();
                self.inbox.put(Order::Run(Job::new(frame, promise)));
                return bytes;
            }
        }
        0
    }

    /// Entrega ao supervisor um bloco que já está em bytes; a promessa diz para onde vai a resposta.
    fn sender(&self) -> impl Fn(Parcel, Promise<Parcel>) + 'static {
        let inbox = self.inbox.clone();
        move |request, promise| inbox.put(Order::Run(Job::new(request, promise)))
    }

    /// Quem leva os blocos de um fluxo.
    fn courier(&self, window: Option<usize>) -> BoxedCourier<'_> {
        let by_board = self.board.as_ref().and_then(|board| board.courier(window, self.sender()));
        by_board.unwrap_or_else(|| {
            let submit = |request: Result<_, _>, promise| self.submit(request, promise);
            Box::new(ChannelCourier::new(submit))
        })
    }

    fn wait_supervisor(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            // Um supervisor em pânico já descartou, e com isso matou, os seus processos.
            let _ = supervisor.join();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.terminate();
        self.wait_supervisor();
    }
}

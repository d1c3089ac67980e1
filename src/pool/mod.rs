//! Trabalhadores que ficam de pé e recebem tarefas.

pub(crate) mod reply;
pub(crate) mod stream;
mod supervisor;
mod worker;

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::ipc::parcel::Parcel;
use crate::process::protocol;
pub use reply::AsyncResult;
use reply::{ChunkId, Promise};
use stream::{Stream, default_chunk_size};
use supervisor::{Inbox, Order, Supervisor};
use worker::{Job, Worker};

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
    inbox: Inbox,
    supervisor: Option<JoinHandle<()>>,
    pids: Arc<Mutex<Vec<u32>>>,
    workers: usize,
    closed: AtomicBool,
}

/// Opções de um [`Pool`].
#[derive(Clone, Debug)]
pub struct PoolBuilder {
    workers: usize,
    name: String,
}

impl PoolBuilder {
    /// Quantos processos. Sem isto: um por núcleo que este processo pode usar.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// O nome do pool; o do processo `i` é `nome-i`, e aparece na lista do sistema (`ps`).
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Cria os processos e espera que todos estejam prontos.
    ///
    /// # Erros
    ///
    /// Os de [`Pool::new`].
    pub fn build(self) -> Result<Pool, Error> {
        if self.workers == 0 {
            return Err(Error::NoWorkers);
        }
        let names: Vec<OsString> = (1..=self.workers).map(|i| format!("{}-{i}", self.name).into()).collect();
        // Primeiro nascem todos, depois se espera cada um: eles se preparam ao mesmo tempo. Um erro no
        // meio descarta os que já nasceram, o que os mata e recolhe.
        let mut workers = names.iter().map(|name| Worker::spawn(name)).collect::<Result<Vec<_>, _>>()?;
        for worker in &mut workers {
            worker.wait_ready()?;
        }
        let (inbox, doorway) = Inbox::new()?;
        let pids = Arc::new(Mutex::new(Vec::new()));
        let supervisor = Supervisor::new(doorway, workers, names, pids.clone());
        let supervisor = thread::Builder::new()
            .name(format!("{}-supervisor", self.name))
            .spawn(move || supervisor.run())
            .map_err(Error::spawn)?;
        Ok(Pool {
            inbox,
            supervisor: Some(supervisor),
            pids,
            workers: self.workers,
            closed: AtomicBool::new(false),
        })
    }
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
        let workers = thread::available_parallelism().map_or(1, usize::from);
        PoolBuilder { workers, name: "Pool".to_owned() }
    }

    /// Quantos processos o pool mantém.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Os processos que estão de pé agora.
    pub fn pids(&self) -> Vec<u32> {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As mesmas chamadas, com blocos de `chunk_size` itens. Um bloco é o que viaja de uma vez e o que
    /// se perde de uma vez.
    ///
    /// # Erros
    ///
    /// [`Error::EmptyChunk`] com zero.
    pub fn chunk_size(&self, chunk_size: usize) -> Result<Chunked<'_>, Error> {
        if chunk_size == 0 {
            return Err(Error::EmptyChunk);
        }
        Ok(Chunked { pool: self, chunk_size })
    }

    /// `function` sobre cada item; devolve os resultados na ordem da entrada.
    ///
    /// Os itens vão em blocos: quatro por trabalhador, como em Python. Para escolher, veja
    /// [`chunk_size`](Self::chunk_size).
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
        Chunked { pool: self, chunk_size }.map(function, items)
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
        Chunked { pool: self, chunk_size: 1 }.imap(function, items)
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
        Chunked { pool: self, chunk_size: 1 }.imap_unordered(function, items)
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
        let (to, answers) = crossbeam_channel::bounded(1);
        let promise = Promise::new(ChunkId { index: 0, len: 1 }, to, None);
        self.submit(function, vec![argument], promise);
        AsyncResult::new(answers, protocol::read_results)
    }

    /// Não aceita mais tarefas; as já entregues terminam.
    pub fn close(&self) {
        if !self.closed.swap(true, Ordering::SeqCst) {
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
        self.inbox.put(Order::Terminate);
    }

    /// Entrega um bloco; devolve quantos bytes ele ocupa.
    fn submit<F, A, R>(&self, function: F, items: Vec<A>, promise: Promise<Parcel>) -> usize
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize,
    {
        if self.closed.load(Ordering::SeqCst) {
            promise.keep(Err(Error::Closed));
            return 0;
        }
        match protocol::request(function, &items) {
            Ok(request) => {
                let bytes = request.bytes.len();
                self.inbox.put(Order::Run(Job { request, promise }));
                bytes
            }
            Err(error) => {
                promise.keep(Err(error));
                0
            }
        }
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

/// Um [`Pool`] com o tamanho do bloco escolhido; vem de [`Pool::chunk_size`].
#[derive(Clone, Copy)]
pub struct Chunked<'p> {
    pool: &'p Pool,
    chunk_size: usize,
}

impl<'p> Chunked<'p> {
    /// Como [`Pool::map`].
    ///
    /// # Erros
    ///
    /// Os de [`Pool::map`].
    pub fn map<F, A, R>(self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        self.stream(function, items).collect()
    }

    /// Como [`Pool::imap`].
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
        self.stream(function, items).ordered()
    }

    /// Como [`Pool::imap_unordered`].
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
        self.stream(function, items).unordered()
    }

    fn stream<F, A, R, I>(self, function: F, items: I) -> Stream<'p, I::IntoIter, Parcel, R>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        I: IntoIterator<Item = A>,
    {
        let pool = self.pool;
        let submit = move |items: Vec<A>, promise| pool.submit(function, items, promise);
        let open = protocol::read_results;
        Stream::new(
            items.into_iter(),
            self.chunk_size,
            pool.workers,
            submit,
            |answer| answer.bytes.len(),
            open,
        )
    }
}

//! As opções de um pool, e como ele nasce.

use std::ffi::OsString;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::core::Core;
use super::counters::Counters;
use super::front::Pool;
use super::inbox::Inbox;
use super::shm::ShmTransport;
use super::shm::slot_table::SlotTable;
use super::supervisor::Supervisor;
use super::terms::Terms;
use super::worker::PoolWorker;
use crate::Error;
use crate::codec::portable::Portable;
use crate::process::function::Task;
use crate::process::task::TaskId;
use crate::process::{StartMethod, protocol};

/// Por onde os blocos vão aos trabalhadores de um [`Pool`], e as respostas voltam.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool, Transport};
/// # fn main() -> Result<(), Error> {
/// # init();
/// for transporte in [Transport::SharedMemory, Transport::Socket] {
///     let pool = Pool::builder().workers(2).transport(transporte).build()?;
///     assert_eq!(pool.map(|x: u64| x + 1, 0..3)?, [1, 2, 3]); // só muda o caminho
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Por memória que todos veem: quem está livre pega o próximo bloco sem que o sistema saiba. Quem fica sem nenhum
    /// procura por um instante e dorme; um pool parado não gasta processador.
    ///
    /// O que leva canais (uma [`Queue`](crate::Queue), um [`Lock`](crate::Lock)) vai pelo soquete, e o que é grande demais: há
    /// lugar para 256 MiB de pedidos e 256 MiB de respostas ao mesmo tempo. Esse lugar só ocupa memória enquanto se usa, e por
    /// mais um segundo; endereços, cerca de 1 GiB, em cada processo.
    SharedMemory,
    /// Por um par de soquetes para cada trabalhador, e uma thread que distribui os blocos. Cada entrega é uma chamada ao
    /// sistema, e talvez um despertar.
    Socket,
}

/// Opções de um [`Pool`].
///
/// # Exemplos
///
/// ```
/// # use std::time::Duration;
/// # use multiprocessamento::{init, Error, Pool, StartMethod, Transport};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::builder()
///     .workers(2)
///     .name("padaria")
///     .start_method(StartMethod::ForkServer)
///     .initializer(|saudacao: String| assert!(!saudacao.is_empty()), "bom dia".to_owned())
///     .max_tasks_per_child(1000)
///     .retries(2)
///     .task_timeout(Duration::from_secs(10))
///     .transport(Transport::Socket)
///     .build()?;
/// assert_eq!(pool.map(|x: u64| x + 1, 0..3)?, [1, 2, 3]);
/// assert_eq!(pool.stats().tasks, 3);
/// # Ok(())
/// # }
/// ```
#[must_use = "nenhum processo nasce antes de `build`"]
#[derive(Clone, Debug)]
pub struct PoolBuilder {
    workers: usize,
    name: String,
    terms: Terms,
    retries: usize,
    /// Sem escolha, o melhor que o sistema permite.
    transport: Option<Transport>,
    /// O que já se sabe que está errado; quem diz é `build`.
    mistake: Option<Error>,
}

impl PoolBuilder {
    fn new() -> Self {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        PoolBuilder {
            workers,
            name: "Pool".to_owned(),
            terms: Terms::default(),
            retries: 0,
            transport: None,
            mistake: None,
        }
    }

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

    /// Como os processos nascem: [`StartMethod::Spawn`] (sem isto) ou [`StartMethod::ForkServer`].
    ///
    /// Por `Fork` um pool não nasce: quem cuida dele é uma thread, e `fork` só copia um processo de uma thread.
    pub fn start_method(mut self, start_method: StartMethod) -> Self {
        self.terms.start_method = start_method;
        self
    }

    /// O que cada processo roda antes de receber tarefas, também os que entram no lugar de outros.
    ///
    /// O que ele preparar para as tarefas mora em variáveis estáticas do processo (`OnceLock`, por exemplo).
    /// Se falha, [`build`](Self::build) devolve a falha. Tem o tempo de um item, se
    /// [`task_timeout`](Self::task_timeout) dá algum.
    pub fn initializer<F, A>(mut self, initializer: F, argument: A) -> Self
    where
        F: Task<A, ()>,
        A: Portable,
    {
        match TaskId::of(initializer).and_then(|task| protocol::request_of(task, &[argument])) {
            Ok(request) => self.terms.initializer = Some(request.frame),
            Err(error) => self.mistake = Some(error),
        }
        self
    }

    /// Quantos itens um processo faz antes de dar lugar a um novo: o que a tarefa deixar para trás
    /// (memória, descritores) vai embora com ele. Um bloco não se divide: o último pode passar da conta.
    pub fn max_tasks_per_child(mut self, tasks: usize) -> Self {
        if let Err(mistake) = Error::at_least_one("max_tasks_per_child", tasks) {
            self.mistake = Some(mistake);
        }
        self.terms.quota = Some(tasks);
        self
    }

    /// Quantas vezes um bloco volta à fila quando o processo que o fazia morre ou passa do tempo. Sem isto:
    /// nenhuma.
    ///
    /// O processo pode ter feito parte do bloco, ou o bloco todo, antes de morrer: uma tarefa que muda algo
    /// fora dela (um arquivo, um banco) precisa aceitar rodar duas vezes. Um pânico não se repete: daria
    /// no mesmo.
    pub fn retries(mut self, retries: usize) -> Self {
        self.retries = retries;
        self
    }

    /// Quanto pode durar cada item. O processo que passa disso é morto, e o bloco responde
    /// [`Error::TaskTimedOut`]. Um bloco de `n` itens tem `n` vezes este tempo. Sem isto: quanto for preciso.
    pub fn task_timeout(mut self, limit: Duration) -> Self {
        self.terms.time_limit = Some(limit);
        self
    }

    /// Por onde os blocos vão e voltam. Sem isto, [`Transport::SharedMemory`]; e [`Transport::Socket`] onde o sistema
    /// recusa a memória, por um limite de endereços, por exemplo. As respostas e as falhas são as mesmas pelos dois;
    /// muda o preço de cada entrega.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Cria os processos e espera que todos estejam prontos.
    ///
    /// # Erros
    ///
    /// Os de [`Pool::new`]; [`Error::InvalidArgument`]; [`Error::ForkInPool`]; e os do
    /// [`initializer`](Self::initializer): [`Error::Encode`], [`Error::Panicked`], [`Error::WorkerDied`].
    pub fn build(self) -> Result<Pool, Error> {
        let PoolBuilder { workers: count, name, terms, retries, transport, mistake } = self;
        Error::at_least_one("workers", count)?;
        if terms.start_method == StartMethod::Fork {
            return Err(Error::ForkInPool);
        }
        if let Some(mistake) = mistake {
            return Err(mistake);
        }
        let names: Vec<OsString> = (1..=count).map(|i| format!("{name}-{i}").into()).collect();
        let workers = start_all(&names, &terms)?;
        let (inbox, doorway) = Inbox::new()?;
        let counters = Arc::new(Counters::new(retries));
        let shm = match transport {
            Some(Transport::Socket) => None,
            chosen => {
                let doorbell = inbox.doorbell();
                match SlotTable::create(count, terms.time_limit, doorbell, counters.clone()) {
                    Ok(slots) => Some(ShmTransport { slots: Arc::new(slots) }),
                    Err(_) if chosen.is_none() => None,
                    Err(refused) => return Err(refused),
                }
            }
        };
        let supervisor = Supervisor::new(doorway, workers, names, terms, counters.clone(), shm.clone());
        let supervisor = thread::Builder::new()
            .name(format!("{name}-supervisor"))
            .spawn(move || supervisor.run())
            .map_err(Error::spawn)?;
        Ok(Pool::from_parts(Core::new(inbox, shm, counters, count), supervisor))
    }
}

/// Primeiro nascem todos, depois se espera cada um: eles se preparam ao mesmo tempo. Um erro no meio descarta os que já
/// nasceram, o que os mata e recolhe.
fn start_all(names: &[OsString], terms: &Terms) -> Result<Vec<PoolWorker>, Error> {
    let mut workers = Vec::with_capacity(names.len());
    match start_each(&mut workers, names, terms) {
        Ok(()) => Ok(workers),
        Err(error) => {
            // Do último ao primeiro, como um pool que termina.
            while workers.pop().is_some() {}
            Err(error)
        }
    }
}

fn start_each(workers: &mut Vec<PoolWorker>, names: &[OsString], terms: &Terms) -> Result<(), Error> {
    for name in names {
        workers.push(PoolWorker::start(name, terms)?);
    }
    workers.iter_mut().try_for_each(PoolWorker::wait_ready)
}

impl Pool {
    /// Um pool de `workers` processos, já prontos para trabalhar.
    ///
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] com zero; [`Error::NotInitialized`] sem [`init`](crate::init);
    /// [`Error::Spawn`] se o sistema recusou um processo; [`Error::Handshake`] se um deles não chegou a
    /// `init` em 30 s, ou morreu antes. Nenhum processo sobra de um pool que não nasceu.
    pub fn new(workers: usize) -> Result<Self, Error> {
        Pool::builder().workers(workers).build()
    }

    /// Opções, antes de criar o pool.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::new()
    }
}

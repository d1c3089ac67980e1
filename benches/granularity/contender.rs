//! Quem compete, e como se contrata cada um.

use licoes::load::model::Model;
use licoes::measure::crew::{Crew, Task};
use multiprocessamento::{Error, Pool, Transport};

use crate::floor::channel::Channel;

/// Os dois caminhos de um pool de processos, com o nome de cada um.
pub const TRANSPORTS: [(&str, Transport); 2] =
    [("memória", Transport::SharedMemory), ("soquete", Transport::Socket)];

/// Um modo de entregar tarefas a quem já nasceu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// Quem está livre leva uma tarefa.
    Single(Model),
    /// O mesmo, por um pool de processos que fala pelo soquete.
    SingleBySocket,
    /// O chão do pool de threads.
    Channel,
    /// As respostas do pool de processos consumidas uma a uma, na ordem.
    Imap,
    /// O mesmo, na ordem em que ficam prontas.
    ImapUnordered,
    /// A rayon escolhe quantas.
    AutomaticRayon,
    /// O pool de processos escolhe quantas.
    Automatic(Transport),
}

impl Contender {
    /// Primeiro os que respondem à pergunta desta bancada: o pool de processos chega perto das threads?
    pub const ALL: [Contender; 12] = [
        Contender::Single(Model::ProcessPool),
        Contender::Imap,
        Contender::ImapUnordered,
        Contender::Single(Model::ThreadPool),
        Contender::Channel,
        Contender::Single(Model::Rayon),
        Contender::Single(Model::Threads),
        Contender::SingleBySocket,
        Contender::Single(Model::Processes),
        Contender::Automatic(Transport::SharedMemory),
        Contender::AutomaticRayon,
        Contender::Automatic(Transport::Socket),
    ];

    /// O nome nas tabelas.
    pub fn label(self) -> &'static str {
        match self {
            Contender::Single(Model::ProcessPool) => "Pool por memória, um a um",
            Contender::Single(Model::ThreadPool) => "pool de threads, crossbeam, um a um",
            Contender::Single(Model::Rayon) => "rayon, um a um",
            Contender::Single(Model::Threads) => "threads e um contador, um a um",
            Contender::Single(Model::Processes) => "processos e Queue, um a um",
            Contender::Single(Model::Serial) => "serial",
            Contender::Single(Model::Mpi) => "MPI, um a um",
            Contender::SingleBySocket => "Pool por soquete, um a um",
            Contender::Channel => "chão: canais da crossbeam, um a um",
            Contender::Imap => "Pool por memória, imap",
            Contender::ImapUnordered => "Pool por memória, imap_unordered",
            Contender::AutomaticRayon => "rayon, automático",
            Contender::Automatic(Transport::SharedMemory) => "Pool por memória, automático",
            Contender::Automatic(Transport::Socket) => "Pool por soquete, automático",
        }
    }

    /// Quantas tarefas vazias numa medida: bastantes para que acordar a todos não pese, e poucas para quem paga
    /// chamadas ao sistema em cada uma.
    pub fn empty_tasks(self) -> usize {
        match self {
            Contender::SingleBySocket | Contender::Single(Model::Processes) => 5_000,
            _ => 100_000,
        }
    }

    /// Os trabalhadores, de pé.
    pub fn hire<F: Task>(self, function: F, workers: usize) -> Result<Hired<F>, Error> {
        let stream = |ordered| Ok(Hired::Stream { pool: Pool::new(workers)?, function, ordered });
        let crew = match self {
            Contender::Channel => return Ok(Hired::Channel(Channel::start(function, workers))),
            Contender::Imap => return stream(true),
            Contender::ImapUnordered => return stream(false),
            Contender::Single(model) => Crew::hire(model, function, workers),
            Contender::SingleBySocket => Crew::hire_pool(function, workers, Transport::Socket),
            Contender::AutomaticRayon => Ok(Crew::hire(Model::Rayon, function, workers)?.automatic()),
            Contender::Automatic(transport) => Ok(Crew::hire_pool(function, workers, transport)?.automatic()),
        };
        crew.map(Hired::Crew)
    }
}

/// Trabalhadores de pé.
pub enum Hired<F> {
    Crew(Crew<F>),
    Stream { pool: Pool, function: F, ordered: bool },
    Channel(Channel),
}

impl<F: Task> Hired<F> {
    /// Todas as respostas; na ordem de `items`, menos as de quem não a promete.
    pub fn map(&self, items: &[u64]) -> Result<Vec<u64>, Error> {
        match self {
            Hired::Crew(crew) => crew.map(items),
            Hired::Stream { pool, function, ordered: true } => pool.imap(*function, items.to_vec()).collect(),
            Hired::Stream { pool, function, ordered: false } => {
                pool.imap_unordered(*function, items.to_vec()).collect()
            }
            Hired::Channel(channel) => Ok(channel.map(items)),
        }
    }
}

//! O pool dos ranks: as chamadas do [`Pool`](crate::Pool).

use std::fmt;
use std::fs::{self, OpenOptions};
use std::os::fd::{AsFd, OwnedFd};

use super::carrier::MpiCarrier;
use super::world::{World, own_rank};
use super::{map, witness};
use crate::Error;
use crate::codec::portable::Portable;
use crate::dispatch::chunked::Chunked;
use crate::dispatch::lane::{Lane, Packed};
use crate::dispatch::stream::{Results, Stream, default_chunk_size};
use crate::parcel;
use crate::process::function::Task;
use crate::process::protocol;
use crate::process::task::TaskId;

/// Um pool cujos trabalhadores são os outros ranks de um programa rodado por `mpirun`, nesta máquina ou em várias.
///
/// O rank 0 é o seu programa; os outros ficam dentro de [`new`](Self::new), fazendo o que ele pede, até que o pool seja
/// descartado. Se um deles morre, o MPI encerra todos: é o padrão dele, e não há o que repetir.
///
/// No Python, é o `MPIPoolExecutor`, de `mpi4py.futures`. Para rodar o `mpirun` de dentro de um programa, há o
/// [`MpiJob`](crate::MpiJob).
///
/// # Exemplos
///
/// ```no_run
/// use multiprocessamento::{Error, MpiPool, init};
///
/// fn main() -> Result<(), Error> {
///     init();
///     if !MpiPool::launched() {
///         return Err(Error::Mpi("rode com mpirun".to_owned()));
///     }
///     let pool = MpiPool::new()?; // `mpirun -n 3 programa`: dois trabalhadores
///     assert_eq!(pool.workers(), 2);
///     assert_eq!(pool.map(|x: u64| x * x, 0..4)?, [0, 1, 4, 9]);
///     assert_eq!(pool.apply(|x: u64| x + 1, 41)?, 42);
///     let soma = pool.chunk_size(100)?.imap(|x: u64| x + 1, 0..1000).sum::<Result<u64, Error>>()?;
///     assert_eq!(soma, 500_500);
///     for cubo in pool.imap_unordered(|x: u64| x.pow(3), 0..1000) {
///         println!("{}", cubo?);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
#[must_use = "descartado o último, os ranks terminam"]
pub struct MpiPool {
    world: World,
}

impl fmt::Debug for MpiPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MpiPool").field("workers", &self.workers()).finish_non_exhaustive()
    }
}

/// A saída de erros do `mpirun`, se foi ele mesmo que criou este processo; senão, a deste.
///
/// O que um rank escreve passa pelo `mpirun`, que na pressa de encerrar os outros pode não o ler.
fn errors_of_mpirun() -> std::io::Result<OwnedFd> {
    let parent = format!("/proc/{}", std::os::unix::process::parent_id());
    let name = fs::read_to_string(format!("{parent}/comm")).unwrap_or_default();
    let is_mpirun = ["mpirun", "mpiexec", "orterun", "prterun"].contains(&name.trim());
    match OpenOptions::new().append(true).open(format!("{parent}/fd/2")) {
        Ok(errors) if is_mpirun => Ok(errors.into()),
        _ => std::io::stderr().as_fd().try_clone_to_owned(),
    }
}

impl MpiPool {
    /// O pool, no rank 0. Nos outros ranks, não volta: eles trabalham até que o último pool seja descartado, e saem do
    /// programa. Chamada de novo, dá o mesmo pool.
    ///
    /// # Erros
    ///
    /// [`Error::Mpi`], se o programa não foi rodado por `mpirun` com pelo menos dois ranks, se os ranks são programas
    /// diferentes, se o MPI já se encerrou, ou se outra thread o usa.
    pub fn new() -> Result<Self, Error> {
        if let Some(pool) = Self::current() {
            return Ok(pool);
        }
        let world = World::enter()?;
        witness::explain_end(errors_of_mpirun().map_err(Error::io)?).map_err(Error::io)?;
        Ok(MpiPool { world })
    }

    /// O pool que esta thread já tem; nada, se [`new`](Self::new) ainda não o criou, ou se todos já foram descartados. Ao
    /// contrário dela, não começa o MPI.
    ///
    /// ```no_run
    /// # use multiprocessamento::{Error, MpiPool, ThreadPool};
    /// /// Com os ranks, se o programa já os tem; senão, com threads.
    /// fn quadrados(ate: u64) -> Result<Vec<u64>, Error> {
    ///     match MpiPool::current() {
    ///         Some(ranks) => ranks.map(|x: u64| x * x, 0..ate),
    ///         None => ThreadPool::new(2)?.map(|x: u64| x * x, 0..ate),
    ///     }
    /// }
    /// ```
    pub fn current() -> Option<Self> {
        World::current().map(|world| MpiPool { world })
    }

    /// Se foi um `mpirun`, ou o `srun` do Slurm, que rodou este programa.
    pub fn launched() -> bool {
        own_rank().is_some()
    }

    /// Quantos ranks trabalham: todos menos o 0.
    pub fn workers(&self) -> usize {
        self.world.ranks().count()
    }

    /// As mesmas chamadas, com blocos de `chunk_size` itens. Um bloco é o que um rank faz de uma vez; os curtos podem viajar
    /// juntos.
    ///
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] com zero.
    pub fn chunk_size(&self, chunk_size: usize) -> Result<Chunked<'_, MpiPool>, Error> {
        let chunk_size = Error::at_least_one("chunk_size", chunk_size)?;
        Ok(Chunked::new(self, chunk_size))
    }

    /// Entrega `body` a todos os ranks, e espera que o leiam.
    pub(super) fn tell_each(&self, body: &[u8]) -> Result<(), Error> {
        let call = self.world.next_call(false);
        self.world.ranks().tell_each(call, body)
    }

    /// `function` sobre cada item; os resultados, na ordem da entrada. Como [`Pool::map`](crate::Pool::map), e com os
    /// mesmos blocos: quatro por rank.
    ///
    /// # Erros
    ///
    /// O da primeira tarefa que falhar: [`Error::Panicked`], [`Error::Encode`], [`Error::Decode`] ou
    /// [`Error::TooLarge`].
    pub fn map<F, A, R>(&self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        let items: Vec<A> = items.into_iter().collect();
        let chunk_size = default_chunk_size(items.len(), self.workers());
        Chunked::new(self, chunk_size).map(function, items)
    }

    /// Um resultado de cada vez, na ordem da entrada. Como [`Pool::imap`](crate::Pool::imap).
    pub fn imap<F, A, R, I>(&self, function: F, items: I) -> ImapRanks<I::IntoIter, R>
    where
        F: Task<A, R>,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        Chunked::new(self, 1).imap(function, items)
    }

    /// O mesmo, na ordem em que ficam prontos. Como [`Pool::imap_unordered`](crate::Pool::imap_unordered).
    pub fn imap_unordered<F, A, R, I>(&self, function: F, items: I) -> ImapRanks<I::IntoIter, R>
    where
        F: Task<A, R>,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        Chunked::new(self, 1).imap_unordered(function, items)
    }

    /// Roda uma tarefa e espera o resultado. Como [`Pool::apply`](crate::Pool::apply).
    ///
    /// # Erros
    ///
    /// Os de [`map`](Self::map).
    pub fn apply<F, A, R>(&self, function: F, argument: A) -> Result<R, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        Chunked::new(self, 1).map(function, [argument]).and_then(protocol::only)
    }
}

/// Um resultado por item, de um `imap` nos ranks: como um [`Imap`](crate::Imap), mas sem sair da thread que começou o MPI.
///
/// # Exemplos
///
/// ```no_run
/// # use multiprocessamento::{init, Error, ImapRanks, MpiPool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let cubos: ImapRanks<_, u64> = MpiPool::new()?.chunk_size(100)?.imap(|x: u64| x.pow(3), 0..1000);
/// assert_eq!(cubos.sum::<Result<u64, Error>>()?, 249_500_250_000);
/// # Ok(())
/// # }
/// ```
#[must_use = "nada é mandado aos ranks antes de se pedir o primeiro resultado"]
pub struct ImapRanks<I: Iterator, R>(Results<I, R, RankLane<I::Item, R>>);

type RankLane<A, R> = Box<dyn Lane<A, R>>;

impl<I: Iterator, R> Iterator for ImapRanks<I, R> {
    type Item = Result<R, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<I: Iterator, R> fmt::Debug for ImapRanks<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapRanks").finish_non_exhaustive()
    }
}

impl Chunked<'_, MpiPool> {
    /// Como [`MpiPool::map`].
    ///
    /// # Erros
    ///
    /// Os de [`MpiPool::map`].
    pub fn map<F, A, R>(self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        map::map(self.pool.world.clone(), TaskId::of(function)?, items.into_iter(), self.chunk_size)
    }

    /// Como [`MpiPool::imap`].
    pub fn imap<F, A, R, I>(self, function: F, items: I) -> ImapRanks<I::IntoIter, R>
    where
        F: Task<A, R>,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        ImapRanks(self.stream(TaskId::of(function), items.into_iter()).ordered())
    }

    /// Como [`MpiPool::imap_unordered`].
    pub fn imap_unordered<F, A, R, I>(self, function: F, items: I) -> ImapRanks<I::IntoIter, R>
    where
        F: Task<A, R>,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        ImapRanks(self.stream(TaskId::of(function), items.into_iter()).unordered())
    }

    fn stream<A, R, I>(self, task: Result<TaskId, Error>, items: I) -> Stream<I, R, RankLane<A, R>>
    where
        A: Portable + 'static,
        R: Portable + 'static,
        I: Iterator<Item = A>,
    {
        let pack = move |items: Vec<A>| {
            let mut body = map::header(task.clone()?, items.len())?;
            body.write_each(&items)?;
            body.into_bytes()
        };
        let open = |results: Vec<u8>| parcel::read_list(&results, &[]);
        let carrier = MpiCarrier::new(self.pool.world.clone());
        let lane = Box::new(Packed { carrier, pack, open, weigh: Vec::len }) as RankLane<A, R>;
        Stream::new(items, self.chunk_size, self.pool.workers(), lane).with_window(self.window)
    }
}

//! O pool dos ranks: as chamadas do [`Pool`](crate::Pool).

use std::fs::{self, OpenOptions};
use std::os::fd::{AsFd, OwnedFd};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lane::MpiLane;
use super::world::{World, own_rank};
use super::{map, witness};
use crate::Error;
use crate::dispatch::stream::{Stream, default_chunk_size};
use crate::parcel::Parcel;
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
///     let pool = MpiPool::new()?; // `mpirun -n 3 programa`: dois trabalhadores
///     assert_eq!(pool.map(|x: u64| x * x, 0..4)?, [0, 1, 4, 9]);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct MpiPool {
    world: World,
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
    /// [`Error::EmptyChunk`] com zero.
    pub fn chunk_size(&self, chunk_size: usize) -> Result<ChunkedRanks<'_>, Error> {
        if chunk_size == 0 {
            return Err(Error::EmptyChunk);
        }
        Ok(ChunkedRanks { pool: self, chunk_size })
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
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let items: Vec<A> = items.into_iter().collect();
        let chunk_size = default_chunk_size(items.len(), self.workers());
        ChunkedRanks { pool: self, chunk_size }.map(function, items)
    }

    /// Um resultado de cada vez, na ordem da entrada. Como [`Pool::imap`](crate::Pool::imap).
    pub fn imap<F, A, R, I>(
        &self,
        function: F,
        items: I,
    ) -> impl Iterator<Item = Result<R, Error>> + use<F, A, R, I>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        I: IntoIterator<Item = A>,
    {
        ChunkedRanks { pool: self, chunk_size: 1 }.imap(function, items)
    }

    /// O mesmo, na ordem em que ficam prontos. Como [`Pool::imap_unordered`](crate::Pool::imap_unordered).
    pub fn imap_unordered<F, A, R, I>(
        &self,
        function: F,
        items: I,
    ) -> impl Iterator<Item = Result<R, Error>> + use<F, A, R, I>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        I: IntoIterator<Item = A>,
    {
        ChunkedRanks { pool: self, chunk_size: 1 }.imap_unordered(function, items)
    }

    /// Roda uma tarefa e espera o resultado. Como [`Pool::apply`](crate::Pool::apply).
    ///
    /// # Erros
    ///
    /// Os de [`map`](Self::map).
    pub fn apply<F, A, R>(&self, function: F, argument: A) -> Result<R, Error>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        ChunkedRanks { pool: self, chunk_size: 1 }.map(function, [argument]).and_then(protocol::only)
    }
}

/// Um [`MpiPool`] com o tamanho do bloco escolhido; vem de [`MpiPool::chunk_size`].
#[derive(Clone, Copy)]
pub struct ChunkedRanks<'p> {
    pool: &'p MpiPool,
    chunk_size: usize,
}

impl ChunkedRanks<'_> {
    /// Como [`MpiPool::map`].
    ///
    /// # Erros
    ///
    /// Os de [`MpiPool::map`].
    pub fn map<F, A, R>(self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        map::map(self.pool.world.clone(), TaskId::of(function)?, items.into_iter(), self.chunk_size)
    }

    /// Como [`MpiPool::imap`].
    pub fn imap<F, A, R, I>(
        self,
        function: F,
        items: I,
    ) -> impl Iterator<Item = Result<R, Error>> + use<F, A, R, I>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        I: IntoIterator<Item = A>,
    {
        self.stream(function, items).ordered()
    }

    /// Como [`MpiPool::imap_unordered`].
    pub fn imap_unordered<F, A, R, I>(
        self,
        function: F,
        items: I,
    ) -> impl Iterator<Item = Result<R, Error>> + use<F, A, R, I>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        I: IntoIterator<Item = A>,
    {
        self.stream(function, items).unordered()
    }

    #[expect(clippy::type_complexity, reason = "o fecho que prepara os blocos não tem nome")]
    fn stream<F, A, R, I>(
        self,
        function: F,
        items: I,
    ) -> Stream<I::IntoIter, impl FnMut(Vec<A>) -> Result<Vec<u8>, Error> + use<F, A, R, I>, MpiLane, R>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        I: IntoIterator<Item = A>,
    {
        let task = TaskId::of(function);
        let load = move |items: Vec<A>| {
            let mut body = map::header(task.clone()?, items.len())?;
            items.iter().try_for_each(|item| body.write(item))?;
            body.into_bytes()
        };
        let open = |results: Vec<u8>| Parcel { bytes: results, descriptors: Vec::new() }.read();
        let lane = MpiLane::new(self.pool.world.clone());
        Stream::new(items.into_iter(), load, self.chunk_size, self.pool.workers(), lane, Vec::len, open)
    }
}

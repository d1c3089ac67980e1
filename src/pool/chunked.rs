//! As mesmas chamadas, com blocos do tamanho que se quiser.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Pool;
use super::stream::Stream;
use crate::Error;
use crate::ipc::parcel::Parcel;
use crate::process::protocol;

/// Um [`Pool`] com o tamanho do bloco escolhido; vem de [`Pool::chunk_size`].
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// // De dez em dez, e lendo no máximo quatro blocos adiante.
/// let em_blocos = pool.chunk_size(10)?.window(4);
/// let soma: u64 = em_blocos.imap(|x: u64| x + 1, 0..100).sum::<Result<u64, Error>>()?;
/// assert_eq!(soma, 5050);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Chunked<'p> {
    pool: &'p Pool,
    chunk_size: usize,
    window: Option<usize>,
}

impl<'p> Chunked<'p> {
    pub(super) fn new(pool: &'p Pool, chunk_size: usize) -> Self {
        Chunked { pool, chunk_size, window: None }
    }

    /// Quantos blocos podem estar entregues e ainda sem resposta consumida, pelo menos 1: até onde `imap` lê a
    /// entrada antes de se consumir a saída. Sem isto, o pool escolhe pelo tamanho dos blocos.
    pub fn window(mut self, chunks: usize) -> Self {
        self.window = Some(chunks.max(1));
        self
    }

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
        let weigh = |answer: &Parcel| answer.bytes.len();
        Stream::new(items.into_iter(), self.chunk_size, pool.workers, submit, weigh, open)
            .with_window(self.window)
    }
}

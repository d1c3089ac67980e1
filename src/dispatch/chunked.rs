//! As mesmas chamadas, com blocos do tamanho que se quiser.

use std::fmt;

/// Um pool com o tamanho do bloco escolhido; vem de [`Pool::chunk_size`](crate::Pool::chunk_size) e dos seus iguais.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// let de_dez_em_dez = pool.chunk_size(10)?;
/// assert_eq!(de_dez_em_dez.map(|x: u64| x + 1, 0..100)?.len(), 100);
///
/// // O mesmo, lendo no máximo quatro blocos adiante.
/// let soma: u64 = de_dez_em_dez.window(4).imap(|x: u64| x + 1, 0..100).sum::<Result<u64, Error>>()?;
/// assert_eq!(soma, 5050);
/// # Ok(())
/// # }
/// ```
#[must_use = "só diz de que tamanho serão os blocos: peça em seguida um `map` ou um `imap`"]
pub struct Chunked<'p, P> {
    pub(crate) pool: &'p P,
    pub(crate) chunk_size: usize,
    pub(crate) window: Option<usize>,
}

impl<'p, P> Chunked<'p, P> {
    pub(crate) fn new(pool: &'p P, chunk_size: usize) -> Self {
        Chunked { pool, chunk_size, window: None }
    }

    /// Quantos blocos podem estar entregues e ainda sem resposta consumida, pelo menos 1: até onde `imap` lê a
    /// entrada antes de se consumir a saída. Sem isto, o pool escolhe pelo tamanho dos blocos. Por memória podem ser
    /// menos, se outras chamadas ocupam o pool; e o `map` de um `MpiPool` escolhe sempre ele mesmo.
    pub fn window(mut self, chunks: usize) -> Self {
        self.window = Some(chunks.max(1));
        self
    }
}

impl<P> Clone for Chunked<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Chunked<'_, P> {}

impl<P> fmt::Debug for Chunked<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Chunked { chunk_size, window, .. } = self;
        f.debug_struct("Chunked")
            .field("chunk_size", chunk_size)
            .field("window", window)
            .finish_non_exhaustive()
    }
}

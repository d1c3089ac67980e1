//! O que `imap` devolve.

use std::fmt;

use super::lane::Lane;
use super::stream::Results;
use crate::Error;

/// Os resultados, um por item, conforme ficam prontos; vem de `imap` e `imap_unordered`, de um [`Pool`](crate::Pool) ou de um
/// [`ThreadPool`](crate::ThreadPool).
///
/// Lê a entrada aos poucos, à medida que se consome: quem para de pedir para de mandar. Descartado, o que ninguém começou não
/// será feito. Não toma o pool emprestado: cabe na mesma `struct` que ele, e pode ir para outra thread. Depois do fim do
/// pool, cada item que falta é um [`Error::Terminated`] ou um [`Error::Closed`].
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Imap, Pool};
/// use std::ops::Range;
///
/// /// Um pool, e o que ele está fazendo.
/// struct Fabrica {
///     pool: Pool,
///     quadrados: Imap<Range<u64>, u64>,
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// let mut fabrica = Fabrica { quadrados: pool.imap(|x: u64| x * x, 0..1000), pool };
/// assert_eq!(fabrica.quadrados.next().transpose()?, Some(0));
/// assert_eq!(fabrica.quadrados.next().transpose()?, Some(1));
/// assert_eq!(fabrica.pool.apply(|x: u64| x + 1, 41)?, 42);
/// # Ok(())
/// # }
/// ```
#[must_use = "nada é mandado ao pool antes de se pedir o primeiro resultado"]
pub struct Imap<I: Iterator, R>(Results<I, R, BoxedLane<I::Item, R>>);

/// Uma [`Lane`] qualquer, que pode ir para outra thread.
pub(crate) type BoxedLane<A, R> = Box<dyn Lane<A, R> + Send>;

impl<I: Iterator, R> Imap<I, R> {
    pub(crate) fn new(results: Results<I, R, BoxedLane<I::Item, R>>) -> Self {
        Imap(results)
    }
}

impl<I: Iterator, R> Iterator for Imap<I, R> {
    type Item = Result<R, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<I: Iterator, R> fmt::Debug for Imap<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imap").finish_non_exhaustive()
    }
}

//! A resposta de um bloco, do trabalhador a quem espera: o lado de quem espera.

use std::fmt;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::promise::{Answer, ChunkId, Promise};
use crate::Error;
use crate::clock::deadline_in;
use crate::process::protocol::only;

/// Um resultado que ainda não chegou; é o que `apply_async` devolve.
///
/// Descartá-lo não cancela a tarefa.
///
/// # Exemplos
///
/// ```
/// # use std::time::Duration;
/// # use multiprocessamento::{init, Error, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// let pedido = pool.apply_async(|x: u64| x * x, 12);
/// // Aqui se faz outra coisa; depois se pergunta, com ou sem limite de tempo.
/// assert_eq!(pedido.get_timeout(Duration::from_secs(10))?, 144);
/// # Ok(())
/// # }
/// ```
#[must_use = "descartado, não se sabe do resultado, nem da falha"]
pub struct AsyncResult<R>(Box<dyn Source<R>>);

impl<R> fmt::Debug for AsyncResult<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResult").field("is_ready", &self.0.is_ready()).finish_non_exhaustive()
    }
}

/// De onde virá um resultado.
pub(crate) trait Source<R>: Send {
    /// Se a resposta já chegou.
    fn is_ready(&self) -> bool;
    /// Espera a resposta, até `deadline`; `None` se o tempo acabou.
    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>>;
}

/// De um canal em que uma [`Promise`] põe a resposta.
struct ByChannel<P, R> {
    answers: Receiver<Answer<P>>,
    open: fn(P) -> Result<Vec<R>, Error>,
}

impl<P: Send, R> Source<R> for ByChannel<P, R> {
    fn is_ready(&self) -> bool {
        !self.answers.is_empty()
    }

    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>> {
        let received = match deadline {
            None => self.answers.recv().map_err(|_| false),
            Some(deadline) => self.answers.recv_deadline(deadline).map_err(|e| e.is_timeout()),
        };
        Some(match received {
            Ok((_, answer)) => answer.and_then(self.open).and_then(only),
            Err(true) => return None,
            Err(false) => Err(Error::AlreadyTaken),
        })
    }
}

/// De outra, que precisa de algo até o fim.
struct Holding<R, H> {
    source: Box<dyn Source<R>>,
    _held: H,
}

impl<R, H: Send> Source<R> for Holding<R, H> {
    fn is_ready(&self) -> bool {
        self.source.is_ready()
    }

    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>> {
        self.source.wait(deadline)
    }
}

impl<R: 'static> AsyncResult<R> {
    /// Uma tarefa que nem saiu.
    pub(crate) fn failed(error: Error) -> Self {
        let (to, answers) = crossbeam_channel::bounded(1);
        Promise::new(ChunkId { index: 0, len: 1 }, to, None).keep(Err(error));
        AsyncResult::new(answers, |(): ()| Ok(Vec::new()))
    }

    /// Uma resposta que chega de outro jeito.
    pub(crate) fn from_source(source: impl Source<R> + 'static) -> Self {
        AsyncResult(Box::new(source))
    }

    pub(crate) fn new<P: Send + 'static>(
        answers: Receiver<Answer<P>>,
        open: fn(P) -> Result<Vec<R>, Error>,
    ) -> Self {
        AsyncResult(Box::new(ByChannel { answers, open }))
    }

    /// O mesmo, com algo que tem que existir até que a resposta chegue.
    pub(crate) fn holding(self, held: impl Send + 'static) -> Self {
        AsyncResult(Box::new(Holding { source: self.0, _held: held }))
    }

    /// Se o resultado já chegou: [`get`](Self::get) não esperaria.
    pub fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    /// Espera o resultado.
    ///
    /// # Erros
    ///
    /// Os da tarefa: [`Error::Panicked`], [`Error::WorkerDied`], [`Error::Encode`], [`Error::Decode`];
    /// [`Error::Terminated`] se o pool foi encerrado antes; [`Error::AlreadyTaken`] se
    /// [`get_timeout`](Self::get_timeout) já o entregou.
    pub fn get(self) -> Result<R, Error> {
        self.0.wait(None).unwrap_or(Err(Error::Terminated))
    }

    /// Espera o resultado por no máximo `limit`. Pode ser chamada de novo se o tempo acabou.
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se a tarefa ainda roda; e os de [`get`](Self::get).
    pub fn get_timeout(&self, limit: Duration) -> Result<R, Error> {
        self.0.wait(deadline_in(limit)).unwrap_or(Err(Error::TimedOut(limit)))
    }
}

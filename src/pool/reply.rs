//! A resposta de um bloco, do trabalhador a quem espera.

use std::sync::Weak;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use crate::Error;
use crate::clock::deadline_in;

/// Que bloco é este: a sua posição na entrada e quantos itens tem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkId {
    pub(crate) index: usize,
    pub(crate) len: usize,
}

/// Um bloco respondido. `P` é como os resultados chegam: valores (threads) ou bytes (processos).
pub(crate) type Answer<P> = (ChunkId, Result<P, Error>);

/// O compromisso de responder a um bloco. Descartado sem resposta, ele mesmo responde
/// [`Error::Terminated`]: quem espera nunca fica esperando à toa.
pub(crate) struct Promise<P> {
    chunk: ChunkId,
    to: Option<To<P>>,
    asker: Option<Weak<()>>,
}

enum To<P> {
    Channel(Sender<Answer<P>>),
    Call(Box<dyn FnOnce(Result<P, Error>) + Send>),
}

impl<P> Promise<P> {
    /// Para um bloco que só interessa enquanto `asker` existir; sem `asker`, interessa sempre.
    pub(crate) fn new(chunk: ChunkId, to: Sender<Answer<P>>, asker: Option<Weak<()>>) -> Self {
        Promise { chunk, to: Some(To::Channel(to)), asker }
    }

    /// O mesmo, para quem recebe a resposta de outro jeito.
    pub(crate) fn keeping(
        chunk: ChunkId,
        keep: impl FnOnce(Result<P, Error>) + Send + 'static,
        asker: Option<Weak<()>>,
    ) -> Self {
        Promise { chunk, to: Some(To::Call(Box::new(keep))), asker }
    }

    pub(crate) fn chunk(&self) -> ChunkId {
        self.chunk
    }

    /// Se ainda vale a pena rodar o bloco.
    pub(crate) fn is_wanted(&self) -> bool {
        self.asker.as_ref().is_none_or(|asker| asker.strong_count() > 0)
    }

    pub(crate) fn keep(mut self, answer: Result<P, Error>) {
        self.deliver(answer);
    }

    fn deliver(&mut self, answer: Result<P, Error>) {
        match self.to.take() {
            // Quem perguntou pode ter desistido; então a resposta não interessa a ninguém.
            Some(To::Channel(to)) => drop(to.send((self.chunk, answer))),
            Some(To::Call(keep)) => keep(answer),
            None => {}
        }
    }
}

impl<P> Drop for Promise<P> {
    fn drop(&mut self) {
        self.deliver(Err(Error::Terminated));
    }
}

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
pub struct AsyncResult<R>(Box<dyn Pending<R>>);

pub(crate) trait Pending<R>: Send {
    /// Se a resposta já chegou.
    fn is_ready(&self) -> bool;
    /// Espera a resposta, até `deadline`; `None` se o tempo acabou.
    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>>;
}

struct Waiting<P, R> {
    answers: Receiver<Answer<P>>,
    open: fn(P) -> Result<Vec<R>, Error>,
}

impl<P: Send, R> Pending<R> for Waiting<P, R> {
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

/// O único resultado de um bloco de um item.
pub(crate) fn only<R>(values: Vec<R>) -> Result<R, Error> {
    values.into_iter().next().ok_or_else(|| Error::Decode("resposta vazia".to_owned()))
}

impl<R: 'static> AsyncResult<R> {
    /// Uma resposta que chega de outro jeito.
    pub(crate) fn pending(pending: impl Pending<R> + 'static) -> Self {
        AsyncResult(Box::new(pending))
    }

    pub(crate) fn new<P: Send + 'static>(
        answers: Receiver<Answer<P>>,
        open: fn(P) -> Result<Vec<R>, Error>,
    ) -> Self {
        AsyncResult(Box::new(Waiting { answers, open }))
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

//! A resposta de um bloco, do trabalhador a quem espera: o lado de quem espera.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};

use super::promise::{Answer, Promise, Ticket};
use crate::Error;
use crate::clock::deadline_in;
use crate::process::copy::process_id;
use crate::process::protocol::only;

/// Um resultado que ainda não chegou; é o que `apply_async` devolve.
///
/// Descartá-lo não cancela a tarefa (o de um [`WithContext`](crate::WithContext), sim); para isso há
/// [`cancel`](AsyncResult::cancel). Num `tokio::select!`, o ramo que perde não é cancelado: espere por `&mut resultado`, e
/// cancele-o depois.
///
/// É também um futuro, de qualquer executor (tokio, smol, o seu): `pool.apply_async(f, x).await`. Para esperar por vários,
/// veja [`as_completed`](crate::as_completed).
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
pub struct AsyncResult<R> {
    source: Box<dyn Source<R>>,
    /// O processo a quem a resposta virá, e não a uma cópia (`fork`) dele.
    owner: u32,
}

impl<R> fmt::Debug for AsyncResult<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResult").field("is_ready", &self.source.is_ready()).finish_non_exhaustive()
    }
}

/// De onde virá um resultado.
pub(crate) trait Source<R>: Send {
    /// Se a resposta já chegou.
    fn is_ready(&self) -> bool;
    /// Espera a resposta, até `deadline`; `None` se o tempo acabou.
    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>>;
    /// A resposta, se já chegou; senão, `waker` será acordado quando ela chegar.
    fn poll(&self, waker: &Waker) -> Option<Result<R, Error>>;
    /// Ninguém quer mais a resposta: se a tarefa não começou, não será feita.
    fn cancel(&self);
}

/// De um canal em que uma [`Promise`] põe a resposta.
struct ByChannel<P, R> {
    answers: Receiver<Answer<P>>,
    open: fn(P) -> Result<Vec<R>, Error>,
    ticket: Arc<Ticket>,
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

    fn poll(&self, waker: &Waker) -> Option<Result<R, Error>> {
        self.ticket.wake_when_done(waker);
        match self.answers.try_recv() {
            Ok((_, answer)) => Some(answer.and_then(self.open).and_then(only)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(Error::AlreadyTaken)),
        }
    }

    fn cancel(&self) {
        self.ticket.cancel();
    }
}

/// De outra, que precisa de algo até o fim.
struct Holding<R, H> {
    source: Box<dyn Source<R>>,
    _held: H,
}

impl<R, H> Drop for Holding<R, H> {
    /// Sem o que ela precisa, a tarefa não pode mais começar.
    fn drop(&mut self) {
        self.source.cancel();
    }
}

impl<R, H: Send> Source<R> for Holding<R, H> {
    fn is_ready(&self) -> bool {
        self.source.is_ready()
    }

    fn wait(&self, deadline: Option<Instant>) -> Option<Result<R, Error>> {
        self.source.wait(deadline)
    }

    fn poll(&self, waker: &Waker) -> Option<Result<R, Error>> {
        self.source.poll(waker)
    }

    fn cancel(&self) {
        self.source.cancel();
    }
}

impl<R: 'static> AsyncResult<R> {
    /// Uma tarefa que nem saiu.
    pub(crate) fn failed(error: Error) -> Self {
        let (promise, result) = AsyncResult::promised(|(): ()| Ok(Vec::new()));
        promise.keep(Err(error));
        result
    }

    /// Uma resposta que chega de outro jeito.
    pub(crate) fn from_source(source: impl Source<R> + 'static) -> Self {
        AsyncResult { source: Box::new(source), owner: process_id() }
    }

    /// A promessa de uma resposta, e o resultado que ela dará; `open` o tira dela.
    pub(crate) fn promised<P: Send + 'static>(open: fn(P) -> Result<Vec<R>, Error>) -> (Promise<P>, Self) {
        let (to, answers) = crossbeam_channel::bounded(1);
        let ticket = Arc::<Ticket>::default();
        let promise = Promise::with_ticket(to, ticket.clone());
        (promise, AsyncResult::from_source(ByChannel { answers, open, ticket }))
    }

    /// O mesmo, com algo que tem que existir até que a resposta chegue.
    pub(crate) fn holding(self, held: impl Send + 'static) -> Self {
        AsyncResult::from_source(Holding { source: self.source, _held: held })
    }

    /// Se o resultado já chegou: [`get`](Self::get) não esperaria.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pool = Pool::new(1)?;
    /// let pedido = pool.apply_async(|x: u64| x * x, 12);
    /// let mut quadros = 0;
    /// while !pedido.is_ready() {
    ///     quadros += 1; // a tela segue viva
    ///     std::thread::sleep(Duration::from_millis(1));
    /// }
    /// assert_eq!(pedido.get()?, 144);
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_ready(&self) -> bool {
        self.source.is_ready()
    }

    /// Espera o resultado.
    ///
    /// # Erros
    ///
    /// Os da tarefa: [`Error::Panicked`], [`Error::WorkerDied`], [`Error::Encode`], [`Error::Decode`];
    /// [`Error::Terminated`] se o pool foi encerrado antes; [`Error::AlreadyTaken`] se
    /// [`get_timeout`](Self::get_timeout) já o entregou.
    pub fn get(self) -> Result<R, Error> {
        self.check_owner()?;
        self.source.wait(None).unwrap_or(Err(Error::Terminated))
    }

    /// Espera o resultado por no máximo `limit`. Pode ser chamada de novo se o tempo acabou.
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se a tarefa ainda roda; e os de [`get`](Self::get).
    pub fn get_timeout(&self, limit: Duration) -> Result<R, Error> {
        self.check_owner()?;
        self.source.wait(deadline_in(limit)).unwrap_or(Err(Error::TimedOut(limit)))
    }
}

impl<R> AsyncResult<R> {
    fn check_owner(&self) -> Result<(), Error> {
        if self.owner == process_id() { Ok(()) } else { Err(Error::OtherProcess) }
    }

    /// Desiste do resultado. Se nenhum trabalhador começou a tarefa, ela não será feita; se começou, vai até o fim, e ninguém
    /// a ouve. Por soquete, as que já foram adiantadas a um trabalhador também são feitas.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pool = Pool::new(1)?;
    /// let pedidos: Vec<_> = (0..100).map(|x: u64| pool.apply_async(|x: u64| x * x, x)).collect();
    /// for (x, pedido) in pedidos.into_iter().enumerate() {
    ///     if x < 3 {
    ///         assert_eq!(pedido.get()?, (x * x) as u64);
    ///     } else {
    ///         pedido.cancel();
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(self) {
        self.source.cancel();
    }
}

impl<R> Future for AsyncResult<R> {
    type Output = Result<R, Error>;

    /// O resultado, se já chegou. Depois disso, [`Error::AlreadyTaken`].
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.check_owner() {
            Ok(()) => self.source.poll(context.waker()).map_or(Poll::Pending, Poll::Ready),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

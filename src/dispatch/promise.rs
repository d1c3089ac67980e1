//! A resposta de um bloco, do trabalhador a quem espera: o lado de quem responde.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Waker;

use crossbeam_channel::Sender;

use super::wake::wake;
use crate::Error;

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
    wanted: Wanted,
}

/// Até quando um bloco que ninguém começou interessa a alguém.
enum Wanted {
    Always,
    /// Enquanto a chamada existir.
    While(Weak<()>),
    /// Até que se desista dele.
    Unless(Arc<Ticket>),
}

/// O que quem pediu um resultado e quem o dará têm em comum, além da resposta.
#[derive(Default)]
pub(crate) struct Ticket {
    cancelled: AtomicBool,
    /// A quem avisar da resposta.
    waker: Mutex<Option<Waker>>,
}

impl Ticket {
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Avisa `waker` da resposta. Vale o último; quem o dá olha em seguida se ela já chegou.
    pub(crate) fn wake_when_done(&self, waker: &Waker) {
        let waker = waker.clone();
        let last = self.waker.lock().unwrap_or_else(PoisonError::into_inner).replace(waker);
        // Fora da trava: é código de quem espera.
        drop(last);
    }

    fn wake(&self) {
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            wake(waker);
        }
    }
}

enum To<P> {
    Channel(Sender<Answer<P>>),
    Call(Box<dyn FnOnce(Result<P, Error>) + Send>),
}

impl<P> Promise<P> {
    /// Para um bloco que só interessa enquanto `asker` existir.
    pub(crate) fn new(chunk: ChunkId, to: Sender<Answer<P>>, asker: Weak<()>) -> Self {
        Promise { chunk, to: Some(To::Channel(to)), wanted: Wanted::While(asker) }
    }

    /// Para um resultado só, de que se pode desistir.
    pub(crate) fn with_ticket(to: Sender<Answer<P>>, ticket: Arc<Ticket>) -> Self {
        let chunk = ChunkId { index: 0, len: 1 };
        Promise { chunk, to: Some(To::Channel(to)), wanted: Wanted::Unless(ticket) }
    }

    /// O mesmo, para quem recebe a resposta de outro jeito; sem `asker`, interessa sempre.
    pub(crate) fn keeping(
        chunk: ChunkId,
        keep: impl FnOnce(Result<P, Error>) + Send + 'static,
        asker: Option<Weak<()>>,
    ) -> Self {
        let wanted = asker.map_or(Wanted::Always, Wanted::While);
        Promise { chunk, to: Some(To::Call(Box::new(keep))), wanted }
    }

    pub(crate) fn chunk(&self) -> ChunkId {
        self.chunk
    }

    /// Se ainda vale a pena rodar o bloco.
    pub(crate) fn is_wanted(&self) -> bool {
        match &self.wanted {
            Wanted::Always => true,
            Wanted::While(asker) => asker.strong_count() > 0,
            Wanted::Unless(ticket) => !ticket.cancelled.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn keep(mut self, answer: Result<P, Error>) {
        self.deliver(answer);
    }

    fn deliver(&mut self, answer: Result<P, Error>) {
        match self.to.take() {
            // Quem perguntou pode ter desistido; então a resposta não interessa a ninguém.
            Some(To::Channel(to)) => {
                drop(to.send((self.chunk, answer)));
                // Antes do aviso: quem já tem a resposta e pergunta de novo tem que ver que não virá outra.
                drop(to);
                if let Wanted::Unless(ticket) = &self.wanted {
                    ticket.wake();
                }
            }
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

//! A resposta de um bloco, do trabalhador a quem espera: o lado de quem responde.

use std::sync::Weak;

use crossbeam_channel::Sender;

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

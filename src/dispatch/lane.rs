//! Por onde os blocos de um fluxo vão e voltam.

use std::marker::PhantomData;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::promise::{Answer, ChunkId, Promise};

/// Quem leva os blocos e traz as respostas. Descartado, cancela os que ninguém começou.
pub(crate) trait Lane {
    /// Como os itens vão: valores (threads) ou bytes (processos).
    type Load;
    /// E como os resultados voltam.
    type Payload;

    /// Entrega um bloco; devolve quantos bytes ele ocupa na espera.
    fn send(&mut self, chunk: ChunkId, load: Self::Load) -> usize;

    /// O próximo bloco que ficar pronto; há pelo menos um em andamento.
    fn receive(&mut self) -> Option<Answer<Self::Payload>>;

    /// Um bloco que já está pronto.
    fn try_receive(&mut self) -> Option<Answer<Self::Payload>>;

    /// Quantos blocos podem estar em andamento.
    fn capacity(&self) -> usize {
        usize::MAX
    }
}

impl<C: Lane + ?Sized> Lane for Box<C> {
    type Load = C::Load;
    type Payload = C::Payload;

    fn send(&mut self, chunk: ChunkId, load: C::Load) -> usize {
        (**self).send(chunk, load)
    }

    fn receive(&mut self) -> Option<Answer<C::Payload>> {
        (**self).receive()
    }

    fn try_receive(&mut self) -> Option<Answer<C::Payload>> {
        (**self).try_receive()
    }

    fn capacity(&self) -> usize {
        (**self).capacity()
    }
}

/// Leva os blocos por uma função que os entrega, e traz as respostas por um canal.
pub(crate) struct ChannelLane<S, L, P> {
    submit: S,
    load: PhantomData<fn(L)>,
    promises: Sender<Answer<P>>,
    answers: Receiver<Answer<P>>,
    alive: Arc<()>,
}

impl<L, P, S: FnMut(L, Promise<P>) -> usize> ChannelLane<S, L, P> {
    pub(crate) fn new(submit: S) -> Self {
        let (promises, answers) = unbounded();
        ChannelLane { submit, load: PhantomData, promises, answers, alive: Arc::new(()) }
    }
}

impl<L, P, S: FnMut(L, Promise<P>) -> usize> Lane for ChannelLane<S, L, P> {
    type Load = L;
    type Payload = P;

    fn send(&mut self, chunk: ChunkId, load: L) -> usize {
        let asker = Some(Arc::downgrade(&self.alive));
        (self.submit)(load, Promise::new(chunk, self.promises.clone(), asker))
    }

    fn receive(&mut self) -> Option<Answer<P>> {
        self.answers.recv().ok()
    }

    fn try_receive(&mut self) -> Option<Answer<P>> {
        self.answers.try_recv().ok()
    }
}

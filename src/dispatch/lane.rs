//! Por onde os blocos de um fluxo vão e voltam.
//!
//! Um [`Carrier`] os leva na forma em que viajam: valores entre threads, bytes entre processos. Uma [`Lane`] é o que o fluxo
//! vê: valores que vão e valores que voltam, seja quem for que os leve.

use std::marker::PhantomData;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::promise::{Answer, ChunkId, Promise};
use crate::Error;

/// Quem leva os blocos e traz as respostas. Descartado, cancela os que ninguém começou.
pub(crate) trait Carrier {
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

    /// Quantos convém que estejam, se convém mais do que o costume.
    fn ahead(&self) -> usize {
        0
    }
}

impl<C: Carrier + ?Sized> Carrier for Box<C> {
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

    fn ahead(&self) -> usize {
        (**self).ahead()
    }
}

/// Por onde vão blocos de `A` e voltam blocos de `R`.
pub(crate) trait Lane<A, R> {
    /// Entrega um bloco; devolve quantos bytes ele ocupa na espera.
    fn send(&mut self, chunk: ChunkId, items: Vec<A>) -> usize;

    /// O próximo bloco que ficar pronto; há pelo menos um em andamento.
    fn receive(&mut self) -> Option<Returned<R>>;

    /// Um bloco que já está pronto.
    fn try_receive(&mut self) -> Option<Returned<R>>;

    /// Quantos blocos podem estar em andamento.
    fn capacity(&self) -> usize;

    /// Quantos convém que estejam, se convém mais do que o costume.
    fn ahead(&self) -> usize;
}

/// Um bloco que voltou.
pub(crate) struct Returned<R> {
    pub(crate) chunk: ChunkId,
    pub(crate) values: Result<Vec<R>, Error>,
    /// Quantos bytes a resposta ocupou na espera; zero entre threads.
    pub(crate) bytes: usize,
}

impl<A, R, L: Lane<A, R> + ?Sized> Lane<A, R> for Box<L> {
    fn send(&mut self, chunk: ChunkId, items: Vec<A>) -> usize {
        (**self).send(chunk, items)
    }

    fn receive(&mut self) -> Option<Returned<R>> {
        (**self).receive()
    }

    fn try_receive(&mut self) -> Option<Returned<R>> {
        (**self).try_receive()
    }

    fn capacity(&self) -> usize {
        (**self).capacity()
    }

    fn ahead(&self) -> usize {
        (**self).ahead()
    }
}

/// Valores, por quem os leva de outra forma: `pack` os prepara para a viagem, `open` os traz de volta, e `weigh` diz quantos
/// bytes ocupa uma resposta.
pub(crate) struct Packed<C: Carrier, P, R> {
    pub(crate) carrier: C,
    pub(crate) pack: P,
    pub(crate) open: fn(C::Payload) -> Result<Vec<R>, Error>,
    pub(crate) weigh: fn(&C::Payload) -> usize,
}

impl<C: Carrier, P, R> Packed<C, P, R> {
    fn unpack(&self, (chunk, answer): Answer<C::Payload>) -> Returned<R> {
        let bytes = answer.as_ref().map_or(0, self.weigh);
        Returned { chunk, values: answer.and_then(self.open), bytes }
    }
}

impl<A, R, C: Carrier, P: FnMut(Vec<A>) -> C::Load> Lane<A, R> for Packed<C, P, R> {
    fn send(&mut self, chunk: ChunkId, items: Vec<A>) -> usize {
        self.carrier.send(chunk, (self.pack)(items))
    }

    fn receive(&mut self) -> Option<Returned<R>> {
        let answer = self.carrier.receive()?;
        Some(self.unpack(answer))
    }

    fn try_receive(&mut self) -> Option<Returned<R>> {
        let answer = self.carrier.try_receive()?;
        Some(self.unpack(answer))
    }

    fn capacity(&self) -> usize {
        self.carrier.capacity()
    }

    fn ahead(&self) -> usize {
        self.carrier.ahead()
    }
}

/// Leva os blocos por uma função que os entrega, e traz as respostas por um canal.
pub(crate) struct ChannelCarrier<S, L, P> {
    submit: S,
    load: PhantomData<fn(L)>,
    promises: Sender<Answer<P>>,
    answers: Receiver<Answer<P>>,
    alive: Arc<()>,
}

impl<L, P, S: FnMut(L, Promise<P>) -> usize> ChannelCarrier<S, L, P> {
    pub(crate) fn new(submit: S) -> Self {
        let (promises, answers) = unbounded();
        ChannelCarrier { submit, load: PhantomData, promises, answers, alive: Arc::new(()) }
    }
}

impl<L, P, S: FnMut(L, Promise<P>) -> usize> Carrier for ChannelCarrier<S, L, P> {
    type Load = L;
    type Payload = P;

    fn send(&mut self, chunk: ChunkId, load: L) -> usize {
        let asker = Arc::downgrade(&self.alive);
        (self.submit)(load, Promise::new(chunk, self.promises.clone(), asker))
    }

    fn receive(&mut self) -> Option<Answer<P>> {
        self.answers.recv().ok()
    }

    fn try_receive(&mut self) -> Option<Answer<P>> {
        self.answers.try_recv().ok()
    }
}

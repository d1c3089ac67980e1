//! Um bloco a fazer, e o que vale para quem o faz.

use std::time::Duration;

use super::reply::Promise;
use crate::parcel::Parcel;
use crate::process::StartMethod;

/// Um bloco a fazer: o pedido já em bytes, a quem responder e quantas vezes já se perdeu.
pub(crate) struct Job {
    pub(crate) request: Parcel,
    pub(crate) promise: Promise<Parcel>,
    pub(crate) losses: usize,
}

impl Job {
    pub(crate) fn new(request: Parcel, promise: Promise<Parcel>) -> Self {
        Job { request, promise, losses: 0 }
    }

    /// Quantos itens tem.
    pub(crate) fn items(&self) -> usize {
        self.promise.chunk().len
    }

    /// Se é do próprio trabalhador, o `initializer` ou o posto no mural: só esses não têm itens.
    pub(crate) fn is_own(&self) -> bool {
        self.items() == 0
    }
}

/// O que vale para todos os trabalhadores de um pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) start_method: StartMethod,
    /// O pedido que cada um atende antes de receber tarefas.
    pub(crate) initializer: Option<Parcel>,
    /// Quantos itens um trabalhador faz antes de dar lugar a outro.
    pub(crate) quota: Option<usize>,
    /// Quanto pode durar cada item.
    pub(crate) time_limit: Option<Duration>,
}

//! O que vale para todos os trabalhadores de um pool.

use std::time::Duration;

use crate::parcel::Parcel;
use crate::process::StartMethod;

/// O que [`PoolBuilder`](super::PoolBuilder) combinou com quem usa o pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    pub(super) start_method: StartMethod,
    /// O pedido que cada um atende antes de receber tarefas.
    pub(super) initializer: Option<Parcel>,
    /// Quantos itens um trabalhador faz antes de dar lugar a outro.
    pub(super) quota: Option<usize>,
    /// Quanto pode durar cada item.
    pub(super) time_limit: Option<Duration>,
}

//! Mensagens inteiras entre dois processos.
//!
//! Um soquete entrega bytes, não mensagens: duas podem chegar coladas, uma pode chegar partida.
//! [`frame`] põe o tamanho antes de cada uma e devolve, do outro lado, as mesmas mensagens.

pub(crate) mod frame;

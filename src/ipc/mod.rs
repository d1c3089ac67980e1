//! Por onde os processos falam.
//!
//! De baixo para cima: [`parcel`] transforma valores em bytes e descritores; [`frame`] põe o tamanho antes
//! de cada mensagem, porque um soquete entrega bytes e não mensagens; [`socket`] envia e recebe quadros.
//! Sobre um soquete de outro tipo, que entrega mensagens inteiras: [`raw`], o atalho dos bytes; [`message`],
//! um valor numa mensagem; [`pipe`], o canal de duas mãos.
//!
//! Para a memória compartilhada: [`mapping`] a cria, [`robust`] a protege, [`futex`] espera por uma mudança
//! nela, [`memory`] a faz viajar. Sobre ela: [`shared`], um bloco de bytes; [`array`] e [`value`], números, que
//! são os de [`element`]; e uma fila: [`ring`] conta os itens, [`bodies`] guarda os corpos deles, [`log`] os põe
//! e tira, e [`queue`] é o que o usuário vê.

pub(crate) mod array;
pub(crate) mod bodies;
pub(crate) mod element;
pub(crate) mod frame;
pub(crate) mod futex;
pub(crate) mod log;
pub(crate) mod mapping;
pub(crate) mod memory;
pub(crate) mod message;
pub(crate) mod parcel;
pub(crate) mod pipe;
pub(crate) mod queue;
pub(crate) mod raw;
pub(crate) mod ring;
pub(crate) mod robust;
pub(crate) mod shared;
pub(crate) mod socket;
pub(crate) mod value;

use std::time::{Duration, Instant};

/// Até quando esperar, para quem espera no máximo `limit`. Um limite que não cabe no relógio é nenhum limite.
pub(crate) fn deadline_in(limit: Duration) -> Option<Instant> {
    Instant::now().checked_add(limit)
}

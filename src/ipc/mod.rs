//! Por onde os processos falam.
//!
//! De baixo para cima: [`parcel`] transforma valores em bytes e descritores; [`frame`] põe o tamanho antes
//! de cada mensagem, porque um soquete entrega bytes e não mensagens; [`socket`] envia e recebe quadros. Para a memória
//! compartilhada: [`mapping`] a cria, [`robust`] a protege, [`futex`] espera por uma mudança nela.
//! Em cima delas, uma fila: [`ring`] conta os itens, [`bodies`] guarda os corpos deles, [`log`] os põe e tira, e
//! [`queue`] é o que o usuário vê; [`raw`] poupa aos `Vec<u8>` o caminho pelo serde.

pub(crate) mod bodies;
pub(crate) mod frame;
pub(crate) mod futex;
pub(crate) mod log;
pub(crate) mod mapping;
pub(crate) mod parcel;
pub(crate) mod queue;
pub(crate) mod raw;
pub(crate) mod ring;
pub(crate) mod robust;
pub(crate) mod socket;

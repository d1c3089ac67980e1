//! Mensagens inteiras sobre um par de soquetes, com os descritores que levam.
//!
//! De baixo para cima: [`frame`] põe o tamanho antes de cada mensagem, porque um soquete entrega bytes e não mensagens;
//! [`socket`] envia e recebe quadros. Sobre um soquete de outro tipo, que entrega mensagens inteiras: [`raw`], o atalho
//! dos bytes; [`message`], um valor numa mensagem; [`pipe`], o canal de duas mãos.

pub(crate) mod frame;
pub(crate) mod message;
pub(crate) mod pipe;
pub(crate) mod raw;
pub(crate) mod socket;

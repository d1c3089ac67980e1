//! Por onde os processos falam.
//!
//! De baixo para cima: [`parcel`] transforma valores em bytes e descritores; [`frame`] põe o tamanho antes
//! de cada mensagem, porque um soquete entrega bytes e não mensagens; [`socket`] envia e recebe quadros.

pub(crate) mod frame;
pub(crate) mod parcel;
pub(crate) mod socket;

//! O transporte que se lê primeiro: um par de soquetes por trabalhador, e uma thread que distribui os blocos.
//!
//! [`job`], um bloco; [`pace`], quantos adiantar a quem; [`outbox`], os que estão com um trabalhador.

pub(super) mod job;
pub(super) mod outbox;
pub(super) mod pace;

//! A memória que vários processos veem.
//!
//! De baixo para cima: [`file_limit`], até que tamanho; [`mapping`] a cria, [`robust`] a protege, [`futex`] espera por uma mudança nela, [`memory`] a faz
//! viajar. Sobre ela: [`shared`], um bloco de bytes; [`array`] e [`value`], números, que são os de [`element`].

pub(crate) mod array;
pub(crate) mod element;
pub(crate) mod file_limit;
pub(crate) mod futex;
pub(crate) mod mapping;
pub(crate) mod memory;
pub(crate) mod robust;
pub(crate) mod shared;
pub(crate) mod value;

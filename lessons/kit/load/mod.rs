//! O que se mede.
//!
//! # Layout
//!
//! * [`workload`]: a carga comum, contar primos, e as suas respostas conhecidas.
//! * [`model`]: a mesma carga em série, com threads, com pools e com processos.

pub mod model;
pub mod workload;

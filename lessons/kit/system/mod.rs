//! O que se pede ao sistema além de uma biblioteca de processos.
//!
//! # Layout
//!
//! * [`crash`]: morrer de propósito, sem deixar sujeira.
//! * [`scratch`]: uma pasta que some com o programa, qualquer que seja o fim dele.
//! * [`hosts`]: dois hosts dentro desta máquina, para os processos que se falam pela rede.

pub mod crash;
pub mod hosts;
pub mod scratch;

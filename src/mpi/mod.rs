//! O mesmo pool, com os processos que o `mpirun` criou, nesta máquina ou em várias.
//!
//! De baixo para cima: [`wire`], as mensagens; [`rank`], quem faz; [`ranks`], o que o rank 0 sabe de todos; [`witness`],
//! quem conta o fim de um rank; [`world`], todos eles, que só começam uma vez; [`map`], um `map` inteiro; [`carrier`], os
//! blocos de um fluxo, cuja janela, ordem e erros são os do [`Pool`](crate::Pool); [`pool`], o que o usuário vê;
//! [`context`], um valor que as tarefas todas veem; e [`job`], um programa que este manda o `mpirun` rodar.

mod carrier;
mod context;
pub(crate) mod job;
mod map;
mod pool;
mod rank;
mod ranks;
mod wire;
mod witness;
mod world;

pub use job::MpiJob;
pub use pool::{ImapRanks, MpiPool};

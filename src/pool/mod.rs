//! Trabalhadores que ficam de pé e recebem tarefas.
//!
//! De baixo para cima: [`terms`] e [`counters`], o que vale para todos e o que se conta deles; [`socket`], o transporte que
//! se lê primeiro; [`inbox`], como se fala com o supervisor; [`shm`], o transporte rápido; [`worker`], um trabalhador; [`supervisor`], a thread que cuida
//! deles. E, do lado de quem chama: [`core`], por onde mandar um bloco; [`calls`], um `map` e um fluxo; [`chunked`], as chamadas; [`front`], o que o
//! usuário vê; [`builder`], como nasce.

mod builder;
mod calls;
mod chunked;
mod core;
mod counters;
mod front;
mod inbox;
mod shm;
mod socket;
mod supervisor;
mod terms;
mod worker;

pub use builder::{PoolBuilder, Transport};
pub use front::{Pool, PoolStats};

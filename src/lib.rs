//! O `multiprocessing` do Python, em Rust: processos, pools e canais para carga que ocupa o núcleo.
//!
//! Um processo novo é este mesmo programa, executado de novo. Por isso [`init`] vem na primeira linha
//! de `main`: no programa que você rodou ela volta na hora; no processo filho, ela vira o trabalhador.
//!
//! ```
//! use multiprocessamento::{init, Error, Pool, Process};
//!
//! fn quadrado(x: u64) -> u64 {
//!     x * x
//! }
//!
//! fn main() -> Result<(), Error> {
//!     init();
//!     let pool = Pool::new(2)?;
//!     let quadrados = pool.map(quadrado, 0..5)?;
//!     assert_eq!(quadrados, [0, 1, 4, 9, 16]);
//!
//!     let processo = Process::start(quadrado, 12)?;
//!     assert_eq!(processo.join()?, 144);
//!     Ok(())
//! }
//! ```
//!
//! # Do que precisa
//!
//! Linux 5.3 (pelo `pidfd_open`) ou mais novo, com `/proc`. Sem memória compartilhada (um `ulimit` que não a permite, um
//! kernel que não a tem) um [`Pool`] trabalha por soquetes. O erro diz o que faltou.
//!
//! # O que atravessa, e o que é comum a todas as tarefas
//!
//! Um argumento e um resultado são [`Portable`]: ali se diz o que do serde não atravessa, e por quê. Uma tarefa é uma
//! [`Task`]. Um valor grande que todas leem vai uma vez só, com [`Pool::with_context`].
//!
//! # Dentro de uma tarefa
//!
//! `std::env::args()` só tem o nome do processo, e a entrada padrão está vazia: o que a tarefa precisa saber vai no argumento. Um
//! Ctrl+C no terminal não mata um trabalhador: quem decide é o programa, e os trabalhadores vão com ele.
//!
//! # Com tokio, e outros executores
//!
//! Um [`AsyncResult`] é um `Future`. As outras chamadas esperam (`map`, o próximo de um `imap`, `join`): dentro de uma função
//! `async`, faça-as num `spawn_blocking`.
//!
//! # Em testes
//!
//! Um `#[test]` que cria processos chama [`init`] na primeira linha; ali se vê como, e o caso do tokio e do criterion.
//!
//! # Terminar com calma
//!
//! Um [`Pool`] descartado mata os seus processos, e o que eles faziam se perde, com o que ainda não tinham escrito no
//! terminal. Para que terminem, [`Pool::join`]. Um programa morto leva os filhos com ele, em menos de um segundo;
//! só o que está no meio de uma tarefa que bloqueou todos os sinais fica até o fim dela.
//!
//! O pedido para que um serviço pare chega como um SIGTERM, do systemd ou do contêiner. Anote-o, pare de mandar, e espere o
//! que já foi:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicBool, Ordering};
//!
//! use multiprocessamento::{init, Error, Pool};
//! use signal_hook::consts::SIGTERM; // cargo add signal-hook
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! init();
//! let parar = Arc::new(AtomicBool::new(false));
//! signal_hook::flag::register(SIGTERM, parar.clone())?;
//!
//! let pool = Pool::new(2)?;
//! # signal_hook::low_level::raise(SIGTERM)?;
//! for resultado in pool.imap(|x: u64| x * x, 0..) {
//!     println!("{}", resultado?);
//!     if parar.load(Ordering::Relaxed) {
//!         break;
//!     }
//! }
//! pool.join();
//! # Ok(())
//! # }
//! ```
//!
//! O laço só vê o pedido quando chega um resultado. Com tarefas longas, peça cada uma com [`Pool::apply_async`] e espere com
//! [`AsyncResult::get_timeout`], ou dê mais prazo ao serviço (`TimeoutStopSec`).
//!
//! O systemd manda o sinal também aos trabalhadores, que morreriam no meio: no serviço, `KillMode=mixed`. Um contêiner só o
//! manda ao primeiro processo.
//!
//! # Layout
//!
//! De baixo para cima; cada módulo só conhece os que vêm antes dele, e um teste (`tests/it/structure.rs`) o confere.
//!
//! * `error`: o que pode dar errado, [`Error`], e como um processo terminou, [`ExitStatus`].
//! * `clock`: até quando esperar, e um relógio que todos os processos leem igual.
//! * `huge`: memória nova em páginas grandes.
//! * `codec`: valores que viram bytes, e voltam.
//! * `parcel`: os bytes de um valor, com os descritores ao lado.
//! * `shm`: a memória que vários processos veem: [`SharedMemory`], [`SharedArray`], [`Value`].
//! * `wire`: mensagens inteiras sobre um par de soquetes; [`pipe`], o canal de duas mãos.
//! * `queue`: [`Queue`], a fila que vários processos dividem.
//! * `process`: [`Process`], um filho por tarefa; que função o filho roda; como ele morre com o pai.
//! * `sync`: [`Lock`], [`Semaphore`], [`Event`] e [`Barrier`], um processo esperando pelo outro.
//! * `manager`: [`Manager`], um processo que guarda dicionários, listas e contadores para os outros.
//! * `dispatch`: o que todo pool precisa: promessas e fluxos, quantas vezes um bloco se perde, até quando pode durar.
//! * `pool`: [`Pool`], trabalhadores que ficam de pé e recebem tarefas, por memória que todos veem ou por soquetes.
//! * `thread_pool`: [`ThreadPool`], as mesmas chamadas, com threads.
//! * `context`: [`WithContext`], um valor que todas as tarefas de uma chamada veem.
//! * `mpi`: as mesmas, com os processos que o `mpirun` cria, nesta máquina ou em várias; só com a feature `mpi`.
//! * `init`: [`init`], a porta da frente: este processo é o programa, ou alguém que ele criou?
//! * `before_main`: a mesma porta, antes de `main`, para os testes.

#![warn(missing_debug_implementations)]

mod before_main;
mod clock;
mod codec;
mod context;
mod dispatch;
mod error;
mod huge;
mod init;
mod manager;
#[cfg(feature = "mpi")]
mod mpi;
mod parcel;
mod pool;
mod process;
mod queue;
mod shm;
mod sync;
mod thread_pool;
mod wire;

pub use codec::portable::Portable;
pub use context::WithContext;
pub use context::published::ContextItems;
pub use dispatch::as_completed::{AsCompleted, as_completed};
pub use dispatch::chunked::Chunked;
pub use dispatch::imap::Imap;
pub use dispatch::result::AsyncResult;
pub use error::{Error, ExitStatus};
pub use init::init;
pub use manager::{ManagedCounter, ManagedDict, ManagedList, Manager};
#[cfg(feature = "mpi")]
pub use mpi::{ImapRanks, MpiJob, MpiPool};
pub use pool::{Pool, PoolBuilder, PoolStats, Transport};
pub use process::function::Task;
pub use process::{Process, ProcessBuilder, StartMethod};
pub use queue::Queue;
pub use shm::array::SharedArray;
pub use shm::element::Element;
pub use shm::shared::SharedMemory;
pub use shm::value::Value;
pub use sync::{Barrier, Event, Lock, LockGuard, Semaphore, SemaphoreGuard};
pub use thread_pool::{ThreadPool, ThreadPoolBuilder};
pub use wire::pipe::{Connection, pipe};

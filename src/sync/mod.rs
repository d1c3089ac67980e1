//! Um processo esperando pelo outro.
//!
//! Os quatro moram na memória compartilhada e atravessam como argumento ou resultado de uma tarefa. O que os
//! separa é o que acontece quando um processo é morto no meio:
//!
//! * [`lock`]: o próximo dono fica sabendo que o último morreu.
//! * [`semaphore`]: as permissões de quem morreu voltam.
//! * [`event`]: nada; não é de ninguém.
//! * [`barrier`]: se rompe, e todos ficam sabendo, em vez de esperar por quem não vem.
//!
//! O semáforo e a barreira precisam saber quem os tem: está anotado num [`roster`], por [`identity`].

mod barrier;
mod event;
mod identity;
mod lock;
mod roster;
mod semaphore;

pub use barrier::Barrier;
pub use event::Event;
pub use lock::{Lock, LockGuard};
pub use semaphore::{Semaphore, SemaphoreGuard};

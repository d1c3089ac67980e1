//! Uma escolha posta à prova: o mesmo trabalho com todos os modelos que servem.
//!
//! # Layout
//!
//! * [`task`]: uma tarefa de qualquer tamanho.
//! * [`context`]: o que o contexto exige de quem a fizer.
//! * [`mod@run`]: as tarefas com um modelo, como quem o usa o chamaria.
//! * [`race`]: o que cada modelo levou, e o arrependimento de cada escolha.

mod context;
mod race;
mod run;
mod task;

pub use context::Context;
pub use race::Race;
pub use run::run;
pub use task::{Task, work};

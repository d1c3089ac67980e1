//! Uma tarefa de qualquer tamanho: o que demora, e o que pesa para levar.

use licoes::measure::granularity::{read, spin};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Uma tarefa de qualquer tamanho: tantas voltas de [`spin`], e um dado a ler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Voltas.
    pub turns: u64,
    /// O dado, que vai com a tarefa a quem a fizer.
    pub data: ByteBuf,
}

impl Task {
    /// Uma tarefa sem dado.
    pub fn of(turns: u64) -> Self {
        Task { turns, data: ByteBuf::new() }
    }
}

/// Faz uma tarefa.
pub fn work(task: Task) -> u64 {
    spin(task.turns) ^ read(&task.data)
}

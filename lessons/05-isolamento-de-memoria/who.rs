//! Quem pode mexer no que é de um processo.

use std::thread;

use multiprocessamento::{Error, Process, StartMethod};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Alguém que recebe uma função para rodar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// Uma thread do mesmo processo.
    Thread,
    /// Uma cópia do processo, com a memória dele no estado em que estava.
    Copy,
    /// Um processo que começa do zero.
    NewProcess,
}

impl Who {
    /// Todos.
    pub const ALL: [Who; 3] = [Who::Thread, Who::Copy, Who::NewProcess];

    /// O nome no registro.
    pub fn id(self) -> &'static str {
        match self {
            Who::Thread => "threads",
            Who::Copy => "fork",
            Who::NewProcess => "spawn",
        }
    }

    /// Como o leitor o lê.
    pub fn label(self) -> &'static str {
        match self {
            Who::Thread => "uma thread",
            Who::Copy => "uma cópia do processo (fork)",
            Who::NewProcess => "um processo novo (spawn)",
        }
    }

    // ANCHOR: run
    /// Roda `function(argument)`.
    pub fn run<F, A, R>(self, function: F, argument: A) -> Result<R, Error>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned + Send + 'static,
        R: Serialize + DeserializeOwned + Send + 'static,
    {
        let fork = Process::builder().start_method(StartMethod::Fork);
        match self {
            Who::Thread => Ok(thread::spawn(move || function(argument))
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
            Who::Copy => fork.start(function, argument)?.join(),
            Who::NewProcess => Process::start(function, argument)?.join(),
        }
    }
    // ANCHOR_END: run
}

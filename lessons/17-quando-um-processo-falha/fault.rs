//! Cinco maneiras de uma tarefa não terminar.

use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use licoes::system::crash::abort_quietly;
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};

/// O que acontece no meio de uma tarefa.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    Panic,
    Exit,
    Abort,
    Kill,
    Stuck,
}

/// O código com que sai quem sai.
pub const EXIT_CODE: i32 = 3;

impl Fault {
    /// Todas.
    pub const ALL: [Fault; 5] =
        [Fault::Panic, Fault::Exit, Fault::Abort, Fault::Kill, Fault::Stuck];

    /// O nome no registro.
    pub fn id(self) -> &'static str {
        match self {
            Fault::Panic => "panic",
            Fault::Exit => "exit",
            Fault::Abort => "abort",
            Fault::Kill => "kill",
            Fault::Stuck => "stuck",
        }
    }

    /// Como o leitor a lê.
    pub fn label(self) -> &'static str {
        match self {
            Fault::Panic => "um pânico",
            Fault::Exit => "um exit(3)",
            Fault::Abort => "um abort",
            Fault::Kill => "um kill -9",
            Fault::Stuck => "um laço sem fim",
        }
    }

    // ANCHOR: commit
    /// Comete a falha: daqui não se volta.
    pub fn commit(self) -> ! {
        match self {
            Fault::Panic => panic!("de propósito"),
            Fault::Exit => exit(EXIT_CODE),
            Fault::Abort => abort_quietly(),
            Fault::Kill => {
                let _ = kill_process(getpid(), Signal::KILL);
                unreachable!("ninguém segura um SIGKILL")
            }
            Fault::Stuck => loop {
                sleep(Duration::from_secs(1));
            },
        }
    }
    // ANCHOR_END: commit
}

//! Morrer de propósito, sem deixar sujeira.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Aborta o processo inteiro, como um erro grave num programa em C, e não deixa um arquivo `core`.
pub fn abort_quietly() -> ! {
    // O limite de tamanho do `core` não bastaria: ele não vale quando o sistema o entrega a um coletor de falhas.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    std::process::abort()
}

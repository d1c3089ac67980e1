//! Testes da lição 18 com o MPI: `cargo test --features mpi --test mpi-licoes`.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "as outras suítes usam o resto")]
#[path = "../../../tests/it/harness.rs"]
mod harness;
mod lesson;
#[allow(dead_code, reason = "as outras suítes usam o resto")]
#[path = "../../../tests/it/support.rs"]
mod support;
#[allow(dead_code, reason = "as outras suítes usam o resto")]
#[path = "../it/workspace.rs"]
mod workspace;

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    harness::main(1, [lesson::cases()])
}

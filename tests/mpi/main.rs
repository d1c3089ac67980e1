//! Testes do pool de ranks: `cargo test --features mpi --test mpi`.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)] // o que serve só à outra suíte
#[path = "../it/harness.rs"]
mod harness;
mod ranks;
#[allow(dead_code)]
#[path = "../it/support.rs"]
mod support;

fn main() -> std::process::ExitCode {
    multiprocessamento::init();
    if std::env::var_os(ranks::COMMANDS_FOR_EVER).is_some() {
        ranks::command_for_ever();
    }
    harness::main(1, [ranks::cases()])
}

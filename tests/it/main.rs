//! Testes da biblioteca e das lições pela sua face pública.
//!
//! Um módulo por assunto; cada um declara os seus testes com [`cases!`] e entra na lista de `main`.
// Num teste, um `unwrap` que falha diz a linha e o valor: é a mensagem que se quer ler.
#![allow(clippy::unwrap_used)]

mod death;
mod exercises;
mod harness;
mod lessons;
mod limits;
mod orphans;
mod panics;
mod pool;
mod process;
mod programs;
mod queue;
mod startup;
mod streams;
mod structure;
mod support;
mod thread_pool;
mod values;
mod workspace;

fn main() -> std::process::ExitCode {
    // Um programa de apoio tem o seu próprio `main`, que chama `init` onde e se quiser.
    programs::run_if_asked();
    multiprocessamento::init();
    harness::main([
        pool::cases(),
        streams::cases(),
        values::cases(),
        panics::cases(),
        death::cases(),
        limits::cases(),
        orphans::cases(),
        startup::cases(),
        process::cases(),
        queue::cases(),
        queue::deaths::cases(),
        thread_pool::cases(),
        lessons::cases(),
        exercises::cases(),
        structure::cases(),
    ])
}

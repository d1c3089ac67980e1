//! Testes da biblioteca e das lições pela sua face pública.
//!
//! Um módulo por assunto; cada um declara os seus testes com [`cases!`] e entra na lista de `main`.
// Num teste, um `unwrap` que falha diz a linha e o valor: é a mensagem que se quer ler.
#![allow(clippy::unwrap_used)]

mod count_primes;
mod death;
mod exercises;
mod harness;
mod hosts;
mod lessons;
mod limits;
mod manager;
mod options;
mod orphans;
mod panics;
mod pipe;
mod pool;
mod process;
mod programs;
mod python;
mod python_names;
mod queue;
mod shared;
mod start_methods;
mod startup;
mod storm;
mod streams;
mod structure;
mod support;
mod sync;
mod thread_pool;
mod transport;
mod values;
mod workspace;
mod wrong_answers;

fn main() -> std::process::ExitCode {
    // Um programa de apoio tem o seu próprio `main`, que chama `init` onde e se quiser.
    programs::run_if_asked();
    multiprocessamento::init();
    if let Some(code) = wrong_answers::run_if_asked() {
        return code;
    }
    harness::main([
        pool::cases(),
        streams::cases(),
        values::cases(),
        panics::cases(),
        death::cases(),
        limits::cases(),
        options::cases(),
        storm::cases(),
        start_methods::cases(),
        orphans::cases(),
        startup::cases(),
        process::cases(),
        pipe::cases(),
        manager::cases(),
        sync::cases(),
        shared::cases(),
        queue::cases(),
        queue::deaths::cases(),
        thread_pool::cases(),
        transport::cases(),
        lessons::cases(),
        count_primes::cases(),
        exercises::cases(),
        wrong_answers::cases(),
        structure::cases(),
        python::cases(),
        python_names::cases(),
        hosts::cases(),
    ])
}

//! Testes da biblioteca pela sua face pública.
//!
//! Um módulo por assunto; cada um declara os seus testes com [`cases!`] e entra na lista de `main`.
// Num teste, um `unwrap` que falha diz a linha e o valor: é a mensagem que se quer ler.
#![allow(clippy::unwrap_used)]

mod bulk;
mod context;
mod death;
mod fast_streams;
mod futures;
mod harness;
mod helper;
mod limits;
mod manager;
mod options;
mod orphans;
mod outsiders;
mod panics;
mod pipe;
mod pool;
mod process;
mod programs;
mod queue;
mod shared;
mod start_methods;
mod startup;
mod storm;
mod streams;
mod structure;
mod support;
mod sync;
mod tampering;
mod thread_pool;
mod transport;
mod types;
mod values;

fn main() -> std::process::ExitCode {
    // Um programa de apoio tem o seu próprio `main`, que chama `init` onde e se quiser.
    helper::run_if_asked(programs::PROGRAMS);
    multiprocessamento::init();
    // Quase todos esperam mais do que calculam.
    harness::main(
        2,
        [
            pool::cases(),
            streams::cases(),
            fast_streams::cases(),
            values::cases(),
            bulk::cases(),
            context::cases(),
            futures::cases(),
            types::cases(),
            panics::cases(),
            death::cases(),
            limits::cases(),
            tampering::cases(),
            options::cases(),
            storm::cases(),
            start_methods::cases(),
            orphans::cases(),
            startup::cases(),
            outsiders::cases(),
            process::cases(),
            pipe::cases(),
            manager::cases(),
            sync::cases(),
            shared::cases(),
            queue::cases(),
            queue::deaths::cases(),
            thread_pool::cases(),
            transport::cases(),
            structure::cases(),
        ],
    )
}

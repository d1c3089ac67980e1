//! Testes das lições, dos exercícios e do que elas dividem.
//!
//! Um módulo por assunto; cada um declara os seus testes com [`cases!`] e entra na lista de `main`.
// Num teste, um `unwrap` que falha diz a linha e o valor: é a mensagem que se quer ler.
#![allow(clippy::unwrap_used)]

mod count_primes;
mod exercises;
#[allow(dead_code, reason = "a outra suíte usa o resto")]
#[path = "../../../tests/it/harness.rs"]
mod harness;
#[allow(dead_code, reason = "a outra suíte usa o resto")]
#[path = "../../../tests/it/helper.rs"]
mod helper;
mod hosts;
mod legends;
mod lessons;
mod python;
mod python_names;
mod structure;
#[allow(dead_code, reason = "a outra suíte usa o resto")]
#[path = "../../../tests/it/support.rs"]
mod support;
mod workspace;
mod wrong_answers;

/// Os programas de apoio destes testes.
const PROGRAMS: &[helper::Program] = &[
    ("pasta-temporária", count_primes::keep_a_scratch_folder),
    ("dois-hosts", hosts::keep_two_hosts),
    ("atende", hosts::answer_a_call),
    ("liga", hosts::make_a_call),
];

fn main() -> std::process::ExitCode {
    helper::run_if_asked(PROGRAMS);
    multiprocessamento::init();
    if let Some(code) = respostas_erradas::run_if_asked() {
        return code;
    }
    // As lições ocupam todos os núcleos.
    harness::main(
        1,
        [
            lessons::cases(),
            count_primes::cases(),
            exercises::cases(),
            wrong_answers::cases(),
            structure::cases(),
            legends::cases(),
            python::cases(),
            python_names::cases(),
            hosts::cases(),
        ],
    )
}

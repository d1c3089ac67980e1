//! Exercício 3: aceleração, eficiência e a lei de Amdahl.
//!
//! Complete as quatro funções e confira com `cargo run --bin lesson-3 -- exercicio`.

// Enquanto falta completar, nem tudo é usado.
#![allow(unused)]

mod check;

fn main() -> std::process::ExitCode {
    check::check(&check::Respostas { aceleracao, eficiencia, amdahl, fracao_serial })
}

/// Quantas vezes o paralelo foi mais rápido. Tempos em segundos.
fn aceleracao(serial: f64, paralelo: f64) -> f64 {
    todo!("uma razão")
}

/// Quanto rendeu cada trabalhador: 1 é o ideal.
fn eficiencia(aceleracao: f64, trabalhadores: usize) -> f64 {
    todo!("outra razão")
}

/// A aceleração prevista quando a fração `serial` (de 0 a 1) do tempo não se divide.
fn amdahl(serial: f64, trabalhadores: usize) -> f64 {
    todo!("a lei de Amdahl")
}

/// A fração serial que explicaria a `aceleracao` medida.
fn fracao_serial(aceleracao: f64, trabalhadores: usize) -> f64 {
    todo!("Amdahl ao contrário")
}

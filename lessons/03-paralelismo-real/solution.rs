//! Exercício 3, uma solução.

mod check;

fn main() -> std::process::ExitCode {
    check::check(&check::Respostas { aceleracao, eficiencia, amdahl, fracao_serial })
}

// ANCHOR: solution
/// Quantas vezes o paralelo foi mais rápido. Tempos em segundos.
fn aceleracao(serial: f64, paralelo: f64) -> f64 {
    serial / paralelo
}

/// Quanto rendeu cada trabalhador: 1 é o ideal.
fn eficiencia(aceleracao: f64, trabalhadores: usize) -> f64 {
    aceleracao / trabalhadores as f64
}

/// A aceleração prevista quando a fração `serial` (de 0 a 1) do tempo não se divide.
fn amdahl(serial: f64, trabalhadores: usize) -> f64 {
    1.0 / (serial + (1.0 - serial) / trabalhadores as f64)
}

/// A fração serial que explicaria a `aceleracao` medida.
fn fracao_serial(aceleracao: f64, trabalhadores: usize) -> f64 {
    let ideal = 1.0 / trabalhadores as f64;
    (1.0 / aceleracao - ideal) / (1.0 - ideal)
}
// ANCHOR_END: solution

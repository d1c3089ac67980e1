//! O *chão* de cada medida: o que o sistema cobra sem nada nosso no meio, e a razão entre os dois.
// Cada bancada usa uma parte.
#![allow(dead_code)]

pub mod fork;

use std::path::PathBuf;
use std::process::Command;

use multiprocessamento::Error;
use multiprocessamento::workbook::compare::time_both;
use multiprocessamento::workbook::format::{decimal, times};

/// Se `cargo bench` só quer saber se tudo roda (`-- --test`), ou filtra por nome: então não há razões a medir.
pub fn only_running() -> bool {
    std::env::args().skip(1).any(|argument| !argument.starts_with("--bench"))
}

/// Mede `ours` e `floor` alternadas e mostra a razão, com o intervalo: o criterion mede uma depois da outra,
/// e entre as duas a máquina pode ter mudado.
pub fn ratio(label: &str, repetitions: usize, ours: impl Fn(), floor: impl Fn()) {
    let run = |work: &dyn Fn()| {
        work();
        Ok::<(), Error>(())
    };
    match time_both(repetitions, || run(&ours), || run(&floor)) {
        Ok(versus) => println!(
            "{label}: {} ({} contra {})",
            times(versus.ratio),
            micros(versus.seconds[0]),
            micros(versus.seconds[1]),
        ),
        Err(error) => println!("{label}: {error}"),
    }
}

fn micros(seconds: f64) -> String {
    format!("{} µs", decimal(seconds * 1e6, 1))
}

/// Um programa mínimo e estático, que só termina; `None` sem `rustc`.
pub fn static_program() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (folder.join("nada.rs"), folder.join("nada"));
    std::fs::write(&source, "fn main() {}").ok()?;
    let status = Command::new("rustc")
        .args(["-O", "-Cpanic=abort", "-Ctarget-feature=+crt-static", "-o"])
        .args([&program, &source])
        .status();
    status.is_ok_and(|status| status.success()).then_some(program)
}

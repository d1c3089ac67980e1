//! O *chão* de cada medida: o que o sistema cobra sem nada nosso no meio, e a razão entre os dois.
// Cada bancada usa uma parte.
#![allow(dead_code)]

pub mod bare;
pub mod channel;
pub mod fork;
pub mod ring;
pub mod summary;
pub mod transfer;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use registro::format::{seconds, times};
use registro::stats::{Estimate, median};

/// Se `cargo bench` só quer saber se tudo roda (`-- --test`), ou filtra por nome: então não há razões a medir.
pub fn only_running() -> bool {
    std::env::args().skip(1).any(|argument| !argument.starts_with("--bench"))
}

/// Mede `ours` e `floor` alternadas e mostra a razão, com o intervalo: o criterion mede uma depois da outra,
/// e entre as duas a máquina pode ter mudado.
pub fn ratio(label: &str, repetitions: usize, ours: impl Fn(), floor: impl Fn()) {
    let timed = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    ratio_of(label, repetitions, || timed(&ours), || timed(&floor));
}

/// Como [`ratio`], para o que tem uma preparação fora do relógio: cada uma diz quanto levou.
pub fn ratio_of(label: &str, repetitions: usize, ours: impl Fn() -> Duration, floor: impl Fn() -> Duration) {
    let (mut first, mut second, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for repetition in 0..repetitions {
        let (a, b) = if repetition % 2 == 0 {
            let a = ours();
            (a, floor())
        } else {
            let b = floor();
            (ours(), b)
        };
        first.push(a.as_secs_f64());
        second.push(b.as_secs_f64());
        ratios.push(a.as_secs_f64() / b.as_secs_f64());
    }
    let ratio = times(Estimate::of(&ratios));
    println!("{label}: {ratio} ({} contra {})", seconds(median(&first)), seconds(median(&second)));
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

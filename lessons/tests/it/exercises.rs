//! Os exercícios: a solução passa, e o que o leitor recebe ainda não.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::workspace::{lessons, program, run, stderr, stdout};

crate::cases! {
    300 => every_solution_passes_its_check,
    600 => every_shipped_stub_compiles_and_fails_its_check,
    120 => hints_come_one_at_a_time,
}

fn every_solution_passes_its_check() {
    let records = tempfile::tempdir().expect("pasta");
    for lesson in lessons() {
        let output = program(&format!("solucao-{}", lesson.number), records.path()).output().expect("roda");
        assert!(output.status.success(), "{}:\n{}", lesson.slug, stdout(&output));
        assert!(stdout(&output).ends_with("Tudo certo.\n"), "{}", stdout(&output));
    }
}

/// Só vale enquanto o arquivo é o que veio no repositório: quem resolve um exercício não pode deixar
/// `cargo test` vermelho. Na integração contínua, onde ninguém resolve nada, a soma tem que bater.
fn every_shipped_stub_compiles_and_fails_its_check() {
    build_all_stubs();
    let records = tempfile::tempdir().expect("pasta");
    for lesson in lessons() {
        let digest = Sha256::digest(lesson.read("exercise.rs"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if lesson.declared().stub_sha256 != digest {
            assert!(std::env::var_os("CI").is_none(), "{}: atualize declared.json", lesson.slug);
            println!("pulado: o exercício {} já foi mexido", lesson.number);
            continue;
        }
        let output = run(lesson.number, &["exercicio"], records.path());
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{}:\n{text}{}", lesson.slug, stderr(&output));
        assert!(text.contains("ainda por fazer") && text.contains("--dica 1"), "{}:\n{text}", lesson.slug);
    }
}

/// Todos numa compilação só, que usa todos os núcleos: cada lição, depois, já acha o seu pronto. Um que não compila é a
/// lição dele que conta.
fn build_all_stubs() {
    let binaries =
        lessons().into_iter().flat_map(|lesson| ["--bin".into(), format!("exercicio-{}", lesson.number)]);
    let target = Path::new(env!("CARGO_BIN_EXE_lesson-1")).ancestors().nth(2).expect("target/debug/lesson-1");
    let _ = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--keep-going", "--features", "exercicios"])
        .args(binaries)
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "--target-dir"])
        .arg(target)
        .output();
}

fn hints_come_one_at_a_time() {
    let records = tempfile::tempdir().expect("pasta");
    for lesson in lessons() {
        let hints = lesson.read("hints.md");
        let hints: Vec<&str> = hints.split("\n---\n").map(str::trim).collect();
        assert!(hints.len() >= 2, "{}: uma dica só não são degraus", lesson.slug);
        for (number, hint) in (1..).zip(&hints) {
            let shown =
                stdout(&run(lesson.number, &["exercicio", "--dica", &number.to_string()], records.path()));
            // A largura do terminal quebra as linhas onde o arquivo não quebra.
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let has = |hint: &str| words(&shown).contains(&words(hint));
            assert!(has(hint), "{}: {shown}", lesson.slug);
            assert!(hints.iter().all(|other| other == hint || !has(other)), "{}: {shown}", lesson.slug);
            assert!(shown.lines().all(|line| line.chars().count() <= 80), "{}: {shown}", lesson.slug);
        }
    }
}

//! Programas que não podem morar aqui: os que se compilam de outro jeito.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cases;

cases! {
    300 => where_a_panic_aborts_its_message_is_still_seen,
    300 => tasks_cross_in_a_program_linked_dynamically,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compila o programa da pasta `folder`; devolve a pasta em que ele ficou.
fn build(folder: &str, rustflags: &str) -> PathBuf {
    let source = root().join("tests/outsiders").join(folder);
    let target = root().join("target/outsiders").join(folder);
    // As mesmas versões que o resto já trouxe: nada a buscar na rede.
    std::fs::copy(root().join("Cargo.lock"), source.join("Cargo.lock")).expect("o Cargo.lock");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--offline", "--target-dir"])
        .arg(&target)
        .arg("--manifest-path")
        .arg(source.join("Cargo.toml"))
        .env("RUSTFLAGS", rustflags)
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("rodar o cargo");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target.join("debug")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn where_a_panic_aborts_its_message_is_still_seen() {
    let program = build("abort", "").join("aborta");
    let by_pool = Command::new(&program).output().unwrap();
    assert!(by_pool.status.success(), "{by_pool:?}");
    assert!(text(&by_pool.stdout).contains("morto por SIGABRT (sinal 6)"), "{by_pool:?}");
    let by_threads = Command::new(&program).arg("threads").output().unwrap();
    assert!(!by_threads.status.success(), "{by_threads:?}");
    for Output { stderr, .. } in [by_pool, by_threads] {
        let stderr = text(&stderr);
        assert!(stderr.contains("src/main.rs:7:"), "{stderr}");
        assert!(stderr.contains("index out of bounds: the len is 2 but the index is 2"), "{stderr}");
    }
}

fn tasks_cross_in_a_program_linked_dynamically() {
    let folder = build("dylib/prog", "-C prefer-dynamic");
    let printed = Command::new("rustc").args(["--print", "target-libdir"]).output().expect("o rustc");
    let std_folder = text(&printed.stdout).trim().to_owned();
    let folders = [PathBuf::from(std_folder), folder.clone(), folder.join("deps")];
    let path = std::env::join_paths(folders).expect("pastas");
    let output = Command::new(folder.join("prog")).env("LD_LIBRARY_PATH", path).output().unwrap();
    let expected = "144\n[0, 1, 4, 9, 16]\n[0, 0, 1, 1, 2]\n[0, 0, 1, 1, 2]\n";
    assert_eq!((text(&output.stdout).as_str(), text(&output.stderr).as_str()), (expected, ""));
}

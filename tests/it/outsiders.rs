//! Programas que não podem morar aqui: os que se compilam de outro jeito.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cases;

cases! {
    300 => where_a_panic_aborts_its_message_is_still_seen,
    300 => tasks_cross_in_a_program_linked_dynamically,
    300 => the_commonest_mistakes_are_explained_by_the_compiler,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// O cargo, com o que `action` pede do programa da pasta `folder`; e a pasta em que o compilado fica.
fn cargo(folder: &str, rustflags: &str, action: &[&str]) -> (Output, PathBuf) {
    let source = root().join("tests/outsiders").join(folder);
    let target = root().join("target/outsiders").join(folder);
    // As mesmas versões que o resto já trouxe: nada a buscar na rede.
    std::fs::copy(root().join("Cargo.lock"), source.join("Cargo.lock")).expect("o Cargo.lock");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(action)
        .args(["--quiet", "--offline", "--target-dir"])
        .arg(&target)
        .arg("--manifest-path")
        .arg(source.join("Cargo.toml"))
        .env("RUSTFLAGS", rustflags)
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("rodar o cargo");
    (output, target.join("debug"))
}

/// Compila o programa da pasta `folder`; devolve a pasta em que ele ficou.
fn build(folder: &str, rustflags: &str) -> PathBuf {
    let (output, built) = cargo(folder, rustflags, &["build"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    built
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

/// O programa, quem o recusa (`check` já basta, ou só `build`), e o que se lê.
const MISTAKES: [(&str, &str, &[&str]); 6] = [
    (
        "captura_o_que_se_copia",
        "build",
        &[
            "a tarefa precisa ser uma função ou um fecho que não captura nada: só o código atravessa para o outro processo; mande o valor no argumento, ou uma vez com `with_context`",
        ],
    ),
    (
        "captura_o_que_nao_se_copia",
        "check",
        &[
            "isto não pode ser uma tarefa de `usize` para `usize`",
            "só atravessa uma função, ou um fecho que não captura nada",
            "o valor capturado mora na memória deste processo: mande-o no argumento",
        ],
    ),
    (
        "manda_um_rc",
        "check",
        &[
            "`Rc<{integer}>` não atravessa para outro processo",
            "um `Rc`, uma trava, um arquivo ou um ponteiro são deste",
        ],
    ),
    (
        "tipo_sem_serde",
        "check",
        &[
            "`Pedido` não atravessa para outro processo",
            "ponha `#[derive(serde::Serialize, serde::Deserialize)]`",
        ],
    ),
    // Aqui a linguagem não deixa pôr palavras nossas: a documentação de `Portable` cita estas.
    ("manda_um_emprestimo", "check", &["Deserialize` is not general enough"]),
    ("devolve_um_emprestimo", "check", &["Deserialize` is not general enough"]),
];

fn the_commonest_mistakes_are_explained_by_the_compiler() {
    for (program, action, expected) in MISTAKES {
        let (output, _) = cargo("mistakes", "", &[action, "--bin", program]);
        let told = text(&output.stderr);
        assert!(!output.status.success(), "{program} compilou");
        for expected in expected {
            assert!(told.contains(expected), "{program}: falta «{expected}» em:\n{told}");
        }
    }
}

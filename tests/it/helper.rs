//! Programas de apoio: cada um é este executável com outro `main`, escolhido por uma variável.
//!
//! Servem para o que um teste não pode fazer consigo mesmo: morrer, esquecer `init`, rodar como outro
//! usuário. Como num programa de verdade, os filhos deles executam o mesmo `main`.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use multiprocessamento::Error;

use crate::harness::ONLY;

const WHICH: &str = "CADERNO_PROGRAMA";
/// Só os filhos têm esta variável; é como um programa errado os trata de outro modo.
const INVITATION: &str = "MULTIPROCESSAMENTO_CONVITE";

/// Um programa de apoio: o nome, e o `main` dele.
pub(crate) type Program = (&'static str, fn() -> Result<(), Error>);

/// Se este processo é um destes programas, roda o `main` dele e termina.
pub(crate) fn run_if_asked(programs: &[Program]) {
    let Ok(name) = std::env::var(WHICH) else { return };
    let (_, main) = programs.iter().find(|(known, _)| *known == name).expect("programa conhecido");
    if let Err(error) = main() {
        eprintln!("erro: {error}");
        std::process::exit(1);
    }
    std::process::exit(0);
}

/// O comando que roda um programa de apoio, neste executável.
pub(crate) fn command(name: &str) -> Command {
    command_at(&std::env::current_exe().expect("este executável"), name)
}

pub(crate) fn command_at(executable: &Path, name: &str) -> Command {
    let mut command = Command::new(executable);
    command.env(WHICH, name).env_remove(ONLY).env_remove(INVITATION).stdin(Stdio::null());
    command
}

/// Roda um programa de apoio até o fim.
pub(crate) fn run(name: &str) -> Output {
    command(name).output().expect("rodar o programa")
}

/// Roda um programa de dentro de uma tarefa: ele herda todas as variáveis, o convite do pai inclusive.
pub(crate) fn run_inheriting(name: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("este executável"));
    command.env(WHICH, name).output().expect("rodar o programa")
}

pub(crate) fn is_child() -> bool {
    std::env::var_os(INVITATION).is_some()
}

//! O cargo, que compila a lição antes que ela rode.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::news::Outlet;
use super::program::{self, LIMITS, Line, Stopped};
use crate::project::Project;

/// Quantas linhas do que o compilador disse cabem numa página.
const MOST_LINES: usize = 20;

/// O recurso que liga os exercícios. A lição não precisa dele; mas com outro recurso o que as lições dividem é outro, e a
/// primeira conferência o compilaria de novo.
const FEATURES: &str = "exercicios";

/// Compila o binário `name`, e diz onde ele ficou. O andamento vai para `outlet`.
///
/// # Erros
///
/// O que o compilador disse; ou a página foi embora.
pub(super) fn build(project: &Project, name: &str, outlet: &Outlet) -> Result<PathBuf, Stopped> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--bin", name, "--features", FEATURES, "--message-format", "json-render-diagnostics"])
        // Fora de um terminal o cargo não mostra o andamento, a menos que se peça.
        .envs([("CARGO_TERM_PROGRESS_WHEN", "always"), ("CARGO_TERM_PROGRESS_WIDTH", "80")])
        .env("CARGO_TERM_COLOR", "never")
        .current_dir(project.root());
    let (mut executable, mut said) = (None, Vec::new());
    let status = program::run(cargo, &LIMITS, outlet, |line| {
        match line {
            Line::Out(line) => executable = executable_in(&line, name).or(executable.take()),
            Line::Error(line) => match progress(&line) {
                Some((done, total)) => outlet.send("compilando", json!({ "feito": done, "total": total }))?,
                None if is_waiting(&line) => outlet.send("esperando", json!({}))?,
                None => said.push(line),
            },
        }
        Ok(())
    })?;
    match executable {
        Some(path) if status.success() => Ok(path),
        _ => Err(Stopped::Failed(first_error(&said))),
    }
}

/// O primeiro erro; os outros costumam vir dele.
fn first_error(said: &[String]) -> String {
    let start = said.iter().position(|line| line.starts_with("error")).unwrap_or(0);
    let lines = said[start..].iter().take(MOST_LINES);
    lines.map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// O executável, se esta mensagem do cargo diz onde ele ficou.
fn executable_in(line: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    (message["target"]["name"] == name).then(|| message["executable"].as_str().map(PathBuf::from))?
}

/// Quanto já se compilou, se a linha é a do andamento: `Building [===>   ] 45/120: …`.
fn progress(line: &str) -> Option<(u64, u64)> {
    let (_, after) = line.trim_start().strip_prefix("Building [")?.split_once("] ")?;
    let (done, rest) = after.split_once('/')?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((done.parse().ok()?, digits.parse().ok()?))
}

/// Se o cargo espera por outro, que compila no mesmo lugar: `Blocking waiting for file lock on build directory`.
fn is_waiting(line: &str) -> bool {
    line.trim_start().starts_with("Blocking waiting for file lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_of_cargo_is_understood() {
        let line = "    Building [=======>       ] 45/120: serde, axum(build)";
        assert_eq!(progress(line), Some((45, 120)));
        assert_eq!(progress("   Compiling serde v1.0.0"), None);
        assert_eq!(progress("error: Building [ "), None);
    }

    #[test]
    fn the_executable_is_the_one_asked_for() {
        let line =
            r#"{"reason":"compiler-artifact","target":{"name":"lesson-3"},"executable":"/x/lesson-3"}"#;
        assert_eq!(executable_in(line, "lesson-3"), Some("/x/lesson-3".into()));
        assert_eq!(executable_in(line, "lesson-4"), None);
        assert_eq!(executable_in("compilando", "lesson-3"), None);
    }
}

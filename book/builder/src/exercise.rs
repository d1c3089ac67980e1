//! As dicas e a solução de um exercício, dobradas na página até o leitor as querer.

use std::fs;

use mdbook::errors::{Error, Result};

use crate::project::{Lesson, Project};
use crate::spoiler;

/// As dicas da lição, cada uma na sua dobra.
///
/// # Erros
///
/// Quando a lição não tem `hints.md`.
pub fn hints(project: &Project, lesson: &Lesson) -> Result<String> {
    let text = read(project, lesson, "hints.md")?;
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines
        .split(|line| *line == "---")
        .map(|hint| hint.join("\n"))
        .filter(|hint| !hint.trim().is_empty())
        .enumerate()
        .map(|(index, hint)| fold("dica", &format!("Dica {}", index + 1), hint.trim()))
        .collect())
}

/// A solução da lição, numa dobra só.
///
/// # Erros
///
/// Quando a lição não tem `solution.rs`.
pub fn solution(project: &Project, lesson: &Lesson) -> Result<String> {
    let text = read(project, lesson, "solution.rs")?;
    let code: Vec<&str> = text.lines().filter(|line| !is_anchor(line)).collect();
    Ok(fold("solucao", "Uma solução", &format!("```rust\n{}\n```", code.join("\n").trim())))
}

fn is_anchor(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("// ANCHOR:") || line.starts_with("// ANCHOR_END:")
}

fn fold(class: &str, title: &str, markdown: &str) -> String {
    let (open, close) = spoiler::BLOCK;
    format!(
        "\n<details class=\"{class}\"><summary>{title}</summary>{open}\n\n{markdown}\n\n{close}</details>\n"
    )
}

fn read(project: &Project, lesson: &Lesson, name: &str) -> Result<String> {
    let path = project.lesson_file(lesson, name);
    fs::read_to_string(&path)
        .map_err(|error| Error::msg(format!("não consegui ler {}: {error}", project.shown(&path))))
}

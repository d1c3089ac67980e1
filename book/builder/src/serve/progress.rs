//! Até onde o leitor chegou: o que ele mediu, o que as medições disseram, e os exercícios que resolveu.

use std::fs;

use multiprocessamento::workbook::kept::{self, Progress};
use multiprocessamento::workbook::record::{Event, Verdict};
use serde_json::{Value, json};

use crate::project::{Lesson, Project};

/// Uma linha para cada lição, na ordem delas.
pub(super) fn progress(project: &Project) -> Value {
    project.lessons().iter().map(|lesson| line(project, lesson)).collect()
}

fn line(project: &Project, lesson: &Lesson) -> Value {
    let text = fs::read_to_string(project.chapter(lesson)).unwrap_or_default();
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&lesson.slug);
    let (date, verdicts) = measured(project, lesson);
    let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    json!({
        "licao": lesson.number,
        "titulo": title.trim(),
        "capitulo": format!("{}.html", lesson.slug),
        "medida": date,
        "vereditos": {
            "confirmada": count(Verdict::Confirmed),
            "refutada": count(Verdict::Refuted),
            "inconclusiva": count(Verdict::Inconclusive),
        },
        "exercicio": exercise(project, lesson),
    })
}

/// Quando o leitor mediu, e os vereditos. Um registro tem milhares de trechos de trabalho, que não interessam aqui.
fn measured(project: &Project, lesson: &Lesson) -> (Option<String>, Vec<Verdict>) {
    let [readers, ..] = project.records(lesson.number);
    let text = fs::read_to_string(readers).unwrap_or_default();
    let wanted = |line: &&str| !line.starts_with(r#"{"event":"span""#);
    let (mut date, mut verdicts) = (None, Vec::new());
    for event in text.lines().filter(wanted).filter_map(|line| serde_json::from_str(line).ok()) {
        match event {
            Event::Start(start) if start.lesson == lesson.number => date = Some(start.date),
            Event::Claim(claim) => verdicts.extend(claim.verdict),
            _ => {}
        }
    }
    // Sem o começo, o registro não é desta lição, ou está quebrado.
    if date.is_none() { (None, Vec::new()) } else { (date, verdicts) }
}

fn exercise(project: &Project, lesson: &Lesson) -> Option<&'static str> {
    let answer = fs::read_to_string(project.lesson_file(lesson, "exercise.rs")).ok()?;
    Some(match kept::progress(&project.kept(), lesson.number, &answer) {
        Progress::ToDo => "por fazer",
        Progress::Solved => "resolvido",
        Progress::Changed => "mudou",
    })
}

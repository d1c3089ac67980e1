//! Até onde o leitor chegou: o que ele mediu, o que as medições disseram, e os exercícios que resolveu.

use std::fs;

use registro::kept::{self, Progress};
use registro::record::Verdict;
use serde_json::{Value, json};

use crate::measure::record::{Missing, Records};
use crate::project::{Lesson, Project};

/// Uma linha para cada lição, na ordem delas.
pub(super) fn progress(project: &Project) -> Value {
    project.lessons().iter().map(|lesson| line(project, lesson)).collect()
}

fn line(project: &Project, lesson: &Lesson) -> Value {
    let text = fs::read_to_string(project.chapter(lesson)).unwrap_or_default();
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&lesson.slug);
    let readers = Records::load(project, lesson).readers;
    let record = readers.as_ref().ok();
    let count = |wanted| {
        let claims = record.map_or(&[][..], |record| &record.claims);
        claims.iter().filter(|claim| claim.verdict == Some(wanted)).count()
    };
    json!({
        "licao": lesson.number,
        "titulo": title.trim(),
        "capitulo": format!("{}.html", lesson.slug),
        "medida": record.map(|record| &record.start.date),
        "olhada": record.is_some_and(|record| record.start.quick),
        "quebrado": matches!(readers, Err(Missing::Broken(_))),
        "vereditos": {
            "confirmada": count(Verdict::Confirmed),
            "refutada": count(Verdict::Refuted),
            "inconclusiva": count(Verdict::Inconclusive),
        },
        "exercicio": exercise(project, lesson),
    })
}

fn exercise(project: &Project, lesson: &Lesson) -> Option<&'static str> {
    let answer = fs::read_to_string(project.lesson_file(lesson, "exercise.rs")).ok()?;
    Some(match kept::progress(&project.kept(), lesson.number, &answer) {
        Progress::ToDo => "por fazer",
        Progress::Solved => "resolvido",
        Progress::Changed => "mudou",
    })
}

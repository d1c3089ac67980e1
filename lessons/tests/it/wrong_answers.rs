//! A conferência de cada exercício recusa as respostas erradas, e pelo motivo certo.

use std::sync::Mutex;
use std::thread;

use respostas_erradas::{Wrong, all};

use crate::workspace::stdout;

crate::cases! {
    600 => every_wrong_answer_is_refused_for_its_reason,
    10 => every_exercise_has_two_wrong_answers,
}

/// Quase todas esperam por algo que não vem: várias ao mesmo tempo levam o tempo de poucas.
const AT_ONCE: usize = 4;

fn every_wrong_answer_is_refused_for_its_reason() {
    let left = Mutex::new(all());
    let next = || left.lock().ok()?.next();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| std::iter::from_fn(next).for_each(assert_refused));
        }
    });
}

fn assert_refused(wrong: &Wrong) {
    let text = stdout(&wrong.check().expect("a conferência roda"));
    let lines: Vec<&str> = text.lines().collect();
    let is_lost = |line: &str| line.trim_start().starts_with('✘') && line.contains(wrong.loses);
    let lost = lines.iter().position(|line| is_lost(line));
    assert!(lost.is_some(), "{}: deveria perder «{}»:\n{text}", wrong.name, wrong.loses);
    let reason = lost.and_then(|at| lines.get(at + 1)).unwrap_or(&"");
    assert!(!reason.contains("não conferido"), "{}: não chegou a ser conferida:\n{text}", wrong.name);
    assert!(text.contains("Ainda não."), "{}:\n{text}", wrong.name);
}

fn every_exercise_has_two_wrong_answers() {
    for lesson in crate::workspace::lessons() {
        let prefix = format!("{}-", lesson.number);
        let count = all().filter(|wrong| wrong.name.starts_with(&prefix)).count();
        assert!(count >= 2, "{}: {count} respostas erradas", lesson.slug);
    }
}

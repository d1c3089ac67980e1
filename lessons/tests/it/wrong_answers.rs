//! Respostas erradas aos exercícios: a conferência de cada um tem que recusá-las, e pelo motivo certo.
//!
//! Cada resposta é um programa à parte, porque algumas derrubam o processo em que rodam, e porque os processos
//! que criam são este executável de novo.

use std::process::{Command, ExitCode, Output};
use std::sync::Mutex;
use std::thread;

use crate::workspace::stdout;

// Uma lista com o `wrong.rs` de cada lição: `build.rs` a escreve.
include!(concat!(env!("OUT_DIR"), "/wrong_answers.rs"));

crate::cases! {
    600 => every_wrong_answer_is_refused_for_its_reason,
    10 => every_exercise_has_two_wrong_answers,
}

const WHICH: &str = "CADERNO_RESPOSTA_ERRADA";

/// Uma resposta errada, e o que a conferência tem que dizer dela.
pub(crate) struct Wrong {
    /// `2-conta-em-serie`: o número da lição e o erro.
    pub(crate) name: &'static str,
    /// Confere a resposta, como o `main` de `exercise.rs`.
    pub(crate) main: fn() -> ExitCode,
    /// Um pedaço do ponto que ela tem que perder.
    pub(crate) loses: &'static str,
}

/// Quase todas esperam por algo que não vem: várias ao mesmo tempo levam o tempo de poucas.
const AT_ONCE: usize = 4;

fn all() -> impl Iterator<Item = &'static Wrong> + Send {
    ALL.iter().copied().flatten()
}

/// Se este processo é uma resposta errada, a confere.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let name = std::env::var(WHICH).ok()?;
    let wrong = all().find(|wrong| wrong.name == name).expect("uma resposta conhecida");
    Some((wrong.main)())
}

fn check(wrong: &Wrong) -> Output {
    Command::new(std::env::current_exe().expect("este executável"))
        .env(WHICH, wrong.name)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("a conferência roda")
}

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
    let text = stdout(&check(wrong));
    let lost = text.lines().any(|line| line.trim_start().starts_with('✘') && line.contains(wrong.loses));
    assert!(lost, "{}: deveria perder «{}»:\n{text}", wrong.name, wrong.loses);
    assert!(text.contains("Ainda não."), "{}:\n{text}", wrong.name);
}

fn every_exercise_has_two_wrong_answers() {
    for lesson in crate::workspace::lessons() {
        let prefix = format!("{}-", lesson.number);
        let count = all().filter(|wrong| wrong.name.starts_with(&prefix)).count();
        assert!(count >= 2, "{}: {count} respostas erradas", lesson.slug);
    }
}

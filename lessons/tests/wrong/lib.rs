//! Respostas erradas aos exercícios: a conferência de cada um tem que recusá-las, e pelo motivo certo.
//!
//! Cada resposta é um programa à parte, porque algumas derrubam o processo em que rodam, e porque os processos
//! que criam são este executável de novo.

use std::process::{Command, ExitCode, Output, Stdio};

// Uma lista com o `wrong.rs` de cada lição: `build.rs` a escreve.
include!(concat!(env!("OUT_DIR"), "/wrong_answers.rs"));

const WHICH: &str = "CADERNO_RESPOSTA_ERRADA";

/// Uma resposta errada, e o que a conferência tem que dizer dela.
#[derive(Clone, Copy, Debug)]
pub struct Wrong {
    /// `2-conta-em-serie`: o número da lição e o erro.
    pub name: &'static str,
    /// Confere a resposta, como o `main` de `exercise.rs`.
    pub main: fn() -> ExitCode,
    /// Um pedaço do ponto que ela tem que perder.
    pub loses: &'static str,
}

/// Todas, na ordem das lições.
pub fn all() -> impl Iterator<Item = &'static Wrong> + Send {
    ALL.iter().copied().flatten()
}

/// Se este processo é uma resposta errada, a confere.
///
/// # Panics
///
/// Se quem criou este processo pediu uma resposta que não há.
pub fn run_if_asked() -> Option<ExitCode> {
    let name = std::env::var(WHICH).ok()?;
    let wrong = all().find(|wrong| wrong.name == name).expect("uma resposta conhecida");
    Some((wrong.main)())
}

impl Wrong {
    /// Confere a resposta, neste mesmo executável, cujo `main` chama [`run_if_asked`].
    ///
    /// # Erros
    ///
    /// O sistema recusou o processo.
    pub fn check(&self) -> std::io::Result<Output> {
        Command::new(std::env::current_exe()?).env(WHICH, self.name).stdin(Stdio::null()).output()
    }
}

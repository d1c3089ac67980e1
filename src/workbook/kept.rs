//! O que uma lição guarda para o livro: o registro dela, e a resposta do exercício que passou na conferência.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::Event;

/// Onde fica: `target/caderno` deste repositório, ou a pasta em `CADERNO_REGISTROS`.
pub fn folder() -> PathBuf {
    match std::env::var_os("CADERNO_REGISTROS") {
        Some(dir) => dir.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target").join("caderno"),
    }
}

/// Guarda o registro da lição.
///
/// # Erros
///
/// Os do sistema de arquivos.
pub fn save(lesson: u32, events: &[Event]) -> io::Result<()> {
    let lines: Result<String, _> =
        events.iter().map(|event| serde_json::to_string(event).map(|line| line + "\n")).collect();
    write(&folder(), &format!("lesson-{lesson}.json"), &lines?)
}

/// Como o exercício de uma lição está.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nenhuma resposta passou ainda.
    ToDo,
    /// A resposta de agora é a que passou.
    Solved,
    /// Uma resposta passou, e o arquivo mudou depois dela.
    Changed,
}

/// A resposta inteira, e não um resumo dela: é curta, e o leitor pode tê-la de volta.
#[derive(Serialize, Deserialize)]
struct Solved {
    lesson: u32,
    answer: String,
}

/// O nome, na pasta, do que diz que o exercício da lição passou.
fn name(lesson: u32) -> String {
    format!("exercicio-{lesson}.json")
}

/// Guarda que `answer` passou na conferência do exercício.
///
/// # Erros
///
/// Os do sistema de arquivos.
pub fn save_answer(folder: &Path, lesson: u32, answer: &str) -> io::Result<()> {
    let solved = Solved { lesson, answer: answer.to_owned() };
    write(folder, &name(lesson), &serde_json::to_string(&solved)?)
}

/// Como está o exercício cujo arquivo contém `answer`.
pub fn progress(folder: &Path, lesson: u32, answer: &str) -> Progress {
    let solved = fs::read(folder.join(name(lesson))).ok().and_then(|text| serde_json::from_slice(&text).ok());
    match solved {
        Some(Solved { lesson: of, answer: passed }) if of == lesson => {
            if passed == answer {
                Progress::Solved
            } else {
                Progress::Changed
            }
        }
        _ => Progress::ToDo,
    }
}

/// Escreve o arquivo inteiro ou nada: ao lado, e troca de nome.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let partial = folder.join(format!(".{name}.{}", std::process::id()));
    let saved = fs::write(&partial, text).and_then(|()| fs::rename(&partial, folder.join(name)));
    if saved.is_err() {
        let _ = fs::remove_file(&partial);
    }
    saved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_solved_until_it_changes() {
        let folder = tempfile::tempdir().expect("pasta");
        let state = |answer| progress(folder.path(), 3, answer);
        assert_eq!(state("a"), Progress::ToDo);
        save_answer(folder.path(), 3, "a").expect("guarda");
        assert_eq!((state("a"), state("b")), (Progress::Solved, Progress::Changed));
        assert_eq!(progress(folder.path(), 4, "a"), Progress::ToDo);
        assert_eq!(fs::read_dir(folder.path()).expect("pasta").count(), 1, "nada fica pela metade");
    }
}

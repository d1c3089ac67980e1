//! O que uma lição guarda para o livro: o registro dela, e a resposta do exercício que passou na conferência.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::Event;

/// A pasta, na raiz do repositório: o git não a vê, e o `cargo clean` não a apaga.
pub const FOLDER: &str = "caderno";

/// Onde o caderno guardava antes, ao alcance do `cargo clean`.
const FORMER: &str = "target/caderno";

/// Onde fica: a pasta em `CADERNO_REGISTROS` ou, sem ela, [`FOLDER`] deste repositório.
pub fn folder() -> PathBuf {
    match std::env::var_os("CADERNO_REGISTROS") {
        Some(dir) => dir.into(),
        None => of_project(&root()),
    }
}

/// A raiz do repositório.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("")).to_owned()
}

/// A pasta do projeto que tem esta raiz. O que ficou na de antes se muda para ela, uma vez.
pub fn of_project(root: &Path) -> PathBuf {
    let (former, folder) = (root.join(FORMER), root.join(FOLDER));
    if former.is_dir() {
        // O que não se deixa mudar fica onde está: é melhor do que perdê-lo.
        let _ = adopt(&former, &folder);
    }
    folder
}

/// Muda para `folder` o que há em `former` e ainda não há nela.
fn adopt(former: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for file in fs::read_dir(former)? {
        let file = file?;
        let place = folder.join(file.file_name());
        if !place.exists() {
            fs::rename(file.path(), place)?;
        }
    }
    // Vazia, some; senão, o que sobrou é mais velho do que o que já se tem.
    let _ = fs::remove_dir(former);
    Ok(())
}

/// O registro da lição, com o nome que ele tem na pasta; o de uma primeira olhada é outro.
pub fn record_name(lesson: u32, quick: bool) -> String {
    format!("lesson-{lesson}{}.json", if quick { "-rapida" } else { "" })
}

/// O que se fez de um registro guardado.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// É ele que o livro mostra.
    Shown,
    /// Foi uma primeira olhada, e há uma medida inteira, que o livro continua a mostrar.
    BehindACarefulOne,
}

/// Guarda o registro da lição. O de uma primeira olhada nunca toma o lugar do de uma medida inteira; o de uma medida
/// inteira dispensa o da primeira olhada.
///
/// # Erros
///
/// Os do sistema de arquivos.
pub fn save(lesson: u32, quick: bool, events: &[Event]) -> io::Result<Saved> {
    let lines: Result<String, _> =
        events.iter().map(|event| serde_json::to_string(event).map(|line| line + "\n")).collect();
    let folder = folder();
    write(&folder, &record_name(lesson, quick), &lines?)?;
    if quick && folder.join(record_name(lesson, false)).exists() {
        return Ok(Saved::BehindACarefulOne);
    }
    if !quick {
        let _ = fs::remove_file(folder.join(record_name(lesson, true)));
    }
    Ok(Saved::Shown)
}

/// A vez de medir neste projeto: enquanto alguém a tem, o sistema a nega a outro programa. Some com quem a tem, qualquer que
/// seja o fim dele.
#[derive(Debug)]
pub struct Turn {
    _folder: File,
}

/// Toma a vez de medir; nada, se ela é de outro programa. Duas medições ao mesmo tempo estragam uma à outra.
///
/// # Erros
///
/// Os do sistema de arquivos: sem a pasta, não há onde marcar a vez.
pub fn take_turn(folder: &Path) -> io::Result<Option<Turn>> {
    fs::create_dir_all(folder)?;
    let folder = File::open(folder)?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(Turn { _folder: folder })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
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
    fn one_at_a_time_has_the_turn() {
        let folder = tempfile::tempdir().expect("pasta");
        let take = || take_turn(folder.path()).expect("a pasta se abre");
        let turn = take().expect("é de ninguém");
        assert!(take().is_none());
        drop(turn);
        assert!(take().is_some());
    }

    #[test]
    fn what_was_kept_before_moves_once_and_never_over_what_is_newer() {
        let root = tempfile::tempdir().expect("pasta");
        let former = root.path().join(FORMER);
        fs::create_dir_all(&former).expect("pasta");
        for (name, text) in [("lesson-1.json", "velho"), ("lesson-2.json", "velho")] {
            fs::write(former.join(name), text).expect("escreve");
        }
        fs::create_dir(root.path().join(FOLDER)).expect("pasta");
        fs::write(root.path().join(FOLDER).join("lesson-2.json"), "novo").expect("escreve");
        let folder = of_project(root.path());
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect("lê");
        assert_eq!([read("lesson-1.json"), read("lesson-2.json")], ["velho", "novo"]);
        fs::write(folder.join("lesson-1.json"), "novo").expect("escreve");
        of_project(root.path());
        assert_eq!(read("lesson-1.json"), "novo");
    }

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

//! Como estão os arquivos de que o livro e as páginas dependem, e o que mudou neles desde outra vez.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::project::{Lesson, Project};

/// O que mudou.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// O texto, o tema ou o código que as páginas mostram.
    Book,
    /// O registro que o leitor mediu.
    Record(u32),
    /// A resposta que o leitor escreve.
    Answer(u32),
    /// O que diz que uma resposta passou na conferência; nenhuma página construída o mostra.
    Passed(u32),
}

/// Tamanho e data de cada arquivo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    files: BTreeMap<PathBuf, (Change, u64, Option<SystemTime>)>,
}

impl Stamp {
    /// Como os arquivos estão agora.
    pub(super) fn of(project: &Project) -> Self {
        let mut stamp = Stamp::default();
        project.sources().iter().for_each(|path| stamp.mark(project, path));
        stamp
    }

    fn mark(&mut self, project: &Project, path: &Path) {
        let Ok(about) = fs::metadata(path) else { return };
        if about.is_dir() {
            let inside = fs::read_dir(path).into_iter().flatten().flatten();
            inside.filter(|entry| !is_passing(&entry.file_name())).for_each(|entry| {
                self.mark(project, &entry.path());
            });
        } else if let Some(change) = change_in(project, path) {
            self.files.insert(path.to_owned(), (change, about.len(), about.modified().ok()));
        }
    }

    /// O que há de diferente em `later`.
    pub(super) fn changes(&self, later: &Stamp) -> BTreeSet<Change> {
        let differ = |a: &Stamp, b: &Stamp| -> BTreeSet<Change> {
            let differing = a.files.iter().filter(|(path, mark)| b.files.get(*path) != Some(mark));
            differing.map(|(_, (change, ..))| *change).collect()
        };
        differ(self, later).union(&differ(later, self)).copied().collect()
    }

    /// Três números, do livro, dos registros e dos exercícios: uma página os guarda para saber, ao voltar, o que perdeu.
    pub(super) fn summary(&self) -> [String; 3] {
        let mut hashers: [DefaultHasher; 3] = Default::default();
        for file in &self.files {
            let place = match file.1.0 {
                Change::Book => 0,
                Change::Record(_) => 1,
                Change::Answer(_) | Change::Passed(_) => 2,
            };
            (file.0, file.1.1, file.1.2).hash(&mut hashers[place]);
        }
        hashers.map(|hasher| format!("{:016x}", hasher.finish()))
    }
}

/// O que editores, programas em Python e gravações pela metade deixam por um instante.
fn is_passing(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || name.ends_with('~') || name == "__pycache__"
}

/// O que muda quando este arquivo muda; nada, se nada depende dele.
fn change_in(project: &Project, path: &Path) -> Option<Change> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    if folder == project.kept() {
        let number = |start: &str| {
            let rest = name.strip_prefix(start)?.strip_suffix(".json")?;
            rest.strip_suffix("-rapida").unwrap_or(rest).parse().ok()
        };
        return number("lesson-").map(Change::Record).or_else(|| number("exercicio-").map(Change::Passed));
    }
    match Lesson::of_chapter(folder) {
        Some(lesson) if name == "exercise.rs" => Some(Change::Answer(lesson.number)),
        _ => Some(Change::Book),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_tells_what_changed() {
        let root = tempfile::tempdir().expect("pasta temporária");
        let project = Project::at(root.path());
        let mut last = Stamp::of(&project);
        let mut after = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("tem pasta")).expect("cria a pasta");
            let text = fs::read_to_string(&path).unwrap_or_default() + "mais";
            fs::write(&path, text).expect("escreve");
            let now = Stamp::of(&project);
            let (changes, summaries) = (last.changes(&now), (last.summary(), now.summary()));
            assert_eq!(now.changes(&last), changes, "nos dois sentidos");
            assert_eq!(changes.is_empty(), summaries.0 == summaries.1, "{name}");
            last = now;
            changes.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(after("book/src/01-a.md"), [Change::Book]);
        assert_eq!(after("book/src/01-a.md"), [Change::Book]);
        assert_eq!(after("lessons/01-a/main.rs"), [Change::Book]);
        assert_eq!(after("lessons/01-a/exercise.rs"), [Change::Answer(1)]);
        assert_eq!(after("caderno/lesson-1.json"), [Change::Record(1)]);
        assert_eq!(after("caderno/exercicio-12.json"), [Change::Passed(12)]);
        for nothing in ["caderno/.lesson-1.json.77", "lessons/01-a/__pycache__/a.pyc", "book/src/01-a.md~"] {
            assert_eq!(after(nothing), [], "{nothing}");
        }
        let full = Stamp::of(&project);
        fs::remove_file(root.path().join("caderno/lesson-1.json")).expect("apaga");
        assert_eq!(full.changes(&Stamp::of(&project)).into_iter().collect::<Vec<_>>(), [Change::Record(1)]);
    }
}

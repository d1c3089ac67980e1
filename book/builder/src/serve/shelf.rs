//! O livro construído, refeito quando algo de que ele depende muda.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use mdbook::errors::Result;

use crate::assembly;
use crate::project::Project;

/// O livro construído.
pub(super) struct Shelf {
    project: Project,
    destination: PathBuf,
    built: RwLock<Built>,
}

struct Built {
    stamp: u64,
    /// O que deu errado na última construção; as páginas de antes continuam no disco.
    error: Option<String>,
}

impl Shelf {
    /// Constrói o livro pela primeira vez.
    pub(super) fn new(project: Project, destination: PathBuf) -> Result<Self> {
        let stamp = stamp(&project);
        assembly::build(&project, &destination)?;
        Ok(Self { project, destination, built: RwLock::new(Built { stamp, error: None }) })
    }

    /// Um arquivo do livro; nada, se ele não existe.
    ///
    /// # Erros
    ///
    /// Por que o livro não pôde ser refeito.
    pub(super) fn read(&self, name: &Path) -> Result<Option<Vec<u8>>, String> {
        let built = match name.extension() {
            // As figuras e os programas de uma página não mudam entre ela e eles.
            Some(extension) if extension != "html" => self.shelved(),
            _ => self.fresh(),
        };
        match &built.error {
            Some(error) => Err(error.clone()),
            None => Ok(fs::read(self.destination.join(name)).ok()),
        }
    }

    fn shelved(&self) -> RwLockReadGuard<'_, Built> {
        self.built.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// O livro em dia: quem chega durante uma construção espera por ela em vez de começar outra.
    fn fresh(&self) -> RwLockReadGuard<'_, Built> {
        if self.shelved().stamp != stamp(&self.project) {
            let mut built = self.built.write().unwrap_or_else(PoisonError::into_inner);
            let now = stamp(&self.project);
            if built.stamp != now {
                let outcome = assembly::build(&self.project, &self.destination);
                let error = outcome.err().map(|error| format!("{error:#}"));
                *built = Built { stamp: now, error };
            }
        }
        self.shelved()
    }
}

/// Um número que muda quando um arquivo de que o livro depende aparece, some ou é escrito.
fn stamp(project: &Project) -> u64 {
    let mut hasher = DefaultHasher::new();
    project.sources().iter().for_each(|path| mark(path, &mut hasher));
    hasher.finish()
}

fn mark(path: &Path, hasher: &mut DefaultHasher) {
    let Ok(about) = fs::metadata(path) else { return };
    path.hash(hasher);
    if about.is_dir() {
        let mut inside: Vec<PathBuf> =
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        inside.sort();
        inside.iter().for_each(|path| mark(path, hasher));
    } else {
        (about.len(), about.modified().ok()).hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_follows_what_the_book_depends_on() {
        let root = tempfile::tempdir().expect("pasta temporária");
        let project = Project::at(root.path());
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("tem pasta")).expect("cria a pasta");
            fs::write(path, text).expect("escreve");
        };
        write("book/src/01-a.md", "a");
        let before = stamp(&project);
        assert_eq!(before, stamp(&project));
        write("target/caderno/lesson-1.json", "{}");
        let measured = stamp(&project);
        assert_ne!(before, measured);
        write("lessons/01-a/main.rs", "fn main() {}");
        assert_ne!(measured, stamp(&project));
    }
}

//! O livro construído, refeito quando algo de que ele depende muda.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use mdbook::errors::Result;

use super::stamp::{Change, Stamp};
use crate::assembly;
use crate::project::Project;

/// O livro construído.
pub(super) struct Shelf {
    project: Project,
    destination: PathBuf,
    built: RwLock<Built>,
}

struct Built {
    stamp: Stamp,
    /// O que deu errado na última construção; as páginas de antes continuam no disco.
    error: Option<String>,
}

impl Built {
    /// Se as páginas construídas com os arquivos assim são as mesmas.
    fn serves(&self, stamp: &Stamp) -> bool {
        self.stamp.changes(stamp).iter().all(|change| matches!(change, Change::Passed(_)))
    }
}

impl Shelf {
    /// Constrói o livro pela primeira vez.
    pub(super) fn new(project: Project, destination: PathBuf) -> Result<Self> {
        let stamp = Stamp::of(&project);
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

    /// Refaz o livro, se é preciso.
    ///
    /// # Erros
    ///
    /// Por que ele não pôde ser refeito.
    pub(super) fn refresh(&self) -> Result<(), String> {
        self.fresh().error.clone().map_or(Ok(()), Err)
    }

    /// Como estavam os arquivos de que o livro foi construído.
    pub(super) fn summary(&self) -> [String; 3] {
        self.shelved().stamp.summary()
    }

    fn shelved(&self) -> RwLockReadGuard<'_, Built> {
        self.built.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// O livro em dia: quem chega durante uma construção espera por ela em vez de começar outra.
    fn fresh(&self) -> RwLockReadGuard<'_, Built> {
        if self.shelved().stamp != Stamp::of(&self.project) {
            let mut built = self.built.write().unwrap_or_else(PoisonError::into_inner);
            let now = Stamp::of(&self.project);
            if !built.serves(&now) {
                let outcome = assembly::build(&self.project, &self.destination);
                built.error = outcome.err().map(|error| format!("{error:#}"));
            }
            built.stamp = now;
        }
        self.shelved()
    }
}

//! Constrói o livro inteiro dentro deste processo.

use std::path::Path;

use mdbook::MDBook;
use mdbook::errors::Result;

use crate::preprocessor::Caderno;
use crate::project::Project;
use crate::renderer::Portuguese;

/// Constrói o livro do projeto nesta pasta.
///
/// # Erros
///
/// Quando uma página pede o que não existe, ou quando o disco não deixa ler ou escrever.
pub fn build(project: &Project, destination: &Path) -> Result<()> {
    let mut book = MDBook::load(project.book())?;
    book.config.build.build_dir = std::path::absolute(destination)?;
    // O nome do pré-processador é o da tabela em book.toml: este toma o lugar do comando de lá.
    book.with_preprocessor(Caderno);
    book.with_renderer(Portuguese);
    book.build()
}

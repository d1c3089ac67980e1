//! O livro construído, do jeito que o leitor o recebe.

mod chapters;
mod figures;
mod invented;
mod language;
mod links;
mod program;
mod records;
mod sandbox;
mod sources;

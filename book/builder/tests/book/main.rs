//! O livro construído, do jeito que o leitor o recebe.

mod browser;
mod chapters;
mod charts;
mod colors;
mod fake;
mod figures;
mod hostile;
mod invented;
mod language;
mod links;
mod program;
mod real;
mod records;
mod runs;
mod sandbox;
mod server;
mod sources;
mod watching;

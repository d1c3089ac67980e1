//! Onde fica cada coisa do projeto, a partir da pasta raiz.

use std::path::{Path, PathBuf};

use mdbook::errors::{Error, Result};
use registro::kept;

/// A pasta raiz do projeto.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

/// A lição a que um capítulo pertence; o nome do arquivo do capítulo diz qual é.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Número da lição.
    pub number: u32,
    /// Nome da pasta em `lessons/`, igual ao do capítulo sem `.md`.
    pub slug: String,
}

impl Project {
    /// O projeto que tem esta pasta raiz.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// O projeto em volta da pasta atual.
    ///
    /// # Erros
    ///
    /// Quando nem a pasta atual nem as de cima têm um `book/book.toml`.
    pub fn here() -> Result<Self> {
        let start = std::env::current_dir()?;
        start
            .ancestors()
            .find(|folder| folder.join("book/book.toml").is_file())
            .map(Self::at)
            .ok_or_else(|| Error::msg("não achei book/book.toml aqui nem nas pastas acima"))
    }

    /// O projeto a que pertence a pasta do livro que o mdBook informou.
    ///
    /// # Erros
    ///
    /// Quando a pasta do livro não tem uma pasta acima.
    pub fn of_book(book: &Path) -> Result<Self> {
        std::path::absolute(book)?
            .parent()
            .map(Self::at)
            .ok_or_else(|| Error::msg("o livro precisa ficar em uma pasta dentro do projeto"))
    }

    /// A pasta raiz.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A pasta do livro, onde fica o `book.toml`.
    pub fn book(&self) -> PathBuf {
        self.root.join("book")
    }

    /// Onde o livro é construído quando ninguém pede outro lugar.
    pub fn default_destination(&self) -> PathBuf {
        self.book().join("book")
    }

    /// O registro do leitor, o da primeira olhada dele, e o de referência: nesta ordem de preferência.
    pub fn records(&self, lesson: u32) -> [PathBuf; 3] {
        let [careful, quick] = [false, true].map(|quick| kept::record_name(lesson, quick));
        [self.kept().join(&careful), self.kept().join(quick), self.root.join("book/records").join(careful)]
    }

    /// O que o leitor mediu e resolveu.
    pub fn kept(&self) -> PathBuf {
        kept::of_project(&self.root)
    }

    /// As lições que têm capítulo, em ordem.
    pub fn lessons(&self) -> Vec<Lesson> {
        let chapters = self.book().join("src").read_dir().into_iter().flatten().flatten();
        let mut lessons: Vec<Lesson> =
            chapters.filter_map(|chapter| Lesson::of_chapter(&chapter.path())).collect();
        lessons.sort_by_key(|lesson| lesson.number);
        lessons
    }

    /// A lição que tem este número, se o livro tem o capítulo dela.
    pub fn lesson(&self, number: u32) -> Option<Lesson> {
        self.lessons().into_iter().find(|lesson| lesson.number == number)
    }

    /// O capítulo de uma lição.
    pub fn chapter(&self, lesson: &Lesson) -> PathBuf {
        self.book().join("src").join(format!("{}.md", lesson.slug))
    }

    /// Um arquivo da pasta de uma lição.
    pub fn lesson_file(&self, lesson: &Lesson, name: &str) -> PathBuf {
        self.root.join("lessons").join(&lesson.slug).join(name)
    }

    /// Tudo o que, mudando, pede que o livro seja construído de novo.
    pub fn sources(&self) -> [PathBuf; 7] {
        ["book/book.toml", "book/src", "book/theme", "book/records", "lessons", "src", kept::FOLDER]
            .map(|name| self.root.join(name))
    }

    /// O caminho como o leitor o vê, sem a pasta raiz.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

impl Lesson {
    /// A lição de um capítulo `NN-nome.md`; nenhuma, se o nome não começa por número.
    pub fn of_chapter(path: &Path) -> Option<Self> {
        let slug = path.file_stem()?.to_str()?;
        let number = slug.split_once('-')?.0.parse().ok()?;
        Some(Self { number, slug: slug.to_owned() })
    }

    /// O comando que roda esta lição.
    pub fn command(&self) -> String {
        format!("cargo run --bin lesson-{}", self.number)
    }

    /// O mesmo, com o modelo que só existe para quem o pede.
    pub fn command_with_mpi(&self) -> String {
        format!("cargo run --features mpi --bin lesson-{}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_chapter_says_its_lesson() {
        let lesson = Lesson::of_chapter(Path::new("03-paralelismo-real.md")).expect("é uma lição");
        assert_eq!((lesson.number, lesson.slug.as_str()), (3, "03-paralelismo-real"));
        for other in ["introducao.md", "404.md", "por-dentro-do-pool.md"] {
            assert_eq!(Lesson::of_chapter(Path::new(other)), None, "{other}");
        }
    }
}

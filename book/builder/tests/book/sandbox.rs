//! Uma cópia do livro e das lições em uma pasta temporária.

use std::fs;
use std::path::{Path, PathBuf};

use livro::assembly;
use livro::preprocessor::fill;
use livro::project::{Lesson, Project};
use mdbook::errors::Result;
use scraper::{ElementRef, Html, Selector};
use tempfile::TempDir;

use crate::invented::record;

pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let sandbox = Self { folder: tempfile::tempdir().expect("pasta temporária") };
        for name in ["book/book.toml", "book/src", "book/theme", "lessons"] {
            copy(&repository().join(name), &sandbox.path(name));
        }
        sandbox
    }

    /// O livro de verdade, já construído.
    pub(crate) fn built() -> Self {
        let sandbox = Self::filled();
        sandbox.build().expect("o livro se deixa construir");
        sandbox
    }

    /// O livro de verdade por construir, com medições inventadas onde ainda falta a de referência.
    pub(crate) fn filled() -> Self {
        let sandbox = Self::new();
        for (lesson, _) in lessons() {
            let real = fs::read_to_string(repository().join(reference(lesson)));
            sandbox.write(&reference(lesson), &real.unwrap_or_else(|_| record(lesson)));
        }
        let toml = sandbox.read("book/book.toml");
        let redirect = "\n[output.html.redirect]\n\"/antigo.html\" = \"introducao.html\"\n";
        sandbox.write("book/book.toml", &(toml + redirect));
        sandbox
    }

    /// O projeto inteiro, como quem o clonou o tem, sempre na mesma pasta: o cargo reaproveita o que já compilou dele.
    pub(crate) fn whole() -> Self {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projeto");
        let _ = fs::remove_dir_all(&place);
        let named =
            tempfile::Builder::new().prefix("projeto").rand_bytes(0).tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let sandbox = Self { folder: named.expect("a pasta do projeto") };
        for name in ["Cargo.toml", "Cargo.lock", "README.md", "src", "lessons", "benches", "tests", "book"] {
            copy(&repository().join(name), &sandbox.path(name));
        }
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn project(&self) -> Project {
        Project::at(self.folder.path())
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("tem pasta")).expect("cria a pasta");
        fs::write(path, text).expect("escreve");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn build(&self) -> Result<()> {
        assembly::build(&self.project(), &self.path("book/book"))
    }

    /// O que uma diretiva vira em um capítulo da lição 3.
    pub(crate) fn fill(&self, text: &str) -> Result<String> {
        self.fill_page("03-paralelismo-real.md", text)
    }

    /// O que uma diretiva vira nesta página.
    pub(crate) fn fill_page(&self, page: &str, text: &str) -> Result<String> {
        fill(&self.project(), Path::new(page), text)
    }

    /// Os arquivos construídos que terminam assim, com o nome dentro do livro.
    pub(crate) fn files(&self, ending: &str) -> Vec<(String, String)> {
        let root = self.path("book/book");
        let mut found = Vec::new();
        walk(&root, &mut |path| {
            let name = path.strip_prefix(&root).expect("está dentro").display().to_string();
            if name.ends_with(ending) {
                found.push((name, fs::read_to_string(path).expect("é texto")));
            }
        });
        assert!(!found.is_empty(), "nada termina em {ending}");
        found
    }
}

/// As lições que já têm capítulo, com o nome da página de cada uma.
pub(crate) fn lessons() -> Vec<(u32, String)> {
    let mut found = Vec::new();
    walk(&repository().join("book/src"), &mut |path| {
        if let Some(lesson) = Lesson::of_chapter(path) {
            found.push((lesson.number, format!("{}.html", lesson.slug)));
        }
    });
    assert!(!found.is_empty(), "nenhum capítulo de lição");
    found
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn reference(lesson: u32) -> String {
    format!("book/records/lesson-{lesson}.json")
}

pub(crate) fn readers(lesson: u32) -> String {
    format!("caderno/lesson-{lesson}.json")
}

pub(crate) fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("pasta").flatten() {
        match entry.path() {
            path if path.is_dir() => walk(&path, visit),
            path => visit(&path),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        walk(from, &mut |path| copy(path, &to.join(path.strip_prefix(from).expect("dentro"))));
    } else {
        fs::create_dir_all(to.parent().expect("tem pasta")).expect("cria a pasta");
        fs::copy(from, to).expect("copia");
    }
}

pub(crate) fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("seletor");
    page.select(&selector).collect()
}

pub(crate) fn text(element: ElementRef) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

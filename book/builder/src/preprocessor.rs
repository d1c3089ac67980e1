//! O pré-processador `caderno`: põe em cada página o que as diretivas dela pedem.

use std::io::{Read, Write};
use std::path::Path;

use mdbook::book::{Book, BookItem};
use mdbook::errors::{Error, Result};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::directive::{self, Directive};
use crate::project::{Lesson, Project};
use crate::{exercise, measure};

/// O pré-processador, com o nome da tabela dele em `book.toml`.
pub struct Caderno;

impl Preprocessor for Caderno {
    fn name(&self) -> &str {
        "caderno"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let project = Project::of_book(&context.root)?;
        let mut outcome = Ok(());
        book.for_each_mut(|item| {
            if let BookItem::Chapter(chapter) = item
                && let Some(path) = &chapter.source_path
                && outcome.is_ok()
            {
                match fill(&project, path, &chapter.content) {
                    Ok(text) => chapter.content = text,
                    Err(error) => outcome = Err(error),
                }
            }
        });
        outcome.map(|()| book)
    }
}

/// Conversa com o programa mdbook: lê o livro de um lado e o devolve, preenchido, do outro.
///
/// # Erros
///
/// Quando o livro não chega inteiro ou uma página pede o que não existe.
pub fn speak(input: impl Read, output: impl Write) -> Result<()> {
    let (context, book) = mdbook_preprocessor::parse_input(input)?;
    let book = Caderno.run(&context, book)?;
    Ok(serde_json::to_writer(output, &book)?)
}

/// O texto de uma página com as diretivas trocadas pelo que elas pedem.
///
/// # Erros
///
/// Uma linha que nomeia o arquivo e a diretiva que não foi entendida.
pub fn fill(project: &Project, path: &Path, text: &str) -> Result<String> {
    let lesson = Lesson::of_chapter(path);
    directive::replace(text, |directive| {
        answer(project, lesson.as_ref(), directive)
            .map_err(|error| Error::msg(format!("book/src/{}: {error:#}", path.display())))
    })
}

fn answer(project: &Project, lesson: Option<&Lesson>, directive: &Directive) -> Result<String> {
    let lesson = lesson
        .ok_or_else(|| directive.refuse("só existe em capítulo de lição, com número no nome do arquivo"))?;
    if directive.name != "medida" && !directive.arguments.is_empty() {
        return Err(directive.refuse("não aceita argumentos"));
    }
    match directive.name {
        "rodar" => Ok(run_box(lesson)),
        "medida" => measure::answer(project, lesson, directive),
        "dicas" => exercise::hints(project, lesson),
        "solucao" => exercise::solution(project, lesson),
        _ => Err(directive.refuse("diretiva desconhecida (um texto literal começa com barra)")),
    }
}

fn run_box(lesson: &Lesson) -> String {
    format!(
        "\n<div class=\"rodar\">\n<p>Rode esta lição na sua máquina:</p>\n\n```sh\n{}\n```\n\n\
         <p>Com <code>cargo livro</code> aberto, recarregue a página depois: as figuras passam a \
         ser as suas.</p>\n</div>\n",
        lesson.command()
    )
}

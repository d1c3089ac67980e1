//! O pré-processador `caderno`: põe em cada página o que as diretivas dela pedem.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use mdbook::book::{Book, BookItem};
use mdbook::errors::{Error, Result};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::directive::{self, Directive};
use crate::measure::record::Records;
use crate::project::{Lesson, Project};
use crate::{boxes, exercise, measure, question, spoiler};

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
    let mut book = Caderno.run(&context, book)?;
    // Os sinais são para o nosso gerador; o do mdBook os deixaria na página.
    book.for_each_mut(|item| {
        if let BookItem::Chapter(chapter) = item {
            chapter.content = spoiler::clean(std::mem::take(&mut chapter.content));
        }
    });
    Ok(serde_json::to_writer(output, &book)?)
}

/// O texto de uma página com as diretivas trocadas pelo que elas pedem.
///
/// # Erros
///
/// Uma linha que nomeia o arquivo e a diretiva que não foi entendida.
pub fn fill(project: &Project, path: &Path, text: &str) -> Result<String> {
    let lesson = Lesson::of_chapter(path);
    let (mut place, mut read) = (0, HashMap::new());
    directive::replace(text, |directive| {
        place += 1;
        answer(project, &mut read, lesson.as_ref(), directive, place)
            .map_err(|error| Error::msg(format!("book/src/{}: {error:#}", path.display())))
    })
}

fn answer(
    project: &Project,
    // Os registros que a página já leu: cada um tem milhares de linhas, e serve a muitas figuras.
    read: &mut HashMap<u32, Records>,
    chapter: Option<&Lesson>,
    directive: &Directive,
    place: usize,
) -> Result<String> {
    let mut measured = |lesson: &Lesson, directive: &Directive| {
        let records = read.entry(lesson.number).or_insert_with(|| Records::load(project, lesson));
        match directive.name {
            "pergunta" => question::html(directive, records, place),
            _ => measure::answer(lesson, directive, records, place),
        }
    };
    if directive.name == "medida"
        && let Some((number, arguments)) = of_other_lesson(directive)
    {
        let lesson =
            project.lesson(number).ok_or_else(|| directive.refuse("não há lição com este número"))?;
        return measured(&lesson, &Directive { arguments, ..*directive });
    }
    let lesson = chapter
        .ok_or_else(|| directive.refuse("fora de um capítulo de lição, só `medida lesson-N …` funciona"))?;
    if !matches!(directive.name, "medida" | "pergunta") && !directive.arguments.is_empty() {
        return Err(directive.refuse("não aceita argumentos"));
    }
    match directive.name {
        "rodar" => Ok(boxes::run(lesson)),
        "conferir" => Ok(boxes::check(lesson)),
        "fim" => Ok(question::end()),
        "medida" | "pergunta" => measured(lesson, directive),
        "dicas" => exercise::hints(project, lesson),
        "solucao" => exercise::solution(project, lesson),
        _ => Err(directive.refuse("diretiva desconhecida (um texto literal começa com barra)")),
    }
}

/// O número da lição que a diretiva nomeia, `lesson-N`, e os outros argumentos.
fn of_other_lesson<'a>(directive: &Directive<'a>) -> Option<(u32, Vec<&'a str>)> {
    let (first, rest) = directive.arguments.split_first()?;
    Some((first.strip_prefix("lesson-")?.parse().ok()?, rest.to_vec()))
}

//! As páginas do mdBook, com a interface em português.

use std::fs;
use std::path::{Path, PathBuf};

use mdbook::errors::{Error, Result};
use mdbook_html::HtmlHandlebars;
use mdbook_renderer::{RenderContext, Renderer};

use crate::spoiler;
use crate::words::{BOOK_JS, NOT_FOUND, PAGE, REDIRECT, SEARCHER_JS, Word};

/// O gerador `html` do mdBook, seguido da tradução.
pub struct Portuguese;

impl Renderer for Portuguese {
    fn name(&self) -> &str {
        "html"
    }

    fn render(&self, context: &RenderContext) -> Result<()> {
        HtmlHandlebars::new().render(context)?;
        for file in files(&context.destination)? {
            let tables = tables(&file)?;
            let is_index = is_script(&file, "searchindex");
            if tables.is_empty() && !is_index {
                continue;
            }
            let mut text = fs::read_to_string(&file)?;
            text = if is_index { spoiler::clean_index(&text)? } else { spoiler::clean(text) };
            for table in tables {
                text = translate(text, table).map_err(|missing| {
                    Error::msg(format!(
                        "{}: o mdBook não escreve mais `{missing}`; acerte book/builder/src/words.rs",
                        file.display()
                    ))
                })?;
            }
            fs::write(&file, text)?;
        }
        Ok(())
    }
}

/// O texto com as palavras da tabela traduzidas.
///
/// # Erros
///
/// As palavras em inglês que deveriam estar no texto e não estão: a atualização que as mudou não
/// pode desfazer a tradução em silêncio.
pub fn translate(mut text: String, table: &[Word]) -> Result<String, &'static str> {
    for Word { sign, english, portuguese } in table {
        if !text.contains(sign) {
            continue;
        }
        if !text.contains(english) {
            return Err(english);
        }
        text = text.replace(english, portuguese);
    }
    Ok(text)
}

/// As tabelas que valem para um arquivo.
fn tables(file: &Path) -> Result<Vec<&'static [Word]>> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Ok(match name {
        "toc.html" => vec![],
        "404.html" => vec![PAGE, NOT_FOUND],
        _ if name.ends_with(".html") => {
            let is_redirect = fs::read_to_string(file)?.contains("http-equiv=\"refresh\"");
            vec![if is_redirect { REDIRECT } else { PAGE }]
        }
        _ if is_script(file, "book") => vec![BOOK_JS],
        _ if is_script(file, "searcher") => vec![SEARCHER_JS],
        _ => vec![],
    })
}

/// O mdBook põe no meio do nome um resumo do conteúdo.
fn is_script(file: &Path, stem: &str) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let rest = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(".js"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_vanished_is_an_error() {
        assert_eq!(translate("<p>Moved</p>".to_owned(), REDIRECT), Err(REDIRECT[0].english));
    }

    #[test]
    fn a_word_is_only_missed_where_its_sign_is() {
        let table = [Word { sign: "rel=prev", english: "Previous", portuguese: "Anterior" }];
        let translate = |text: &str| translate(text.to_owned(), &table);
        assert_eq!(translate("<a rel=prev>Previous"), Ok("<a rel=prev>Anterior".to_owned()));
        assert_eq!(translate("a primeira página"), Ok("a primeira página".to_owned()));
        assert_eq!(translate("<a rel=prev>Back"), Err("Previous"));
    }
}

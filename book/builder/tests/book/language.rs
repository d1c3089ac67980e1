//! A interface inteira em português.

use scraper::{ElementRef, Html, Node};

use crate::sandbox::{Sandbox, select, text};

/// Palavras que a interface do mdBook usa em inglês e o português não tem.
const ENGLISH: &[&str] = &[
    "an",
    "and",
    "are",
    "auto",
    "between",
    "book",
    "caution",
    "change",
    "chapter",
    "chapters",
    "clipboard",
    "coal",
    "code",
    "contents",
    "copied",
    "copy",
    "document",
    "edit",
    "failed",
    "for",
    "found",
    "git",
    "help",
    "hidden",
    "hide",
    "important",
    "in",
    "is",
    "keyboard",
    "light",
    "lines",
    "load",
    "navigate",
    "navigation",
    "navy",
    "next",
    "not",
    "note",
    "of",
    "or",
    "output",
    "page",
    "please",
    "press",
    "previous",
    "print",
    "redirecting",
    "repository",
    "result",
    "results",
    "run",
    "running",
    "search",
    "searchbar",
    "shortcuts",
    "show",
    "sorry",
    "suggest",
    "table",
    "teaser",
    "the",
    "theme",
    "themes",
    "this",
    "tip",
    "to",
    "toggle",
    "undo",
    "url",
    "use",
    "warning",
];

fn english(text: &str) -> Option<&'static str> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let words: Vec<String> = words.map(str::to_lowercase).collect();
    ENGLISH.iter().copied().find(|english| words.iter().any(|word| word == english))
}

#[test]
fn every_page_declares_brazilian_portuguese() {
    let book = Sandbox::built();
    for (name, page) in book.files(".html") {
        assert!(page.contains("<html lang=\"pt-BR\""), "{name}");
    }
}

#[test]
fn no_page_has_an_english_interface_word() {
    let book = Sandbox::built();
    for (name, page) in book.files(".html") {
        let page = Html::parse_document(&page);
        for words in interface(page.root_element()) {
            assert_eq!(english(&words), None, "{name}: {words}");
        }
    }
}

/// O que o leitor vê ou ouve fora do texto do capítulo, e os títulos que o mdBook põe nele.
fn interface(page: ElementRef) -> Vec<String> {
    let mut found = Vec::new();
    collect(page, &mut found);
    found
}

fn collect(element: ElementRef, found: &mut Vec<String>) {
    let is_title = element.attr("class").is_some_and(|class| class.contains("blockquote-tag-title"));
    match element.value().name() {
        _ if is_title => found.push(text(element)),
        "script" | "style" => return,
        "main" => {
            let main = Html::parse_fragment(&element.html());
            let titles = select(&main, ".blockquote-tag-title");
            return found.extend(titles.into_iter().map(text));
        }
        _ => {}
    }
    for name in ["title", "aria-label", "placeholder", "alt"] {
        found.extend(element.attr(name).map(str::to_owned));
    }
    for child in element.children() {
        match child.value() {
            Node::Text(text) => found.push(text.to_string()),
            Node::Element(_) => {
                if let Some(child) = ElementRef::wrap(child) {
                    collect(child, found);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn no_program_shows_an_english_word() {
    let book = Sandbox::built();
    let scripts = book.files(".js");
    let own = scripts.iter().filter(|(name, _)| {
        ["book", "searcher", "theme/", "toc"].iter().any(|start| name.starts_with(start))
    });
    let mut checked = 0;
    for (name, script) in own {
        for phrase in phrases(script) {
            checked += 1;
            assert_eq!(english(phrase), None, "{name}: {phrase}");
        }
    }
    assert!(checked > 10, "só {checked} frases: o mdBook mudou de forma?");
}

/// As cadeias de um programa que parecem escritas para gente: começam com maiúscula e têm mais
/// de uma palavra, ou terminam com pontuação.
fn phrases(script: &str) -> Vec<&str> {
    let code = script.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(['\'', '"', '`', '>', '<']))
        .filter(|piece| piece.starts_with(char::is_uppercase))
        .filter(|piece| piece.contains(' ') || piece.ends_with(['!', '.', '…']))
        .filter(|piece| !piece.contains(['(', '{', '=', ';']))
        .collect()
}

#[test]
fn the_test_itself_recognizes_english() {
    assert_eq!(english("Toggle Table of Contents"), Some("contents"));
    assert_eq!(english("Mostrar ou esconder o sumário"), None);
    assert_eq!(phrases("x.title = 'Run this code';"), ["Run this code"]);
}

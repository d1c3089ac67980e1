//! Toda página do livro cabe na tela, não se queixa de nada e se deixa ler por todos, no computador e no telefone,
//! clara e escura.

use std::time::Duration;

use super::accessibility::Axe;
use super::page::Page;
use super::{Browser, Served};

/// O que passa da largura da tela; vazio, se nada passa.
const TOO_WIDE: &str = "
    document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
        .filter(element => element.getBoundingClientRect().right > innerWidth)
        .map(element => `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`)
        .slice(0, 3)";

/// A de impressão é a soma das outras, e demora como todas elas.
const PRINT: &str = "print.html";
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn every_page_fits_the_screen_in_silence_and_breaks_no_rule_of_accessibility() {
    let Some(browser) = Browser::find() else { return };
    let axe = Axe::find();
    let book = Served::book();
    let mut problems = Vec::new();
    let mut fits = |page: &Page, place: &str| {
        let wide = page.eval(TOO_WIDE);
        if wide != serde_json::json!([]) {
            problems.push(format!("{place}: transborda: {wide}"));
        }
        page.assert_quiet();
    };
    let mut findings = Vec::new();
    for name in book.pages() {
        let page = browser.blank_for(LIMIT);
        page.go(&book.url(&format!("/{name}")));
        if name == PRINT {
            fits(&page, &name);
            continue;
        }
        for width in [1280, 390] {
            page.set_size(width, 900);
            if width == 390 {
                // É ao carregar que a tela estreita esconde o sumário.
                page.reload();
            }
            for theme in ["light", "navy"] {
                page.choose_theme(theme);
                let place = format!("{name} ({width} pixels, {theme})");
                fits(&page, &place);
                // A tela larga mostra tudo o que a estreita mostra, e o sumário.
                if let Some(axe) = axe.as_ref().filter(|_| width == 1280) {
                    let found = axe.findings(&page, theme == "navy");
                    findings.extend(found.into_iter().map(|finding| format!("{place}: {finding}")));
                }
            }
        }
    }
    problems.extend(findings);
    assert!(problems.is_empty(), "{problems:#?}");
}

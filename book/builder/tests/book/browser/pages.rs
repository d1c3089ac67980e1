//! Toda página do livro cabe na tela e não se queixa de nada, no computador e no telefone, clara e escura.

use std::time::Duration;

use super::page::Page;
use super::{Browser, Served};

/// O que passa da largura da tela; vazio, se nada passa.
const TOO_WIDE: &str = "
    document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
        .filter(element => element.getBoundingClientRect().right > innerWidth)
        .map(element => `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`)
        .slice(0, 3)";

/// Mostra uma página de cada jeito que um leitor a vê. A estreita primeiro: é ao carregar que ela esconde o sumário.
pub(super) fn show(page: &Page, name: &str, mut look: impl FnMut(&Page, &str)) {
    for theme in ["light", "navy"] {
        page.eval(&format!("localStorage.setItem('mdbook-theme', '{theme}')"));
        page.set_size(390, 900);
        page.reload();
        look(page, &format!("{name} (390 pixels, {theme})"));
        page.set_size(1280, 900);
        look(page, &format!("{name} (1280 pixels, {theme})"));
    }
}

/// A de impressão é a soma das outras, e demora como todas elas.
pub(super) const PRINT: &str = "print.html";
const PRINT_LIMIT: Duration = Duration::from_secs(120);

#[test]
fn every_page_fits_the_screen_in_silence() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let mut problems = Vec::new();
    let mut look = |page: &Page, place: &str| {
        let wide = page.eval(TOO_WIDE);
        if wide != serde_json::json!([]) {
            problems.push(format!("{place}: transborda: {wide}"));
        }
        page.assert_quiet();
    };
    for name in book.pages() {
        let url = book.url(&format!("/{name}"));
        if name == PRINT {
            look(&browser.open_for(PRINT_LIMIT, &url), &name);
        } else {
            show(&browser.open(&url), &name, &mut look);
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

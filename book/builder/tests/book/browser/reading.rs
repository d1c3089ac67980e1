//! Ler o livro: da introdução a um capítulo, e o tema que fica.

use super::{Browser, Served};

#[test]
fn the_introduction_leads_to_a_chapter() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/"));
    page.after_load(|| page.click("#mdbook-sidebar a[href='03-paralelismo-real.html']"));
    assert_eq!(page.address(), book.url("/03-paralelismo-real.html"));
    assert_eq!(page.text("main h1"), "Paralelismo real");
    page.click("button.palpites");
    page.wait_to_see("svg.grafico");
    page.assert_quiet();
}

#[test]
fn the_chosen_theme_is_kept() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/"));
    page.click("#mdbook-theme-toggle");
    page.click("#mdbook-theme-navy");
    page.reload();
    assert_eq!(page.eval("document.documentElement.classList.contains('navy')"), true);
    page.assert_quiet();
}

#[test]
fn a_narrow_screen_hides_the_contents_until_asked() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/"));
    page.set_size(390, 800);
    page.reload();
    assert!(!page.sees("#mdbook-sidebar a"));
    page.click("#mdbook-sidebar-toggle");
    page.wait_to_see("#mdbook-sidebar a[href='03-paralelismo-real.html']");
    page.assert_quiet();
}

#[test]
fn the_contents_show_the_sections_of_this_page() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/03-paralelismo-real.html"));
    page.wait_to_see("nav [aria-label='Nesta página'] a[href='#armadilhas']");
    page.click("nav [aria-label='Nesta página'] a[href='#armadilhas']");
    page.wait("location.hash === '#armadilhas'");
    assert!(page.sees("#armadilhas"));
    page.assert_quiet();
}

/// Quem imprime sem ter palpitado recebe as figuras, e não o lugar delas.
#[test]
fn paper_shows_what_waits_for_a_guess() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/03-paralelismo-real.html"));
    let hidden = "[...document.querySelectorAll('.medidas.velado > *, .valor-medido.velado')]
        .filter(element => getComputedStyle(element).visibility === 'hidden').length";
    page.wait(&format!("{hidden} > 0"));
    page.set_media("print");
    assert_eq!(page.eval(hidden), 0);
    page.assert_quiet();
}

//! O livro só com o teclado.

use super::{Browser, Served};

#[test]
fn the_slash_opens_the_search_and_escape_closes_it() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/03-paralelismo-real.html"));
    assert!(!page.sees("#mdbook-searchbar"));
    page.press("/");
    page.wait_to_see("#mdbook-searchbar");
    page.wait("document.activeElement.id === 'mdbook-searchbar'");
    page.type_into("#mdbook-searchbar", "pool");
    page.wait_to_see("#mdbook-searchresults a");
    page.press("Escape");
    page.wait_not_to_see("#mdbook-searchbar");
    page.assert_quiet();
}

#[test]
fn the_arrows_change_pages() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/03-paralelismo-real.html"));
    page.after_load(|| page.press("ArrowRight"));
    assert_eq!(page.address(), book.url("/04-contorno-do-gil.html"));
    page.after_load(|| page.press("ArrowLeft"));
    assert_eq!(page.address(), book.url("/03-paralelismo-real.html"));
    page.assert_quiet();
}

#[test]
fn the_theme_menu_is_reached_and_used_with_the_keyboard() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/"));
    page.eval("document.getElementById('mdbook-theme-toggle').focus()");
    page.press("Enter");
    page.wait_to_see("#mdbook-theme-list");
    page.press("End");
    page.press("ArrowUp");
    page.press("Enter");
    page.wait("document.documentElement.classList.contains('navy')");
    page.press("Escape");
    page.wait_not_to_see("#mdbook-theme-list");
    page.assert_quiet();
}

#[test]
fn tab_reaches_the_contents() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/03-paralelismo-real.html"));
    let inside = "document.activeElement.matches('#mdbook-sidebar a')";
    assert!((0..10).any(|_| {
        page.press("Tab");
        page.eval(inside) == true
    }));
    page.press("Tab");
    page.press("Shift+Tab");
    assert_eq!(page.eval(inside), true);
    page.assert_quiet();
}

#[test]
fn the_contents_open_and_close_with_the_keyboard() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/03-paralelismo-real.html"));
    page.eval("document.getElementById('mdbook-sidebar-toggle').focus()");
    page.press("Enter");
    page.wait_not_to_see("#mdbook-sidebar a");
    page.press("Enter");
    page.wait_to_see("#mdbook-sidebar a");
    page.assert_quiet();
}

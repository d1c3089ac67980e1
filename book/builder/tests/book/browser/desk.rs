//! O que o leitor faz na página servida: prever, medir, cancelar, conferir, e ver até onde chegou.

use super::{Browser, Page};
use crate::fake;
use crate::invented::record;
use crate::sandbox::{Sandbox, reference};
use crate::server::Server;

const CHAPTER: &str = "/03-paralelismo-real.html";
const CHECK: &str = "echo 'Exercício 3'\necho '  ✔ o primeiro ponto'\necho '  ✘ o segundo ponto'\n\
                     echo '      ainda por fazer'\nexit 1\n";

/// O livro com uma lição de mentira, aberto no capítulo dela.
fn open(browser: &Browser, lesson: &str) -> (Page, Server, Sandbox) {
    let book = fake::sandbox(lesson);
    book.write(&reference(3), &record(3));
    let server = Server::start(&book);
    let page = browser.open(&server.url(CHAPTER));
    (page, server, book)
}

#[test]
fn a_guess_is_asked_first_and_shown_beside_what_was_measured() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, _book) = open(&browser, "");
    assert!(!page.sees("details.mediu"), "o que se mediu espera pelo palpite");
    page.type_into(".palpite input", "90 %");
    page.click("button.palpites");
    page.wait_to_see("details.mediu .valor-medido");
    page.reload();
    assert_eq!(page.eval("document.querySelector('.palpite input').value"), "90 %");
    assert!(page.text("details.mediu").contains("96 %"), "{}", page.text("details.mediu"));
    assert!(page.text("details.mediu summary").contains("máquina de referência"));
    page.click("button.palpites");
    page.wait_not_to_see("details.mediu");
    page.assert_quiet();
}

#[test]
fn a_lesson_run_from_the_page_draws_its_figures_and_leaves_its_record() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, "");
    fake::measure(&book);
    assert!(!page.text("main").contains("Sua máquina"));
    page.eval("document.querySelector('[name=tamanho]').value = 'curta'");
    page.click(".medir [type=submit]");
    page.wait("document.querySelector('.medir .situacao').textContent.startsWith('Medido nesta máquina')");
    let said = page.text(".medir .situacao");
    assert!(said.contains("1 confirmada, 1 refutada, 1 inconclusiva"), "{said}");
    assert!(book.read("arguments").contains("--json --trabalhadores"), "{}", book.read("arguments"));
    for reloaded in [false, true] {
        if reloaded {
            page.reload();
        }
        let owners = page.eval("[...document.querySelector('.medidas').querySelectorAll('figcaption strong')].map(e => e.textContent)");
        assert_eq!(
            owners,
            serde_json::json!(["Sua máquina", "Máquina de referência"]),
            "recarregada: {reloaded}"
        );
    }
    page.go(&page.address().replace(CHAPTER, "/meu-caderno.html"));
    page.wait_to_see("#ate-aqui table");
    assert!(page.text("#ate-aqui").contains("1 confirmada"), "{}", page.text("#ate-aqui"));
    page.assert_quiet();
}

#[test]
fn a_cancelled_run_ends_and_the_figures_are_those_of_before() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, fake::WAIT_FOREVER);
    page.click(".medir [type=submit]");
    let pids = fake::waiting(&book);
    page.wait_to_see(".medir .cancelar");
    page.click(".medir .cancelar");
    fake::all_end(&pids);
    page.wait("document.querySelector('.medir .situacao').textContent === 'Cancelado.'");
    assert!(!page.text("main").contains("Sua máquina"));
    assert!(
        !page.sees(".medir .cancelar")
            && page.eval("document.querySelector('.medir [type=submit]').disabled") == false
    );
    page.assert_quiet();
}

#[test]
fn a_closed_tab_ends_its_run() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, fake::WAIT_FOREVER);
    page.click(".medir [type=submit]");
    let pids = fake::waiting(&book);
    drop(page);
    fake::all_end(&pids);
}

#[test]
fn a_second_page_is_told_that_the_machine_is_busy() {
    let Some(browser) = Browser::find() else { return };
    let (page, server, book) = open(&browser, fake::WAIT_FOREVER);
    page.click(".medir [type=submit]");
    let pids = fake::waiting(&book);
    let other = browser.open(&server.url(CHAPTER));
    other.click(".medir [type=submit]");
    other.wait("document.querySelector('.medir .situacao').textContent.includes('ocupado')");
    drop(page);
    fake::all_end(&pids);
}

#[test]
fn the_exercise_is_checked_on_the_page_with_one_hint_at_a_time() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, CHECK);
    page.click(".conferir [type=submit]");
    page.wait("document.querySelector('.conferir .situacao').textContent === 'Passaram 1 de 2 pontos.'");
    assert_eq!(page.text(".pontos .certo"), "o primeiro ponto");
    assert_eq!(page.text(".pontos .errado"), "o segundo ponto");
    assert_eq!(page.eval("document.querySelectorAll('details.dica:not([hidden])').length"), 1);
    page.click("details.dica summary");
    page.wait("document.querySelectorAll('details.dica:not([hidden])').length === 2");

    let answer = book.read("lessons/03-paralelismo-real/exercise.rs");
    book.write("lessons/03-paralelismo-real/exercise.rs", &(answer + "\n// pronto\n"));
    page.wait("document.querySelector('.conferir .situacao').textContent.includes('mudou')");
    fake::story(&book, &CHECK.replace('✘', "✔").replace("exit 1", "exit 0"));
    page.click(".conferir [type=submit]");
    page.wait("document.querySelector('.conferir .situacao').textContent.startsWith('Resolvido')");
    page.assert_quiet();
}

#[test]
fn an_edited_chapter_is_shown_without_being_asked() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, "");
    book.write("book/src/03-paralelismo-real.md", "# Outro título\n\n{{#rodar}}\n");
    page.wait("document.querySelector('main h1')?.textContent === 'Outro título'");
    page.assert_quiet();
}

//! O que o leitor faz na página servida: prever, medir, cancelar, conferir, e ver até onde chegou.

use registro::kept;

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
    let hidden = "getComputedStyle(document.querySelector('.medidas figure')).visibility === 'hidden'";
    assert_eq!(page.eval(hidden), true, "e as figuras também");
    page.type_into(".palpite input", "90");
    page.click(".palpite button");
    page.wait_to_see("details.mediu .distancia");
    let said = page.text("details.mediu");
    for wanted in ["Mediu-se 96 %", "máquina de referência", "Você disse 90 %: em cheio."] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert_eq!(page.eval(hidden), true, "faltam palpites");
    page.click("button.palpites");
    page.wait(&format!("!({hidden})"));
    page.reload();
    assert!(page.text("details.mediu").contains("Você disse 90 %"), "o palpite fica");
    assert_eq!(page.eval(hidden), false);
    page.click("button.palpites");
    page.wait_not_to_see("details.mediu");
    page.wait(hidden);
    page.assert_quiet();
}

#[test]
fn the_guess_is_drawn_in_the_figure_beside_what_was_measured() {
    let Some(browser) = Browser::find() else { return };
    let book = fake::sandbox("");
    book.write(&reference(3), &record(3));
    book.write(
        "book/src/03-paralelismo-real.md",
        "# Lição\n\n## Preveja antes de medir\n\n1. Quanto?\n   {{#pergunta metrica spawn_us processes | numero}} {{#fim}}\n\
         2. Como?\n   {{#pergunta ponta speedup_by_workers threads ultima | escolha pouco: 1,5; muito}} {{#fim}}\n\n\
         ## Medir\n\n{{#rodar}}\n\n{{#medida barras spawn_us}}\n\n{{#medida curva speedup_by_workers}}\n",
    );
    let server = Server::start(&book);
    let page = browser.open(&server.url(CHAPTER));
    page.type_into(".palpite input[type=number]", "700");
    page.click(".palpite button");
    page.wait_to_see("details.mediu .distancia");
    assert!(
        page.text("details.mediu").contains("mediu-se 2,04 vezes isso"),
        "{}",
        page.text("details.mediu")
    );
    page.click("li:nth-child(2) .palpite label:last-of-type input");
    page.click("li:nth-child(2) .palpite button");
    page.wait("document.querySelectorAll('svg.grafico .palpite-na-figura').length === 2");
    assert!(page.text("li:nth-child(2) details.mediu").contains("e foi isso"));
    let share = page.eval(
        "(() => {
            const bar = document.querySelector('svg[data-nome=spawn_us] rect.modelo-processes').getBBox();
            const guess = document.querySelector('svg[data-nome=spawn_us] .palpite-na-figura').getBBox();
            return (guess.x + 1.5 - bar.x) / bar.width;
        })()",
    );
    let share = share.as_f64().expect("um número");
    assert!((share - 700.0 / 1431.4).abs() < 0.01, "no lugar dele: {share}");
    page.assert_quiet();
}

#[test]
fn a_lesson_run_from_the_page_draws_its_figures_and_leaves_its_record() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, "");
    fake::measure(&book);
    assert!(!page.text("main").contains("Sua máquina"));
    page.click("button.palpites");
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

    fake::story(&book, &CHECK.replace('✘', "✔").replace("exit 1", "exit 0"));
    let answer = book.read("lessons/03-paralelismo-real/exercise.rs");
    book.write("lessons/03-paralelismo-real/exercise.rs", &(answer + "\n// pronto\n"));
    page.wait("document.querySelectorAll('.pontos .certo').length === 2");
    page.wait("document.querySelector('.conferir .situacao').textContent.startsWith('Resolvido')");
    page.assert_quiet();
}

#[test]
fn an_answer_that_does_not_compile_shows_what_the_compiler_said() {
    let Some(browser) = Browser::find() else { return };
    let story = "printf 'error[E0308]: mismatched types\\n  --> exercise.rs:7:5\\n' >&2; exit 3";
    let (page, _server, _book) = open(&browser, story);
    page.click(".conferir [type=submit]");
    page.wait("document.querySelector('.conferir .situacao').textContent.startsWith('Ainda não compila')");
    assert_eq!(page.text(".compilador").trim(), "error[E0308]: mismatched types\n  --> exercise.rs:7:5");
    assert_eq!(page.eval("getComputedStyle(document.querySelector('.compilador')).whiteSpace"), "pre");
    page.assert_quiet();
}

#[test]
fn the_solution_waits_for_a_try() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, _book) = open(&browser, CHECK);
    assert!(!page.sees("details.solucao"));
    page.click(".conferir [type=submit]");
    page.wait_to_see("details.solucao");
}

#[test]
fn a_solved_exercise_stays_solved_and_points_onwards() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, CHECK);
    let answer = book.read("lessons/03-paralelismo-real/exercise.rs");
    kept::save_answer(&book.path(kept::FOLDER), 3, &answer).expect("guarda");
    page.reload();
    page.wait("document.querySelector('.conferir .situacao').textContent.startsWith('Resolvido')");
    assert!(page.sees(".conferir .situacao a[href]"), "há para onde seguir");
}

#[test]
fn a_server_that_goes_away_is_said_and_the_buttons_come_back() {
    let Some(browser) = Browser::find() else { return };
    let (page, mut server, book) = open(&browser, fake::WAIT_FOREVER);
    page.click(".medir [type=submit]");
    let pids = fake::waiting(&book);
    server.stop(rustix::process::Signal::KILL);
    page.wait("document.querySelector('.medir .situacao').textContent.includes('não responde')");
    let said = page.text(".medir .situacao");
    assert!(!said.contains("Medido") && !said.to_lowercase().contains("fetch"), "{said}");
    assert_eq!(page.eval("document.querySelector('.medir [type=submit]').disabled"), false);
    assert!(!page.sees(".medir .cancelar"));
    pids.iter().for_each(|pid| {
        let _ = rustix::process::Pid::from_raw(pid.cast_signed())
            .map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
    });
}

#[test]
fn what_was_not_kept_is_never_said_to_be() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, _book) = open(&browser, "echo 'aviso: o registro não foi guardado: disco cheio' >&2");
    page.click(".medir [type=submit]");
    page.wait("document.querySelector('.medir .situacao').textContent.includes('disco cheio')");
    assert!(!page.text(".medir .situacao").contains("já são as suas"));
    page.assert_quiet();
}

#[test]
fn no_model_at_all_is_refused_before_anything_runs() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, "echo rodou >ran");
    page.eval("document.querySelectorAll('[name=modelo]').forEach(box => { box.checked = false; })");
    page.click(".medir [type=submit]");
    page.wait("document.querySelector('.medir .situacao').textContent.includes('pelo menos um modelo')");
    assert!(!book.path("ran").exists());
}

#[test]
fn an_edited_chapter_is_shown_without_being_asked() {
    let Some(browser) = Browser::find() else { return };
    let (page, _server, book) = open(&browser, "");
    book.write("book/src/03-paralelismo-real.md", "# Outro título\n\n{{#rodar}}\n");
    page.wait("document.querySelector('main h1')?.textContent === 'Outro título'");
    page.assert_quiet();
}

//! Cada capítulo depois de medido, que é quando ele tem mais o que mostrar: a medição do leitor ao lado da de referência.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::Browser;
use super::accessibility::Axe;
use super::page::Page;
use crate::sandbox::{Sandbox, lessons, readers, reference, repository};
use crate::server::Server;

/// Todos os capítulos, de todos os jeitos.
const LIMIT: Duration = Duration::from_secs(180);

/// O que se corta e o que é miúdo demais, com tudo o que se dobra aberto.
const FAULTS: &str = r"(() => {
    const faults = [];
    const say = (what, element) => faults.push(`${what}: ${element.textContent.trim().slice(0, 50)}`);
    document.querySelectorAll('main details').forEach(fold => { fold.open = true; });
    document.querySelectorAll('main .table-wrapper').forEach(wrapper => {
        const box = wrapper.getBoundingClientRect();
        if (wrapper.scrollWidth > wrapper.clientWidth + 1) {
            say('a tabela rola', wrapper);
        }
        wrapper.querySelectorAll('th, td').forEach(cell => {
            const head = cell.closest('thead');
            if (head && getComputedStyle(head).position === 'absolute') {
                return;
            }
            const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
            const isOut = ({ left, right }) => left < box.left - 1 || right > box.right + 1;
            while (texts.nextNode()) {
                const range = document.createRange();
                range.selectNodeContents(texts.currentNode);
                if (!texts.currentNode.parentElement.closest('.so-leitor') && [...range.getClientRects()].some(isOut)) {
                    say('célula cortada', cell);
                }
            }
        });
    });
    document.querySelectorAll('svg.grafico').forEach(figure => {
        const box = figure.getBoundingClientRect();
        figure.querySelectorAll('text').forEach(text => {
            const { left, right } = text.getBoundingClientRect();
            if (left < box.left - 2 || right > box.right + 2) {
                say('nome fora do desenho', text);
            }
        });
    });
    const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const isShown = walker.currentNode.textContent.trim() && element.getClientRects().length
            && !element.closest('title, desc, script, .so-leitor, .sinal, .MathJax');
        if (isShown) {
            const scale = element.ownerSVGElement ? element.getScreenCTM().a : 1;
            const size = scale * parseFloat(getComputedStyle(element).fontSize);
            if (size < 11.95) {
                say(`letra de ${size.toFixed(1)} px`, element);
            }
        }
    }
    if (document.documentElement.scrollWidth > innerWidth) {
        faults.push(`a página transborda: ${document.documentElement.scrollWidth}`);
    }
    return [...new Set(faults)].slice(0, 8);
})()";

/// No papel não há o que apertar nem o que preencher.
const CONTROLS: &str = "[...document.querySelectorAll('main button, main form, main input, main progress')]
    .filter(element => element.getClientRects().length).map(element => `no papel: ${element.outerHTML.slice(0, 80)}`)";

/// Uma medição que não é a de referência: os mesmos eventos, com outros números.
fn measured(record: &str) -> String {
    let mut factor = 0.7;
    let change = |line: &str| {
        let mut event: Value = serde_json::from_str(line).expect("um evento");
        factor = if factor > 1.5 { 0.7 } else { factor + 0.13 };
        for field in ["median", "speedup", "efficiency", "y"] {
            if let Some(value) = event[field].as_f64() {
                event[field] = json!(value * factor);
            }
        }
        if event["event"] == "claim" && !event["verdict"].is_null() {
            event["reason"] = json!("outros programas usaram 45 % da máquina; feche-os e meça de novo");
            event["verdict"] = json!("inconclusive");
        }
        event.to_string() + "\n"
    };
    record.lines().map(change).collect()
}

/// O livro com todas as lições medidas por um leitor.
fn book() -> (Sandbox, Server) {
    let sandbox = Sandbox::new();
    for (number, _) in lessons() {
        let record = fs::read_to_string(repository().join(reference(number))).expect("há referência");
        sandbox.write(&reference(number), &record);
        sandbox.write(&readers(number), &measured(&record));
    }
    let server = Server::start(&sandbox);
    (sandbox, server)
}

/// Quem não quis palpitar pediu para ver.
fn unveil(page: &Page) {
    page.click("button.palpites");
    page.wait("!document.documentElement.classList.contains('com-veu')");
}

#[test]
fn nothing_is_cut_nor_tiny_after_measuring() {
    let Some(browser) = Browser::find() else { return };
    let axe = Axe::find();
    let (_sandbox, server) = book();
    let mut faults = Vec::new();
    for (_, name) in lessons() {
        let page = browser.blank_for(LIMIT);
        // É ao carregar que a tela estreita esconde o sumário.
        page.set_size(390, 900);
        page.go(&server.url(&format!("/{name}")));
        unveil(&page);
        let mut say = |place: &str, found: Vec<String>| {
            faults.extend(found.into_iter().map(|fault| format!("{name}, {place}: {fault}")));
        };
        let look = |script: &str| -> Vec<String> {
            page.eval(script).as_array().into_iter().flatten().map(ToString::to_string).collect()
        };
        for theme in ["light", "navy"] {
            page.choose_theme(theme);
            for width in [390, 1280, 1920] {
                page.set_size(width, 900);
                say(&format!("{width} pixels, {theme}"), look(FAULTS));
            }
            // Com tudo o que se dobra aberto, a largura não muda o que o axe vê.
            say(theme, axe.as_ref().map_or(Vec::new(), |axe| axe.findings(&page, theme == "navy")));
        }
        page.set_size(720, 1000);
        page.set_media("print");
        say("no papel", [look(FAULTS), look(CONTROLS)].concat());
        page.set_media("");
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

//! A busca, do campo ao primeiro resultado.

use super::page::Page;
use super::{Browser, Served};

/// Os endereços dos resultados, na ordem, para quem digita isto no campo da busca.
pub(super) fn results(page: &Page, words: &str) -> Vec<String> {
    page.press("/");
    page.wait("document.activeElement.id === 'mdbook-searchbar'");
    page.eval("document.getElementById('mdbook-searchbar').value = ''");
    page.type_into("#mdbook-searchbar", words);
    page.wait(&format!(
        "document.getElementById('mdbook-searchresults-header').innerText.includes('“{words}”')"
    ));
    let links = page.eval("[...document.querySelectorAll('#mdbook-searchresults a')].map(a => a.pathname)");
    let links = links.as_array().into_iter().flatten();
    links
        .map(|link| link.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn words_without_accents_find_the_right_chapter() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/"));
    let found = results(&page, "memoria compartilhada");
    assert_eq!(found[0], "16-memoria-compartilhada-e-sincronizacao.html", "{found:#?}");
    page.after_load(|| page.press("Enter"));
    assert_eq!(page.address(), book.url("/16-memoria-compartilhada-e-sincronizacao.html"));
    page.assert_quiet();
}

#[test]
fn a_page_named_after_the_word_comes_first() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    for (words, first) in [
        ("glossario", "glossario.html"),
        ("introducao", "introducao.html"),
        ("queue", "06-queue.html"),
        ("processo independente", "02-processos-independentes.html"),
        ("isolar a memória", "05-isolamento-de-memoria.html"),
    ] {
        let page = browser.open(&book.url("/"));
        let found = results(&page, words);
        // A primeira página do livro também é o índice.
        assert_eq!(found[0], first, "{words}: {found:#?}");
    }
}

/// Cada linha tem as formas de uma palavra só; nenhuma forma serve a duas linhas.
const FORMS: &[&str] = &[
    "medir medindo medido medida mede medem mediu medição medicoes",
    "compartilhar compartilhada compartilhando compartilham",
    "executar executa executando execução execucoes",
    "comunicar comunicação comunicam",
    "sincronizar sincronização",
    "isolar isolado isolamento",
    "paralelo paralelas paralelismo",
    "memória memoria MEMÓRIAS",
    "núcleo nucleos",
    "canal canais",
    "ação acoes",
    "rápido rapidamente",
    "processo processos process processes",
    "processador processadores",
    "servir serve",
    "server servers",
    "comando comandos",
    "fila filas",
    "mapa",
    "map",
    "pool pools",
    "pipe pipes",
    "queue queues",
    "lock locks",
    "apply",
    "fork",
    "spawn",
    "rayon",
    "worker workers",
    "manager managers",
    "value values",
];

#[test]
fn the_forms_of_a_word_are_one_and_no_other_is_taken_for_it() {
    let Some(browser) = Browser::find() else { return };
    let book = Served::book();
    let page = browser.open(&book.url("/"));
    let mut roots = Vec::new();
    for forms in FORMS {
        let found = page.eval(&format!("[...new Set({forms:?}.split(' ').map(elasticlunr.stemmer))]"));
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{forms}: {found}");
        assert!(!roots.contains(&found), "{forms}: {found}");
        roots.push(found);
    }
}

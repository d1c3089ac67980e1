//! O que o axe-core, que `.ci/run` instala em `target/ferramentas`, diz de cada página.

use std::fs;
use std::path::Path;

use super::chromium::skip;
use super::pages::{PRINT, show};
use super::{Browser, Served};

const AXE: &str = "../ferramentas/node_modules/axe-core/axe.min.js";

/// As regras que a página quebra, com até três lugares de cada.
const FINDINGS: &str = "
    axe.run({ resultTypes: ['violations'], runOnly: RULES }).then(found => found.violations.filter(({ impact }) => impact !== 'minor').map(({ id, impact, nodes }) =>
        `${impact} ${id} (${nodes.length}): ${nodes.slice(0, 3).map(node => `${node.html} ${node.any.concat(node.all, node.none).map(check => check.message).join(' ')}`).join(' | ')}`))";

#[test]
fn no_page_breaks_a_rule_of_accessibility() {
    let Some(browser) = Browser::find() else { return };
    let Ok(axe) = fs::read_to_string(Path::new(env!("CARGO_TARGET_TMPDIR")).join(AXE)) else {
        return skip("não há axe-core em target/ferramentas");
    };
    let book = Served::book();
    let mut findings = Vec::new();
    for name in book.pages().iter().filter(|name| *name != PRINT) {
        show(&browser.open(&book.url(&format!("/{name}"))), name, |page, place| {
            // A tela larga mostra tudo o que a estreita mostra, e o sumário; com o tema só mudam as cores.
            if place.contains("390") {
                return;
            }
            let rules = if place.contains("navy") { "['color-contrast']" } else { "undefined" };
            page.eval(&axe);
            let found = page.eval(&FINDINGS.replace("RULES", rules));
            let found = found.as_array().into_iter().flatten();
            findings.extend(found.map(|finding| format!("{place}: {finding}")));
        });
    }
    assert!(findings.is_empty(), "{findings:#?}");
}

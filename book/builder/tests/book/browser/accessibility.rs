//! O que o axe-core, que `.ci/run` instala em `target/ferramentas`, diz de cada página.

use std::fs;
use std::path::Path;

use super::chromium::skip;
use super::page::Page;

/// As regras que a página quebra, com até três lugares de cada.
const FINDINGS: &str = "
    axe.run({ resultTypes: ['violations'], runOnly: RULES }).then(found => found.violations.filter(({ impact }) => impact !== 'minor').map(({ id, impact, nodes }) =>
        `${impact} ${id} (${nodes.length}): ${nodes.slice(0, 3).map(node => `${node.html} ${node.any.concat(node.all, node.none).map(check => check.message).join(' ')}`).join(' | ')}`))";

/// O axe-core, se foi instalado.
pub(super) struct Axe(String);

impl Axe {
    pub(super) fn find() -> Option<Self> {
        let place =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("../ferramentas/node_modules/axe-core/axe.min.js");
        match fs::read_to_string(place) {
            Ok(axe) => Some(Axe(axe)),
            Err(_) => {
                skip("não há axe-core em target/ferramentas");
                None
            }
        }
    }

    /// As regras que a página quebra, como está. Com o tema só mudam as cores.
    pub(super) fn findings(&self, page: &Page, only_colors: bool) -> Vec<String> {
        if page.eval("typeof axe") == "undefined" {
            page.eval(&self.0);
        }
        let rules = if only_colors { "['color-contrast']" } else { "undefined" };
        let found = page.eval(&FINDINGS.replace("RULES", rules));
        found.as_array().into_iter().flatten().map(ToString::to_string).collect()
    }
}

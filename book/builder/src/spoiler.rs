//! O que a busca não deve mostrar: o que se mediu, as dicas e as soluções. Quem busca uma palavra não pediu a resposta.
//!
//! O mdBook põe no índice todo o texto de uma página. Aqui cada trecho desses fica entre dois sinais, que o gerador tira das
//! páginas e, com o que há entre eles, do índice.

use mdbook::errors::{Error, Result};
use serde_json::Value;

/// Caracteres de uso privado, que nenhum texto tem.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// O começo e o fim de um trecho no meio de um parágrafo.
pub const INLINE: (&str, &str) = ("<span hidden>\u{e000}</span>", "<span hidden>\u{e001}</span>");

/// O começo e o fim de um trecho que é um bloco.
pub const BLOCK: (&str, &str) = ("<div hidden>\u{e000}</div>", "<div hidden>\u{e001}</div>");

/// A página, sem os sinais.
pub fn clean(mut page: String) -> String {
    for name in ["span", "div"] {
        for sign in [OPEN, CLOSE] {
            for hidden in ["hidden", "hidden=\"\""] {
                page = page.replace(&format!("<{name} {hidden}>{sign}</{name}>"), "");
            }
        }
    }
    page
}

const BEFORE: &str = "window.search = Object.assign(window.search, JSON.parse('";
const AFTER: &str = "'));";

/// O índice, sem o que há entre os sinais. As listas de palavras também saem: `theme/busca.js` as refaz, em português, a
/// partir dos textos.
///
/// # Erros
///
/// Quando o índice não tem a forma de sempre: uma atualização do mdBook não pode trazer as respostas de volta em silêncio.
pub fn clean_index(script: &str) -> Result<String> {
    let changed = || Error::msg("o índice da busca mudou de forma; acerte book/builder/src/spoiler.rs");
    let quoted = script.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER)).ok_or_else(changed)?;
    let mut search: Value = serde_json::from_str(&unescape(quoted))?;
    let docs = search.pointer_mut("/index/documentStore/docs").and_then(Value::as_object_mut);
    for doc in docs.ok_or_else(changed)?.values_mut() {
        let body = doc.get("body").and_then(Value::as_str).ok_or_else(changed)?;
        let kept = without_spoilers(body);
        doc["body"] = Value::String(kept);
    }
    *search.pointer_mut("/index/index").ok_or_else(changed)? = serde_json::json!({});
    let text = serde_json::to_string(&search)?;
    Ok(format!("{BEFORE}{}{AFTER}", text.replace('\\', "\\\\").replace('\'', "\\'")))
}

/// Desfaz o escape de um texto entre aspas simples.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    plain
}

fn without_spoilers(text: &str) -> String {
    let mut pieces = text.split(OPEN);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |kept, piece| kept + piece.split_once(CLOSE).map_or("", |(_, after)| after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_the_signs_leaves_the_index_and_only_the_signs_leave_the_page() {
        let body = format!("antes {OPEN}a resposta{CLOSE} depois {OPEN}outra{CLOSE}.");
        assert_eq!(without_spoilers(&body), "antes  depois .");
        let page = format!("<p>{}a resposta{}</p>", INLINE.0, INLINE.1);
        assert_eq!(clean(page), "<p>a resposta</p>");
        let index = serde_json::json!({
            "index": { "index": { "body": { "resposta": 1 } }, "documentStore": { "docs": { "0": { "body": body, "title": "l'á \\" } } } }
        });
        let script =
            format!("{BEFORE}{}{AFTER}", index.to_string().replace('\\', "\\\\").replace('\'', "\\'"));
        let cleaned = clean_index(&script).expect("a forma de sempre");
        assert!(
            !cleaned.contains("resposta") && cleaned.contains("depois") && cleaned.contains("l\\'á"),
            "{cleaned}"
        );
    }

    #[test]
    fn an_index_of_another_shape_is_an_error() {
        assert!(clean_index("window.busca = {}").is_err());
        assert!(clean_index(&format!("{BEFORE}{{}}{AFTER}")).is_err());
    }
}

//! Todo endereço de dentro do livro leva a algum lugar.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use scraper::Html;

use crate::sandbox::{Sandbox, select};

#[test]
fn every_internal_link_and_anchor_resolves() {
    let book = Sandbox::built();
    let pages: HashMap<String, Html> =
        book.files(".html").into_iter().map(|(name, text)| (name, Html::parse_document(&text))).collect();
    let ids: HashMap<&str, HashSet<&str>> = pages
        .iter()
        .map(|(name, page)| {
            let ids = select(page, "[id]").into_iter().filter_map(|element| element.attr("id"));
            (name.as_str(), ids.collect())
        })
        .collect();
    let mut broken = Vec::new();
    let mut checked = 0;
    for (name, page) in &pages {
        for address in addresses(page) {
            if address.contains(':') || address.starts_with("//") {
                continue;
            }
            checked += 1;
            let (path, anchor) = address.split_once('#').unwrap_or((address, ""));
            let target = if path.is_empty() { name.clone() } else { resolve(name, path) };
            let is_file = book.path("book/book").join(&target).is_file();
            let has_anchor =
                anchor.is_empty() || ids.get(target.as_str()).is_some_and(|ids| ids.contains(anchor));
            if !is_file || !has_anchor {
                broken.push(format!("{name} -> {address}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(checked > 100, "só {checked} endereços: o livro mudou de forma?");
}

fn addresses(page: &Html) -> Vec<&str> {
    let links = select(page, "[href]").into_iter().filter_map(|element| element.attr("href"));
    let sources = select(page, "[src]").into_iter().filter_map(|element| element.attr("src"));
    links.chain(sources).collect()
}

fn resolve(page: &str, path: &str) -> String {
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    let mut resolved = PathBuf::new();
    for part in folder.join(path.trim_start_matches('/')).components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::Normal(name) => resolved.push(name),
            _ => {}
        }
    }
    if path.ends_with('/') {
        resolved.push("index.html");
    }
    resolved.display().to_string()
}

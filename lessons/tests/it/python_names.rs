//! A página *De Python para Rust* tem todos os nomes públicos do `multiprocessing`, e só eles.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::skip;
use crate::workspace::{read, root, stderr, stdout};

crate::cases! {
    10 => every_listed_name_is_in_a_row_and_every_row_is_listed,
    60 => the_list_is_what_python_knows,
}

const PAGE: &str = "book/src/python-para-rust.md";

/// Os que todo Python, das versões que a página cobre, tem.
const ALWAYS: &str = "<!-- nomes\n";
/// Os que só os mais novos têm.
const NEWER: &str = "<!-- nomes de 3.14\n";

fn every_listed_name_is_in_a_row_and_every_row_is_listed() {
    let page = read(PAGE);
    let listed: BTreeSet<&str> =
        [ALWAYS, NEWER].iter().flat_map(|mark| list(&page, mark)).map(short).collect();
    assert_same(&listed, &names_in_rows(&page), "na lista", "nas tabelas");
}

fn the_list_is_what_python_knows() {
    let (major, minor) = python_version().unwrap_or_else(|| skip("não há python3 no PATH"));
    if major != 3 || !(9..=14).contains(&minor) {
        skip("a página cobre o Python de 3.9 a 3.14");
    }
    let script = root().join("lessons/tests/it/python_names.py");
    let output = python(&script).unwrap_or_else(|| skip("não há python3 no PATH"));
    assert!(output.status.success(), "{}", stderr(&output));
    let (known, page) = (stdout(&output), read(PAGE));
    let newer: BTreeSet<&str> = list(&page, NEWER).collect();
    let known = known.lines().filter(|name| !newer.contains(name)).collect();
    assert_same(&list(&page, ALWAYS).collect(), &known, "na lista", "no Python");
}

fn python(argument: impl AsRef<Path>) -> Option<std::process::Output> {
    Command::new("python3").arg(argument.as_ref()).stdin(Stdio::null()).output().ok()
}

fn python_version() -> Option<(u32, u32)> {
    // `Python 3.14.0`, ou `Python 3.15.0rc1`.
    let output = python("--version")?;
    let text = stdout(&output);
    let (major, rest) = text.strip_prefix("Python ")?.split_once('.')?;
    Some((major.parse().ok()?, rest.split('.').next()?.parse().ok()?))
}

/// Os nomes de um dos comentários da página, um por linha.
fn list<'p>(page: &'p str, mark: &str) -> impl Iterator<Item = &'p str> {
    let (_, rest) = page.split_once(mark).unwrap_or_else(|| panic!("{PAGE}: falta {mark}"));
    rest.lines().take_while(|line| *line != "-->")
}

/// O nome como a página o escreve: sem o módulo e, num método, sem o submódulo.
fn short(name: &str) -> &str {
    let name = name.strip_prefix("multiprocessing.").unwrap_or(name);
    match name.split_once('.') {
        Some(("pool" | "managers" | "connection" | "shared_memory", member)) if member.contains('.') => {
            member
        }
        _ => name,
    }
}

/// O que está entre crases na primeira coluna das tabelas.
fn names_in_rows(page: &str) -> BTreeSet<&str> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

fn assert_same(left: &BTreeSet<&str>, right: &BTreeSet<&str>, at_left: &str, at_right: &str) {
    let only =
        |ours: &BTreeSet<&str>, theirs| ours.difference(theirs).map(|name| (*name).to_owned()).collect();
    let (left, right): (Vec<String>, Vec<String>) = (only(left, right), only(right, left));
    assert!(left.is_empty() && right.is_empty(), "{PAGE}: só {at_left}: {left:?}; só {at_right}: {right:?}");
}

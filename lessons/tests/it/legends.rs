//! Uma palavra, um lugar: o que uma lição mede, é ela que diz como se lê.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{Lesson, events, lessons, read, root, undeclared};

crate::cases! {
    10 => a_reference_record_names_all_it_has,
    10 => a_name_that_comes_before_its_legend_is_undeclared,
    10 => a_word_of_one_lesson_is_said_only_by_it,
    10 => the_search_finds_a_word_that_is_out_of_place,
}

fn a_reference_record_names_all_it_has() {
    for lesson in lessons() {
        let events = events(&reference(lesson.number));
        assert_eq!(undeclared(&events), [""; 0], "{}", lesson.slug);
    }
}

fn reference(lesson: u32) -> String {
    read(&format!("book/records/lesson-{lesson}.json"))
}

fn a_name_that_comes_before_its_legend_is_undeclared() {
    let legend = r#"{"event":"legend","kind":"failure","id":"spill","label":"Caiu o café"}"#;
    let metric = |name: &str| {
        let line = format!(r#"{{"event":"metric","name":"{name}","model":"","value":1.0,"unit":""}}"#);
        events(&line).remove(0)
    };
    let [asked, other] = ["spill_asked", "spill_smell"].map(metric);
    let legend = events(legend).remove(0);
    assert_eq!(undeclared(&[legend.clone(), asked.clone()]), [""; 0]);
    assert_eq!(undeclared(&[asked, legend, other]), ["spill_asked", "spill_smell"]);
}

/// Onde moram o que as lições dividem, quem as mostra e quem as testa.
const SHARED: [&str; 6] =
    ["lessons/kit", "lessons/registro", "lessons/tests", "book/builder", "book/theme", "benches"];

/// Uma palavra comum, como `map`, pode querer dizer outra coisa num teste; nunca onde as tabelas moravam.
const FORMER_TABLES: [&str; 4] = ["lessons/kit", "lessons/registro/src", "book/builder/src", "book/theme"];

fn a_word_of_one_lesson_is_said_only_by_it() {
    let texts = texts(&SHARED);
    let mut owners = BTreeMap::new();
    for lesson in lessons() {
        for (kind, id) in own_words(&lesson) {
            if let Some(other) = owners.insert((kind.clone(), id.clone()), lesson.slug.clone()) {
                panic!("{kind} {id} é de {other} e de {}: o que duas medem se declara no kit", lesson.slug);
            }
            let folders = if id.contains('_') { &SHARED[..] } else { &FORMER_TABLES };
            let is_there = |path: &Path| folders.iter().any(|folder| path.starts_with(root().join(folder)));
            let found = texts.iter().find(|(path, text)| is_there(path) && quotes(text, &id));
            assert_eq!(found.map(|(path, _)| path), None, "{id} é só de {}", lesson.slug);
        }
    }
    assert!(owners.len() > 100, "a busca achou as declarações: {}", owners.len());
    let home =
        |id: &str| owners.iter().filter(|((_, own), _)| own == id).map(|(_, slug)| slug.clone()).collect();
    for entry in fs::read_dir(root().join("book/src")).expect("as páginas").flatten() {
        let page = entry.path().file_stem().expect("tem nome").to_string_lossy().into_owned();
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        for word in words_of_directives(&text) {
            let home: Vec<String> = home(word);
            assert!(home.is_empty() || home.contains(&page), "{page}: {word} é só de {home:?}");
        }
    }
}

/// O que só esta lição declara; o nome de uma família de cor é também do tema.
fn own_words(lesson: &Lesson) -> Vec<(String, String)> {
    let theme = read("book/theme/cores.css");
    let mut words = declared(&lesson.read("legend.rs"));
    words.retain(|(_, id)| !theme.contains(&format!("\n.modelo-{} {{", id.replace('_', "-"))));
    words
}

/// O tipo e o nome de cada `Entry::tipo("nome", …)`.
fn declared(source: &str) -> Vec<(String, String)> {
    let calls = source.split("Entry::").skip(1).filter_map(|rest| {
        let (kind, rest) = rest.split_once('(')?;
        let id = rest.trim_start().strip_prefix('"')?.split('"').next()?;
        Some((kind.to_owned(), id.to_owned()))
    });
    calls.collect()
}

/// Se o texto diz `id` entre aspas, e não como o nome de um campo de JSON.
fn quotes(text: &str, id: &str) -> bool {
    let said = ['"', '\''].map(|quote| {
        let quoted = format!("{quote}{id}{quote}");
        text.match_indices(&quoted).any(|(at, _)| !text[at + quoted.len()..].starts_with(':'))
    });
    said.contains(&true)
}

/// As palavras das diretivas da própria página; as que nomeiam outra lição falam do registro dela.
fn words_of_directives(page: &str) -> impl Iterator<Item = &str> {
    let directives = page.split("{{#").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0));
    let own = directives.filter(|directive| !directive.contains("lesson-"));
    own.filter(|directive| directive.starts_with("medida ") || directive.starts_with("pergunta "))
        .flat_map(str::split_whitespace)
}

/// Os arquivos de texto destas pastas.
fn texts(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut pending: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).expect("pasta").flatten() {
            match entry.path() {
                path if path.is_dir() => pending.push(path),
                path => found.extend(fs::read_to_string(&path).ok().map(|text| (path, text))),
            }
        }
    }
    found
}

fn the_search_finds_a_word_that_is_out_of_place() {
    let source =
        "Entry::model(\"tea_time\", \"chá\"),\nEntry::series(\n    \"cups\",\n    \"Quantas?\",\n).unit(U)";
    let pairs = declared(source);
    let shown: Vec<String> = pairs.iter().map(|(kind, id)| format!("{kind} {id}")).collect();
    assert_eq!(shown, ["model tea_time", "series cups"]);
    for out_of_place in ["match id { \"cups\" => 1 }", "fetch('cups')", "[\"tea\", \"cups\"]"] {
        assert!(quotes(out_of_place, "cups"), "{out_of_place}");
    }
    for other in ["{\"cups\": 1}", "cups", "\"cups_by_hour\""] {
        assert!(!quotes(other, "cups"), "{other}");
    }
    let page = "{{#medida curva cups}} {{#medida lesson-3 metrica tea_time x}} {{#include a:cups}}";
    assert_eq!(words_of_directives(page).collect::<Vec<_>>(), ["medida", "curva", "cups"]);
}

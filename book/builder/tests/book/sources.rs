//! As páginas e o tema, antes de virarem livro.

use std::fs;

use livro::measure::names::FAMILIES;
use registro::legend::Kind;
use registro::record::Event;

use crate::sandbox::{lessons, reference, repository, walk};

/// Um trecho que some do código não pode sumir em silêncio da página: o mdBook só avisa no registro.
#[test]
fn every_included_anchor_exists_and_is_not_empty() {
    let source = repository().join("book/src");
    walk(&source, &mut |page| {
        let text = fs::read_to_string(page).expect("é texto");
        for include in text.match_indices("{{#").filter(|(at, _)| !text[..*at].ends_with('\\')) {
            let inside = text[include.0 + 3..].split("}}").next().unwrap_or_default();
            let Some(("include" | "rustdoc_include", target)) = inside.split_once(' ') else { continue };
            let (file, anchor) = target.trim().split_once(':').unwrap_or((target.trim(), ""));
            let code = fs::read_to_string(source.join(file))
                .unwrap_or_else(|error| panic!("{}: {file}: {error}", page.display()));
            if !anchor.is_empty() && !anchor.starts_with(|first: char| first.is_ascii_digit()) {
                assert!(anchored(&code, anchor), "{}: {file} não tem {anchor}", page.display());
            }
        }
    });
}

fn anchored(code: &str, anchor: &str) -> bool {
    let is = |line: &str, mark: &str| line.trim().ends_with(&format!("{mark}: {anchor}"));
    let mut lines = code.lines().skip_while(|line| !is(line, "ANCHOR")).skip(1);
    let mut inside = lines.by_ref().take_while(|line| !is(line, "ANCHOR_END"));
    inside.any(|line| !line.trim().is_empty())
}

#[test]
fn an_anchor_must_open_and_hold_something() {
    assert!(anchored("// ANCHOR: a\nx\n// ANCHOR_END: a\n", "a"));
    assert!(!anchored("// ANCHOR: a\n// ANCHOR_END: a\n", "a"));
    assert!(!anchored("// ANCHOR: ab\nx\n// ANCHOR_END: ab\n", "a"));
}

#[test]
fn every_model_has_a_color_in_light_and_in_dark() {
    let css = fs::read_to_string(repository().join("book/theme/cores.css")).expect("é texto");
    for (family, _) in FAMILIES {
        let class = format!("modelo-{}", family.replace('_', "-"));
        assert_eq!(css.matches(&format!("--{class}: #")).count(), 2, "{class}");
        assert_eq!(css.matches(&format!("\n.{class} {{")).count(), 1, "{class}");
    }
    for (lesson, _) in lessons() {
        let record = fs::read_to_string(repository().join(reference(lesson))).expect("é texto");
        for line in record.lines() {
            let Ok(Event::Legend(legend)) = serde_json::from_str(line) else { continue };
            if legend.kind == Kind::Model {
                let family = legend.family.as_ref().unwrap_or(&legend.id);
                assert!(
                    FAMILIES.iter().any(|(known, _)| known == family),
                    "{lesson}: {}: {family}",
                    legend.id
                );
            }
        }
    }
}

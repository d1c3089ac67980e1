//! As afirmações das notas e o que a medição disse de cada uma.

use std::fmt::Write;

use multiprocessamento::workbook::record::Verdict;

use super::pen::escape;
use super::record::Record;

/// A lista; nada, sem afirmações.
pub fn draw(record: &Record) -> Option<String> {
    if record.claims.is_empty() {
        return None;
    }
    let mut items = String::new();
    for claim in &record.claims {
        let (class, word) = badge(claim.verdict);
        let evidence = match claim.evidence.as_str() {
            "" => String::new(),
            text => format!("<p class=\"evidencia\">{}</p>", escape(text)),
        };
        // Escrever em uma `String` não falha.
        let _ = writeln!(
            items,
            "<li><p><span class=\"afirmacao\">{}</span> {} <span class=\"veredito {class}\">{word}\
             </span></p>{evidence}</li>",
            escape(&claim.id),
            escape(&claim.text),
        );
    }
    Some(format!("<ul class=\"vereditos\">\n{items}</ul>"))
}

fn badge(verdict: Option<Verdict>) -> (&'static str, &'static str) {
    match verdict {
        Some(Verdict::Confirmed) => ("confirmada", "confirmada"),
        Some(Verdict::Refuted) => ("refutada", "refutada"),
        Some(Verdict::Inconclusive) => ("inconclusiva", "inconclusiva"),
        None => ("definicao", "definição"),
    }
}

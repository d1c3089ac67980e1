//! As afirmações das notas e o que a medição disse de cada uma.

use std::fmt::Write;

use registro::record::{Claim, Verdict};

use super::caption::Figure;
use super::pen::escape;
use super::view::View;

/// A lista; nada, sem afirmações.
pub fn draw(view: &View) -> Option<Figure> {
    let claims = &view.shown.claims;
    if claims.is_empty() {
        return None;
    }
    let mut items = String::new();
    for claim in claims {
        // Escrever em uma `String` não falha.
        let _ = writeln!(
            items,
            "<li><p><span class=\"afirmacao\">{}</span> {} {}</p>{}{}</li>",
            escape(&claim.id),
            escape(&claim.text),
            badge(claim.verdict),
            evidence(claim),
            reference(view, claim).map_or_else(String::new, on_reference),
        );
    }
    Some(Figure {
        question: "O que a medição diz de cada afirmação?".to_owned(),
        answer: counted(claims),
        body: format!("<ul class=\"vereditos\">\n{items}</ul>"),
        comparison: agreement(view).unwrap_or_default(),
        numbers: String::new(),
        is_of_common_load: false,
    })
}

/// O número que decidiu e, de uma que não se decidiu, por quê.
fn evidence(claim: &Claim) -> String {
    let paragraph = |class: &str, before: &str, text: &str| match text {
        "" => String::new(),
        text => format!("<p class=\"{class}\">{before}{}</p>", escape(text)),
    };
    let reason = claim.reason.as_deref().unwrap_or_default();
    paragraph("evidencia", "", &claim.evidence)
        + &paragraph("evidencia motivo", "<strong>Por que não se decide:</strong> ", reason)
}

/// O que a máquina de referência disse da mesma afirmação.
fn reference<'a>(view: &View<'a>, claim: &Claim) -> Option<&'a Claim> {
    claim.verdict?;
    view.beside?.claims.iter().find(|other| other.id == claim.id)
}

fn on_reference(claim: &Claim) -> String {
    format!(
        "<details class=\"na-referencia\"><summary>Na máquina de referência: {}</summary>{}</details>",
        badge(claim.verdict),
        evidence(claim)
    )
}

/// Quantas de cada veredito.
fn counted(claims: &[Claim]) -> String {
    let kinds = [
        (Some(Verdict::Confirmed), "confirmada", "confirmadas"),
        (Some(Verdict::Refuted), "refutada", "refutadas"),
        (Some(Verdict::Inconclusive), "inconclusiva", "inconclusivas"),
        (None, "definição", "definições"),
    ];
    let told = kinds.into_iter().filter_map(|(verdict, one, many)| {
        let count = claims.iter().filter(|claim| claim.verdict == verdict).count();
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    });
    format!("{}.", told.collect::<Vec<_>>().join(", "))
}

/// Em quantas as duas máquinas dão o mesmo veredito, e em quais não.
fn agreement(view: &View) -> Option<String> {
    view.beside?;
    let pairs: Vec<(&Claim, &Claim)> =
        view.shown.claims.iter().filter_map(|claim| Some((claim, reference(view, claim)?))).collect();
    let differing: Vec<&str> = pairs
        .iter()
        .filter(|(own, reference)| own.verdict != reference.verdict)
        .map(|(own, _)| own.id.as_str())
        .collect();
    Some(match (pairs.len(), differing.as_slice()) {
        (0, _) => return None,
        (1, []) => "As duas máquinas dão o mesmo veredito.".to_owned(),
        (all, []) => format!("As duas máquinas dão o mesmo veredito às {all} afirmações."),
        (all, differing) => format!(
            "As duas máquinas dão o mesmo veredito a {} de {all}; diferem em {}.",
            all - differing.len(),
            differing.join(", ")
        ),
    })
}

fn badge(verdict: Option<Verdict>) -> String {
    let (class, word) = match verdict {
        Some(verdict) => (verdict.label(), verdict.label()),
        None => ("definicao", "definição"),
    };
    format!("<span class=\"veredito {class}\">{word}</span>")
}

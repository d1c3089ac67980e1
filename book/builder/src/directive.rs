//! As diretivas `{{#nome argumento…}}` no texto de uma página.

use mdbook::errors::{Error, Result};

/// Diretivas que são do próprio mdBook e seguem intactas até ele.
const OF_MDBOOK: [&str; 5] = ["include", "rustdoc_include", "playground", "playpen", "title"];

/// Uma diretiva, já separada em palavras.
#[derive(Debug, PartialEq, Eq)]
pub struct Directive<'a> {
    /// A primeira palavra.
    pub name: &'a str,
    /// As outras.
    pub arguments: Vec<&'a str>,
    /// A diretiva como foi escrita, para as mensagens de erro.
    pub source: &'a str,
}

impl Directive<'_> {
    /// O erro de uma diretiva que pede o que não existe.
    pub fn refuse(&self, reason: &str) -> Error {
        Error::msg(format!("`{}`: {reason}", self.source))
    }
}

/// Troca cada diretiva pelo que `answer` responde; as do mdBook e as escapadas com `\` ficam.
///
/// # Erros
///
/// O primeiro erro de `answer`.
pub fn replace(text: &str, mut answer: impl FnMut(&Directive) -> Result<String>) -> Result<String> {
    let mut output = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{#") {
        let (before, from) = rest.split_at(start);
        output.push_str(before);
        let line = from.lines().next().unwrap_or(from);
        let Some(end) = line.find("}}").map(|at| at + 2) else {
            output.push_str("{{#");
            rest = &from[3..];
            continue;
        };
        let source = &from[..end];
        let mut words = source[3..end - 2].split_whitespace();
        let name = words.next().unwrap_or_default();
        if before.ends_with('\\') || OF_MDBOOK.contains(&name) {
            output.push_str(source);
        } else {
            let directive = Directive { name, arguments: words.collect(), source };
            output.push_str(&inert(&answer(&directive)?));
        }
        rest = &from[end..];
    }
    output.push_str(rest);
    Ok(output)
}

/// Protege o que já foi trocado: o mdBook ainda vai procurar `{{#…}}` na página inteira.
///
/// O escape dele come uma barra e vai da primeira abertura ao último fecho da linha; por isso uma
/// barra por linha basta, e uma segunda apareceria na página.
fn inert(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.split_once("{{#") {
            Some((before, after)) if after.contains("}}") => format!("{before}\\{{{{#{after}"),
            _ => line.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upper(text: &str) -> String {
        replace(text, |directive| Ok(format!("[{} {}]", directive.name, directive.arguments.join("+"))))
            .expect("a resposta nunca falha")
    }

    #[test]
    fn a_directive_gives_way_to_its_answer() {
        assert_eq!(upper("a {{#medida  tabela x}} b"), "a [medida tabela+x] b");
        assert_eq!(upper("{{#rodar}}{{#dicas}}"), "[rodar ][dicas ]");
    }

    #[test]
    fn what_belongs_to_mdbook_or_is_escaped_stays() {
        for text in ["{{#include ../a.rs:b}}", "\\{{#medida tabela}}", "{{#sem fim", "{{ x }}"] {
            assert_eq!(upper(text), text);
        }
    }

    #[test]
    fn an_answer_is_never_read_again() {
        let answer = "a {{#include /etc/x}} e {{#medida y}}\nb {{#aberta";
        let text = replace("{{#dicas}}", |_| Ok(answer.to_owned())).expect("responde");
        assert_eq!(text, "a \\{{#include /etc/x}} e {{#medida y}}\nb {{#aberta");
    }
}

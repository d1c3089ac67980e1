//! A linha de comando em português: valores conferidos, e cada erro em uma linha.

use std::ops::RangeInclusive;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use registro::format::integer;

use crate::load::model::{BUILT, Model};

/// A forma da ajuda: o que o programa faz, o uso, os argumentos e as opções.
pub const HELP: &str = "{about}\n\nUso: {usage}\n\n{positionals}\n\nOpções:\n{options}\n";

/// O inteiro que `value` escreve, com ou sem os pontos de milhar.
///
/// # Erros
///
/// Uma linha que diz o que `option` aceita.
///
/// # Exemplos
///
/// ```
/// use licoes::run::command_line::number;
/// assert_eq!(number("--limite", "1.000", 1..=5_000), Ok(1_000));
/// assert!(number("--limite", "mil", 1..=5_000).is_err());
/// ```
pub fn number(option: &str, value: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
    let digits = value.replace(['.', '_'], "");
    match digits.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "{option} precisa de um número inteiro de {} a {}, e recebeu «{value}»",
            integer(*range.start()),
            integer(*range.end())
        )),
    }
}

/// O modelo de nome `id`, com hífen ou sublinhado.
///
/// # Erros
///
/// Uma linha que diz os nomes que há.
pub fn model(id: &str) -> Result<Model, String> {
    let known = Model::from_id(&id.replace('-', "_")).filter(|model| BUILT.contains(model));
    known.ok_or_else(|| match id {
        "mpi" => "o modelo mpi só existe num programa compilado com --features mpi".to_owned(),
        _ => format!("--modelo não conhece «{id}»; os modelos são {}", ids()),
    })
}

/// Os nomes dos modelos deste programa, para uma frase.
pub fn ids() -> String {
    BUILT.iter().map(|model| model.id()).collect::<Vec<_>>().join(", ")
}

/// As mensagens do clap vêm em inglês; estas dizem o mesmo em uma linha.
pub fn portuguese(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    let option = argument.split(' ').next().unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => format!("«{option}» não é uma opção; veja --ajuda"),
        ErrorKind::InvalidValue => format!("{option} precisa de um valor; veja --ajuda"),
        ErrorKind::TooManyValues => format!("{option} não leva valor; veja --ajuda"),
        ErrorKind::ArgumentConflict => format!("{option} apareceu mais de uma vez"),
        ErrorKind::MissingRequiredArgument => format!("falta {option}; veja --ajuda"),
        ErrorKind::InvalidUtf8 => "a linha de comando não está em UTF-8".to_owned(),
        _ => "a linha de comando não foi entendida; veja --ajuda".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hyphen_or_an_underscore_names_the_same_model() {
        assert_eq!(model("process-pool"), Ok(Model::ProcessPool));
        assert_eq!(model("process_pool"), Ok(Model::ProcessPool));
    }

    #[test]
    fn an_unknown_model_is_a_line_with_the_known_ones() {
        assert!(model("pizza").is_err_and(|line| line.contains("«pizza»") && line.contains("rayon")));
    }

    #[test]
    #[cfg(not(feature = "mpi"))]
    fn the_model_that_was_not_compiled_says_how_to_have_it() {
        assert!(model("mpi").is_err_and(|line| line.contains("--features mpi")));
    }
}

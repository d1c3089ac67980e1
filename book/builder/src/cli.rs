//! As palavras da linha de comando, em português do começo ao fim.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

/// Código de saída de um pedido que não dá para atender como foi escrito.
pub const BAD_USAGE: u8 = 2;

const DEFAULT_PORT: u16 = 7878;

const HELP: &str = "\
Constrói o livro, põe nele as medições desta máquina e o serve em 127.0.0.1.

Uso:
  cargo livro [--porta N]             constrói e serve (porta 7878, se nada for dito)
  cargo livro build [--destino DIR]   só constrói (em book/book, se nada for dito)
  cargo livro preprocessor            conversa com o programa mdbook

Opções:
  --porta N      porta do servidor, de 1 a 65535
  --destino DIR  pasta onde o livro fica pronto
  --ajuda, -h    mostra este texto
";

/// O que a linha de comando pede.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    /// Construir e servir nesta porta.
    Serve(u16),
    /// Só construir, talvez em outra pasta.
    Build(Option<PathBuf>),
    /// Falar o protocolo de pré-processador do mdBook.
    Preprocess,
    /// Dizer se o pré-processador serve a este gerador.
    Supports(String),
    /// Mostrar a ajuda.
    Help(&'static str),
}

/// Lê a linha de comando.
///
/// # Erros
///
/// Uma linha, em português, que diz o que não foi entendido.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Order, String> {
    let matches = command().try_get_matches_from(words).map_err(|error| explain(&error))?;
    Ok(match matches.subcommand() {
        _ if asks_for_help(&matches) => Order::Help(HELP),
        Some(("build", build)) => Order::Build(build.get_one("destino").cloned()),
        Some(("preprocessor", inner)) => match inner.subcommand() {
            Some((_, supports)) => Order::Supports(supports.get_one("gerador").cloned().unwrap_or_default()),
            None => Order::Preprocess,
        },
        _ => Order::Serve(matches.get_one("porta").copied().unwrap_or(DEFAULT_PORT)),
    })
}

fn command() -> Command {
    let bare = |name: &'static str| Command::new(name).disable_help_flag(true).disable_help_subcommand(true);
    let help =
        Arg::new("ajuda").long("ajuda").short('h').alias("help").action(ArgAction::SetTrue).global(true);
    let port = Arg::new("porta").long("porta").value_parser(value_parser!(u16).range(1..));
    let folder = Arg::new("destino").long("destino").value_parser(value_parser!(PathBuf));
    let renderer = Arg::new("gerador").required(true);
    bare("livro")
        .arg(help)
        .arg(port)
        .subcommand(bare("build").arg(folder))
        .subcommand(bare("preprocessor").subcommand(bare("supports").arg(renderer)))
}

fn asks_for_help(matches: &ArgMatches) -> bool {
    matches.get_flag("ajuda")
        || matches.subcommand().is_some_and(|(name, inner)| name == "build" && inner.get_flag("ajuda"))
}

fn explain(error: &clap::Error) -> String {
    let said = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let option = said(ContextKind::InvalidArg);
    let value = said(ContextKind::InvalidValue);
    let problem = match error.kind() {
        ErrorKind::UnknownArgument => format!("não conheço `{option}`"),
        ErrorKind::InvalidSubcommand => format!("não conheço `{}`", said(ContextKind::InvalidSubcommand)),
        ErrorKind::ArgumentConflict => format!("`{option}` só pode aparecer uma vez"),
        ErrorKind::MissingRequiredArgument => format!("falta `{option}`"),
        ErrorKind::InvalidValue if value.is_empty() => format!("falta um valor em `{option}`"),
        _ if option.contains("--porta") => format!("`{value}` não é uma porta de 1 a 65535"),
        _ => "não entendi o pedido".to_owned(),
    };
    format!("{problem} (cargo livro --ajuda mostra o que existe)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &str) -> Result<Order, String> {
        read(std::iter::once("livro").chain(line.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn each_word_asks_for_what_it_says() {
        assert_eq!(ask(""), Ok(Order::Serve(DEFAULT_PORT)));
        assert_eq!(ask("--porta 8080"), Ok(Order::Serve(8080)));
        assert_eq!(ask("build"), Ok(Order::Build(None)));
        assert_eq!(ask("build --destino x"), Ok(Order::Build(Some("x".into()))));
        assert_eq!(ask("preprocessor"), Ok(Order::Preprocess));
        assert_eq!(ask("preprocessor supports html"), Ok(Order::Supports("html".into())));
        assert_eq!(ask("--ajuda"), Ok(Order::Help(HELP)));
        for asked in ["build --ajuda", "--help", "-h", "build --help"] {
            assert_eq!(ask(asked), Ok(Order::Help(HELP)), "{asked}");
        }
    }

    #[test]
    fn each_mistake_gets_one_portuguese_line() {
        for (line, said) in [
            ("--porta 0", "`0` não é uma porta"),
            ("--porta abc", "`abc` não é uma porta"),
            ("--porta 70000", "`70000` não é uma porta"),
            ("--porta", "falta um valor em `--porta"),
            ("--port 1", "não conheço `--port`"),
            ("construir", "não conheço `construir`"),
            ("build x", "não conheço `x`"),
            ("--porta 1 --porta 2", "só pode aparecer uma vez"),
            ("preprocessor supports", "falta `<gerador>`"),
        ] {
            let answer = ask(line).expect_err(line);
            assert!(answer.contains(said), "{line}: {answer}");
            assert_eq!(answer.lines().count(), 1, "{line}: {answer}");
        }
    }
}

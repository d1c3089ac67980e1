//! A linha de comando do programa.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};
use licoes::load::model::Model;
use licoes::measure::machine::cores;
use licoes::run::command_line::{HELP, model, number, portuguese};
use registro::format::integer;

// ANCHOR: arguments
/// O que se pediu ao programa.
#[derive(Clone, Debug, PartialEq)]
pub struct Arguments {
    pub limit: u64,
    pub slices: usize,
    pub workers: usize,
    pub model: Model,
    /// Onde guardar o CSV; sem isto, ele não é guardado.
    pub output: Option<PathBuf>,
    /// Se um arquivo que já existe pode ser trocado.
    pub replace: bool,
}
// ANCHOR_END: arguments

/// O que a linha de comando pede.
pub enum Request {
    /// Contar.
    Count(Arguments),
    /// Mostrar este texto: a ajuda.
    Help(String),
}

const LIMIT: u64 = 1_000_000;
const SLICES: u64 = 64;

impl Arguments {
    // ANCHOR: parse
    /// Lê a linha de comando. O erro é uma linha em português.
    pub fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
        match command().try_get_matches_from(line) {
            Ok(matches) => Arguments::of(&matches).map(Request::Count),
            Err(error) if error.kind() == ErrorKind::DisplayHelp => {
                Ok(Request::Help(error.to_string()))
            }
            Err(error) => Err(portuguese(&error)),
        }
    }

    fn of(matches: &ArgMatches) -> Result<Self, String> {
        let text = |name: &str| matches.get_one::<String>(name);
        let whole = |name: &str, shown: &str, default: u64, most: u64| {
            text(name).map_or(Ok(default), |value| number(shown, value, 1..=most))
        };
        Ok(Arguments {
            limit: whole("limite", "LIMITE", LIMIT, 1_000_000_000)?,
            slices: whole("fatias", "--fatias", SLICES, 100_000)? as usize,
            workers: whole("trabalhadores", "--trabalhadores", cores() as u64, 512)?
                as usize,
            model: text("modelo").map_or(Ok(Model::ProcessPool), |id| model(id))?,
            output: matches.get_one::<PathBuf>("saida").cloned(),
            replace: matches.get_flag("substituir"),
        })
    }
    // ANCHOR_END: parse
}

fn command() -> Command {
    let option = |name: &'static str, value: &'static str, help: String| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .allow_negative_numbers(true)
            .help(help)
    };
    let models = Model::ALL.map(Model::id).join(", ");
    Command::new("contar-primos")
        .about("Conta os primos abaixo de LIMITE, fatia por fatia.")
        .override_usage("contar-primos [OPÇÕES] [LIMITE]")
        .help_template(HELP)
        .disable_help_flag(true)
        .arg(
            Arg::new("limite")
                .value_name("LIMITE")
                .allow_negative_numbers(true)
                .help(format!("Até onde contar [padrão: {}]", integer(LIMIT))),
        )
        .arg(option("fatias", "N", format!("Em quantas fatias [padrão: {SLICES}]")))
        .arg(option(
            "trabalhadores",
            "N",
            format!("Quantos trabalhadores [padrão: {}, um por núcleo]", cores()),
        ))
        .arg(option(
            "modelo",
            "M",
            format!("Como repartir [padrão: process_pool]; são: {models}"),
        ))
        .arg(
            option("saida", "ARQUIVO", "Guarda uma linha por fatia, em CSV".to_owned())
                .value_parser(clap::value_parser!(PathBuf)),
        )
        .arg(
            Arg::new("substituir")
                .long("substituir")
                .action(ArgAction::SetTrue)
                .help("Troca o ARQUIVO que já exista"),
        )
        .arg(
            Arg::new("ajuda")
                .long("ajuda")
                .short('h')
                .alias("help")
                .action(ArgAction::Help)
                .help("Mostra esta ajuda"),
        )
}

//! As opções de linha de comando, as mesmas em toda lição.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};
use registro::format::integer;

use crate::load::model::{BUILT, Model};
use crate::measure::machine::cores;
use crate::python::Python;
use crate::run::command_line::{HELP, ids, model, number, portuguese};

/// O que o leitor pediu.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Trabalhadores de cada modelo paralelo.
    pub workers: usize,
    /// Contam-se os primos menores do que este número.
    pub limit: u64,
    /// Quantas vezes cada modelo é medido.
    pub repetitions: usize,
    /// Os modelos pedidos; o serial entra sempre.
    pub models: Vec<Model>,
    /// Os Pythons pedidos; nenhum, e valem os do `PATH`.
    pub pythons: Vec<Python>,
    /// Se é a versão curta.
    pub quick: bool,
    /// Se a saída são os eventos do registro, um por linha.
    pub json: bool,
    /// O que fazer, além de rodar a lição.
    pub action: Action,
}

/// O que fazer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Rodar a lição.
    Run,
    /// Conferir o exercício do leitor.
    Exercise,
    /// Mostrar a n-ésima dica do exercício, a partir de 1.
    Hint(usize),
}

const LIMIT: u64 = 1_500_000;
const QUICK_LIMIT: u64 = 300_000;
/// Com oito medidas, o intervalo de 90 % já descarta a pior e a melhor: um susto não decide nada.
const REPETITIONS: usize = 8;
const QUICK_REPETITIONS: usize = 3;

/// O que a linha de comando deu.
pub enum Parsed {
    /// Opções válidas.
    Options(Options),
    /// Um texto a mostrar, e nada mais a fazer: a ajuda.
    Help(String),
}

/// Lê a linha de comando da lição `lesson`.
///
/// # Erros
///
/// Uma linha em português que diz o que está errado.
pub fn parse(
    lesson: u32,
    title: &str,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Parsed, String> {
    let command = command(lesson, title);
    match command.try_get_matches_from(arguments) {
        Ok(matches) => options(&matches).map(Parsed::Options),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => Ok(Parsed::Help(error.to_string())),
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            Err("--dica só vale junto de exercicio".to_owned())
        }
        Err(error) => Err(portuguese(&error)),
    }
}

fn command(lesson: u32, title: &str) -> Command {
    let ids = ids();
    let option = |name: &'static str, value: &'static str, help: String| {
        Arg::new(name).long(name).value_name(value).allow_negative_numbers(true).help(help)
    };
    Command::new("lição")
        .about(format!("Lição {lesson} · {title}"))
        .override_usage(format!("cargo run --bin lesson-{lesson} -- [OPÇÕES] [exercicio]"))
        .help_template(HELP)
        .disable_help_flag(true)
        .arg(
            Arg::new("acao")
                .value_name("exercicio")
                .help("Confere a sua resposta em exercise.rs, em vez de rodar a lição"),
        )
        .arg(option(
            "trabalhadores",
            "N",
            format!("Trabalhadores de cada modelo, de 1 a 512 [padrão: {}, um por núcleo]", cores()),
        ))
        .arg(option("limite", "N", format!("Conta os primos abaixo de N [padrão: {}]", integer(LIMIT))))
        .arg(option("repeticoes", "N", format!("Quantas vezes medir cada modelo [padrão: {REPETITIONS}]")))
        .arg(
            option("modelo", "M", format!("Mede só este modelo; pode repetir a opção. São: {ids}"))
                .action(ArgAction::Append),
        )
        .arg(
            option(
                "python",
                "CAMINHO",
                "Um Python a medir ao lado, nas lições que o medem; pode repetir a opção \
                [padrão: python3 e, se houver, um sem GIL]"
                    .to_owned(),
            )
            .action(ArgAction::Append),
        )
        .arg(Arg::new("rapido").long("rapido").action(ArgAction::SetTrue).help(format!(
            "Uma primeira olhada, que não decide nada que dependa de tempo: limite de {} e {QUICK_REPETITIONS} repetições",
            integer(QUICK_LIMIT)
        )))
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Escreve o registro, um evento JSON por linha, no lugar do relatório"),
        )
        .arg(option("dica", "N", "Com exercicio: mostra a dica N".to_owned()).requires("acao"))
        .arg(
            Arg::new("ajuda")
                .long("ajuda")
                .short('h')
                .alias("help")
                .action(ArgAction::Help)
                .help("Mostra esta ajuda"),
        )
}

fn options(matches: &ArgMatches) -> Result<Options, String> {
    let text = |name: &str| matches.get_one::<String>(name);
    let quick = matches.get_flag("rapido");
    let hint = text("dica").map(|value| number("--dica", value, 1..=99)).transpose()?;
    let action = match (text("acao").map(String::as_str), hint) {
        (None, _) => Action::Run,
        (Some(word), _) if !is_exercise(word) => {
            return Err(format!("«{word}» não é conhecido; a única palavra aceita é exercicio"));
        }
        (Some(_), None) => Action::Exercise,
        (Some(_), Some(hint)) => Action::Hint(hint as usize),
    };
    let whole = |name: &str, default: u64, range| {
        text(name).map_or(Ok(default), |value| number(&format!("--{name}"), value, range))
    };
    let models = match matches.get_many::<String>("modelo") {
        None => BUILT.to_vec(),
        Some(ids) => ids.map(|id| model(id)).collect::<Result<_, _>>()?,
    };
    let pythons = matches.get_many::<String>("python").into_iter().flatten();
    let pythons = pythons
        .map(|path| Python::ask(Path::new(path)).map_err(|reason| format!("--python {reason}")))
        .collect::<Result<_, _>>()?;
    Ok(Options {
        pythons,
        workers: whole("trabalhadores", usual_workers() as u64, 1..=512)? as usize,
        limit: whole("limite", if quick { QUICK_LIMIT } else { LIMIT }, 1..=1_000_000_000)?,
        repetitions: whole(
            "repeticoes",
            if quick { QUICK_REPETITIONS } else { REPETITIONS } as u64,
            1..=1_000,
        )? as usize,
        models,
        quick,
        json: matches.get_flag("json"),
        action,
    })
}

/// A palavra, com o acento que ela tem ou sem ele. Um teclado o escreve numa letra só; um arquivo, às vezes, em duas.
fn is_exercise(word: &str) -> bool {
    word.replace("i\u{301}", "i").replace('í', "i") == "exercicio"
}

/// Um por núcleo; num programa que o `mpirun` rodou, tantos quantos ranks ele criou para trabalhar.
fn usual_workers() -> usize {
    #[cfg(feature = "mpi")]
    if let Some(pool) = multiprocessamento::MpiPool::current() {
        return pool.workers();
    }
    cores()
}

//! As lições que existem, achadas nas pastas, e como rodar os programas delas.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use registro::fate::{self, Fate};
use registro::legend::{Kind, Legend, Legends};
use registro::record::Event;
use serde::Deserialize;

/// Uma lição: `lessons/01-primeiros-passos` é a 1, de nome `01-primeiros-passos`.
pub struct Lesson {
    pub number: u32,
    pub slug: String,
    pub folder: PathBuf,
}

/// O que a pasta de uma lição declara para os testes: `declared.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    pub claims: Vec<DeclaredClaim>,
    /// A soma do exercício que veio no repositório.
    pub stub_sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredClaim {
    pub id: String,
    /// Nenhuma medida poderia contradizê-la.
    #[serde(default)]
    pub is_definition: bool,
    /// Fala de rodar ao mesmo tempo: num núcleo só, nenhuma medida a confirma.
    #[serde(default)]
    pub needs_two_cores: bool,
}

impl Lesson {
    pub fn declared(&self) -> Declared {
        let text = self.read("declared.json");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: declared.json: {error}", self.slug))
    }

    pub fn read(&self, file: &str) -> String {
        let path = self.folder.join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a raiz do repositório")
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Ao lado das lições estão o que elas dividem, o registro e os testes.
fn is_numbered(folder: &Path) -> bool {
    let name = folder.file_name().and_then(OsStr::to_str).unwrap_or_default();
    folder.is_dir() && name.starts_with(|first: char| first.is_ascii_digit())
}

/// As lições, em ordem.
pub fn lessons() -> Vec<Lesson> {
    let mut lessons: Vec<Lesson> = fs::read_dir(root().join("lessons"))
        .expect("a pasta das lições")
        .map(|entry| entry.expect("uma entrada").path())
        .filter(|path| is_numbered(path))
        .map(|folder| {
            let slug = folder.file_name().expect("um nome").to_string_lossy().into_owned();
            let number = slug.split('-').next().and_then(|number| number.parse().ok());
            Lesson { number: number.unwrap_or_else(|| panic!("{slug}: sem número")), slug, folder }
        })
        .collect();
    lessons.sort_by_key(|lesson| lesson.number);
    assert!(!lessons.is_empty());
    lessons
}

/// As legendas que os eventos trazem, na ordem em que vêm.
pub fn legends(events: &[Event]) -> Vec<&Legend> {
    events
        .iter()
        .filter_map(|event| if let Event::Legend(legend) = event { Some(legend) } else { None })
        .collect()
}

/// O que os eventos nomeiam sem que antes uma legenda diga como se lê.
pub fn undeclared(events: &[Event]) -> Vec<String> {
    let numbers = Fate::default().numbers().map(|(number, _)| number);
    let (mut legends, mut missing) = (Legends::default(), BTreeSet::new());
    for event in events {
        let (model, other) = match event {
            Event::Legend(legend) => {
                legends.add(legend.clone());
                continue;
            }
            Event::Progress(progress) => (&progress.model, None),
            Event::Result(result) => (&result.model, None),
            Event::Span(span) => (&span.model, None),
            Event::Point(point) => (&point.model, Some((Kind::Series, &point.series))),
            Event::Metric(metric) => (&metric.model, Some((Kind::Metric, &metric.name))),
            _ => continue,
        };
        let is_of_failure = |id: &str| {
            let (failure, number) = id.rsplit_once('_').unwrap_or_default();
            let is_number = number == fate::TOLD || numbers.contains(&number);
            is_number && legends.find(Kind::Failure, failure).is_some()
        };
        let named = |kind, id: &str| legends.find(kind, id).is_some_and(|legend| !legend.label.is_empty());
        if !model.is_empty() && !named(Kind::Model, model) {
            missing.insert(model.clone());
        }
        if let Some((kind, id)) = other
            && !named(kind, id)
            && !is_of_failure(id)
        {
            missing.insert(id.clone());
        }
    }
    missing.into_iter().collect()
}

/// Um programa deste pacote, pronto para rodar, com os registros numa pasta própria.
pub fn program(name: &str, records: &Path) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_lesson-1")).with_file_name(name));
    command.env("CADERNO_REGISTROS", records).stdin(Stdio::null());
    command
}

/// Roda a lição com estas opções.
pub fn run<S: AsRef<OsStr>>(lesson: u32, arguments: &[S], records: &Path) -> Output {
    let mut command = program(&format!("lesson-{lesson}"), records);
    command.args(arguments).output().expect("a lição roda")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Os eventos de um registro, um por linha.
pub fn events(text: &str) -> Vec<Event> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} em: {line}"));
    text.lines().map(parse).collect()
}

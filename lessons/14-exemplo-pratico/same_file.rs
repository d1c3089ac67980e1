//! O mesmo programa, com cada modelo e em cada linguagem, e o arquivo que cada um escreveu.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use licoes::load::model::Model;
use licoes::python::Python;
use licoes::run::lesson::{Failure, Lesson};
use multiprocessamento::Process;
use serde_json::Value;

use crate::arguments::{Arguments, Request};
use crate::program;

const SCRIPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/14-exemplo-pratico/example.py");

/// Os modelos que o Python tem.
const IN_PYTHON: [&str; 5] =
    ["serial", "threads", "thread_pool", "process_pool", "processes"];

/// O exemplo leva uma fração de segundo; passado este tempo, algo o prendeu.
const LIMIT: Duration = Duration::from_secs(30);

/// Um arquivo, e quem o escreveu.
#[derive(Clone, Debug)]
pub struct Written {
    pub by: String,
    pub in_python: bool,
    pub text: String,
}

// ANCHOR: program
/// O programa inteiro, num processo novo, com estes argumentos; devolve o resumo.
pub fn run_program(arguments: Vec<String>) -> Result<String, String> {
    let line = ["contar-primos".to_owned()].into_iter().chain(arguments);
    match Arguments::parse(line.map(OsString::from))? {
        Request::Count(arguments) => program::count(&arguments),
        Request::Help(text) => Ok(text),
    }
}
// ANCHOR_END: program

/// Os arquivos dos seis modelos em Rust, cada um com um trabalhador e com mais de um.
pub fn in_rust(
    folder: &Path,
    limit: u64,
    workers: usize,
) -> Result<Vec<Written>, Failure> {
    let mut files = Vec::new();
    for model in Model::ALL.map(Model::id) {
        for workers in [1, workers.clamp(2, 8)] {
            let path = folder.join(format!("rust-{model}-{workers}.csv"));
            Process::start(run_program, request(limit, model, workers, &path))?
                .join()??;
            let text = fs::read_to_string(&path)?;
            let by = format!("Rust, {model}, {workers}");
            files.push(Written { by, in_python: false, text });
        }
    }
    Ok(files)
}

/// Os arquivos dos modelos do Python; nenhum, sem ele.
pub fn in_python(lesson: &mut Lesson, folder: &Path, limit: u64) -> Vec<Written> {
    let Some(python) = Python::all(&lesson.options().pythons).into_iter().next() else {
        lesson.say("Sem python3 no PATH, os arquivos do Python ficam de fora.");
        return Vec::new();
    };
    let mut files = Vec::new();
    for model in IN_PYTHON {
        let path = folder.join(format!("python-{model}.csv"));
        let arguments = request(limit, model, 2, &path);
        // O que ele escreve no terminal não interessa: interessa o arquivo.
        let ran = python.run(Path::new(SCRIPT), &arguments, LIMIT, |_: Value| ());
        match ran.and_then(|()| fs::read_to_string(&path).map_err(|e| e.to_string())) {
            Ok(text) => {
                let by = format!("Python, {model}");
                files.push(Written { by, in_python: true, text });
            }
            Err(reason) => lesson.say(&format!("O Python fica de fora: {reason}.")),
        }
    }
    files
}

fn request(limit: u64, model: &str, workers: usize, path: &Path) -> Vec<String> {
    let [limit, workers] = [limit, workers as u64].map(|number| number.to_string());
    let path = path.to_string_lossy();
    [&limit, "--modelo", model, "--trabalhadores", &workers, "--saida", &path]
        .map(str::to_owned)
        .into()
}

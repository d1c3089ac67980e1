//! As mesmas medidas feitas pelo Python, onde há um.

use std::path::Path;
use std::time::Duration;

use licoes::measure::granularity::{Curve, Sample};
use licoes::python::Python;
use licoes::run::lesson::{Failure, Lesson};
use serde::Deserialize;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/09-overhead/example.py");

/// Numa máquina lenta ele leva alguns segundos; passado este tempo, algo o prendeu.
const LIMIT: Duration = Duration::from_secs(60);

/// Uma linha que o exemplo escreve com `--json`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Birth {
        model: String,
        spawn_us: f64,
    },
    Memory {
        model: String,
        pss_kib: f64,
    },
    Task {
        seconds: f64,
        #[serde(flatten)]
        sample: Sample,
    },
}

/// A curva do `Pool` do Python, com uma tarefa por mensagem; nada, sem Python.
pub fn measure(lesson: &mut Lesson) -> Result<Option<Curve>, Failure> {
    let options = lesson.options().clone();
    let Some(python) = Python::all(&options.pythons).into_iter().next() else {
        lesson.say("Sem python3 no PATH, as curvas do Python ficam de fora.");
        return Ok(None);
    };
    let repetitions = if options.quick { 2 } else { options.repetitions.min(5) };
    let numbers =
        [10_000, repetitions, options.workers].map(|number| number.to_string());
    let arguments = [numbers[0].as_str(), &numbers[1], &numbers[2], "--json"];
    let mut lines = Vec::new();
    if let Err(reason) =
        python.run(Path::new(SCRIPT), &arguments, LIMIT, |line| lines.push(line))
    {
        lesson.say(&format!("As curvas do Python ficam de fora: {reason}."));
        return Ok(None);
    }
    let mut curve = Curve { model: "python_pool".to_owned(), sizes: Vec::new() };
    for line in lines {
        match line {
            Line::Birth { model, spawn_us } => {
                lesson.metric("spawn_us", &model, spawn_us, "us");
            }
            Line::Memory { model, pss_kib } => {
                lesson.metric("pss_kib", &model, pss_kib, "KiB");
            }
            Line::Task { seconds, sample } => curve.add(seconds, sample),
        }
    }
    Ok((!curve.sizes.is_empty()).then_some(curve))
}

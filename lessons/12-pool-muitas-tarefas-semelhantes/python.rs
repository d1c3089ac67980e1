//! As mesmas medidas feitas pelo Python, onde há um.

use std::path::Path;
use std::time::Duration;

use licoes::python::Python;
use licoes::run::lesson::Lesson;
use serde::Deserialize;

use crate::chunks::Round;
use crate::endless::Look;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/12-pool-muitas-tarefas-semelhantes/example.py"
);

/// Numa máquina lenta ele leva alguns segundos; passado este tempo, algo o prendeu.
const LIMIT: Duration = Duration::from_secs(60);

/// O que o Python mediu; vazio, sem Python.
#[derive(Default)]
pub struct Measures {
    pub rounds: Vec<Round>,
    pub looks: Vec<Look>,
}

/// Uma linha que o exemplo escreve com `--json`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Round(Round),
    Look(Look),
}

/// Roda o exemplo, até o fim.
pub fn measure(lesson: &mut Lesson) -> Measures {
    let options = lesson.options().clone();
    let Some(python) = Python::all(&options.pythons).into_iter().next() else {
        lesson.say("\nSem python3 no PATH, as medidas do Python ficam de fora.");
        return Measures::default();
    };
    let rounds = if options.quick { 2 } else { options.repetitions.div_ceil(2) };
    let numbers = [10_000, rounds, options.workers].map(|number| number.to_string());
    let arguments = [numbers[0].as_str(), &numbers[1], &numbers[2], "--json"];
    let mut measures = Measures::default();
    let keep = |line| match line {
        Line::Round(round) => measures.rounds.push(round),
        Line::Look(look) => measures.looks.push(look),
    };
    match python.run(Path::new(SCRIPT), &arguments, LIMIT, keep) {
        Ok(()) => measures,
        Err(reason) => {
            lesson.say(&format!("\nAs medidas do Python ficam de fora: {reason}."));
            Measures::default()
        }
    }
}

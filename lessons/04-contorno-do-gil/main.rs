//! Lição 4: uma trava no meio do caminho, em Python e em Rust, e os jeitos de a contornar.

mod claims;
mod legend;

use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use claims::Figures;
use licoes::load::model::Model;
use licoes::load::workload::count_primes;
use licoes::measure::compare::{Comparison, Gain, Measured, typical_spans};
use licoes::python::Python;
use licoes::python::twin::Twin;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::init;
use registro::format::{decimal, integer, times};

const INFO: Info = Info {
    number: 4,
    title: "Contorno do GIL",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};
const EXAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/04-contorno-do-gil/example.py");

/// Cada linguagem conta até onde a sua velocidade pede.
const PYTHON_LIMIT: u64 = 110_000;

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

// ANCHOR: toy_gil
/// O GIL de brinquedo: uma trava só para o processo inteiro.
static GIL: Mutex<()> = Mutex::new(());

/// A mesma conta, com a trava fechada do começo ao fim.
fn count_holding_the_lock(slice: Range<u64>) -> u64 {
    let _held = GIL.lock();
    count_primes(slice)
}
// ANCHOR_END: toy_gil

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    let rust = lesson.compare_models()?;
    let locked = with_the_lock(lesson)?;
    // O mesmo algoritmo em Python: num que tem o GIL e, se houver, num que não tem.
    let pythons = Python::all(&lesson.options().pythons);
    let gil = in_python(lesson, "com o GIL", pythons.iter().find(|p| p.has_gil));
    let free = in_python(lesson, "sem o GIL", pythons.iter().find(|p| !p.has_gil));
    let figures = Figures::of(&rust, &locked, gil, free, lesson.options().workers);
    for (model, gain) in figures.gains() {
        lesson.metric("speedup", model, gain.speedup.median, "vezes");
        lesson.metric("busy_cores", model, gain.busy_cores.median, "núcleos");
    }
    lesson.claim(claims::threads_do_not_help(&figures));
    lesson.claim(claims::processes_help(&figures));
    lesson.claim(claims::rust_threads_already_help(&figures));
    Ok(())
}

/// A trava é uma variável global: as threads a dividem, e cada processo tem a sua.
fn with_the_lock(lesson: &mut Lesson) -> Result<Comparison, Failure> {
    let workers = lesson.options().workers;
    let models = [(Model::Threads, workers), (Model::ProcessPool, workers)];
    let locked = lesson.measure(count_holding_the_lock, &lesson.slices(), &models)?;
    lesson.say("\nRust, com uma trava só em cada processo, fechada durante a conta:");
    for model in [Model::Threads, Model::ProcessPool] {
        let Some(gain) = locked.gain(model) else { continue };
        show(lesson, model.id(), gain);
        lesson.metric("locked_speedup", model.id(), gain.speedup.median, "vezes");
    }
    let spans = locked.get(Model::Threads).map_or(&[][..], Measured::typical_spans);
    let mut spans = spans.to_vec();
    spans.iter_mut().for_each(|span| span.model = "global_lock".to_owned());
    lesson.spans(&spans);
    Ok(locked)
}

/// O que o gêmeo mediu; sem um Python que o rode, o que faltou.
fn in_python(
    lesson: &mut Lesson,
    kind: &str,
    python: Option<&Python>,
) -> Result<Twin, String> {
    let short = lesson.options().quick || python.is_some_and(|python| !python.has_gil);
    let limit = lesson.options().limit.min(PYTHON_LIMIT / if short { 2 } else { 1 });
    let measured = match python {
        Some(python) => lesson.measure_twin(python, Path::new(EXAMPLE), limit),
        None => Err("nenhum foi encontrado".to_owned()),
    };
    let twin = measured
        .map_err(|missing| format!("Python {kind}: {missing}"))
        .inspect_err(|missing| lesson.say(&format!("\n{missing}.")))?;

    let version = &twin.python.version;
    lesson.say(&format!("\nPython {version}, {kind}, abaixo de {}:", integer(limit)));
    for (model, gain) in twin.gains("primes") {
        show(lesson, model, gain);
    }
    for (model, gain) in twin.gains("sha256") {
        show(lesson, "as mesmas threads, num SHA-256 feito em C", gain);
        lesson.metric("sha256_speedup", model, gain.speedup.median, "vezes");
    }
    for model in twin.models("primes") {
        lesson.spans(typical_spans(&twin.runs("primes", model)));
    }
    Ok(twin)
}

fn show(lesson: &mut Lesson, name: &str, gain: Gain) {
    let (name, speedup) = (lesson.label(name), times(gain.speedup));
    let cores = decimal(gain.busy_cores.median, 2);
    lesson.say(&format!("  {name}: {speedup}; núcleos ocupados: {cores}"));
}

//! Uma trava que outra thread tem na mão, no instante em que o processo se copia.

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use licoes::measure::birth::METHODS;
use licoes::python::Python;
use licoes::run::lesson::Lesson;
use multiprocessamento::{Error, Process};
use serde::Deserialize;

const SCRIPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/15-metodos-de-inicio/example.py");

/// O exemplo espera um segundo por cada filho que trava; passado este tempo, algo o prendeu.
const LIMIT: Duration = Duration::from_secs(60);

/// Um filho do Python, que tentou pegar a trava.
#[derive(Clone, Debug, Deserialize)]
pub struct Attempt {
    /// O método de início.
    pub method: String,
    /// Se outra thread do pai tinha a trava na mão.
    pub held: bool,
    /// Se o filho a pegou, e terminou.
    pub finished: bool,
}

/// As tentativas do Python; nenhuma, sem ele.
pub fn in_python(lesson: &mut Lesson) -> Vec<Attempt> {
    let options = lesson.options().clone();
    let Some(python) = Python::all(&options.pythons).into_iter().next() else {
        lesson.say("\nSem python3 no PATH, o fork com threads fica sem ser visto.");
        return Vec::new();
    };
    let rounds = (options.repetitions / 3).clamp(1, 3).to_string();
    let mut attempts = Vec::new();
    let arguments = ["1000", &rounds, "--json"];
    let ran =
        python.run(Path::new(SCRIPT), &arguments, LIMIT, |one| attempts.push(one));
    if let Err(reason) = ran {
        lesson.say(&format!("\nO fork com threads fica sem ser visto: {reason}."));
        return Vec::new();
    }
    attempts
}

// ANCHOR: rust
static LOCK: Mutex<()> = Mutex::new(());

fn take_the_lock((): ()) {
    drop(LOCK.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Com a trava na mão de outra thread, cria um filho de cada maneira.
fn with_the_lock_held((): ()) -> [Result<(), Error>; 3] {
    let (taken, is_taken) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = taken.send(());
            let _ = released.recv(); // até `release` sumir
        });
        let _ = is_taken.recv();
        let outcomes = METHODS.map(|(method, _)| {
            let mut child =
                Process::builder().start_method(method).start(take_the_lock, ())?;
            child.join_timeout(LIMIT)
        });
        drop(release);
        outcomes
    })
}
// ANCHOR_END: rust

/// O que houve com cada filho, na ordem de [`METHODS`].
pub type Outcomes = [Result<(), Error>; 3];

/// O que esta biblioteca fez de cada método, na ordem de [`METHODS`].
pub fn in_rust() -> Result<Outcomes, Error> {
    Process::start(with_the_lock_held, ())?.join()
}

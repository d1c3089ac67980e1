//! O que um `Process` deixa fazer com ele, feito de verdade.

use std::thread::sleep;
use std::time::Duration;

use licoes::load::workload::count_primes;
use licoes::system::crash::abort_quietly;
use multiprocessamento::{Error, ExitStatus, Process, Value};
use registro::format::{integer, seconds};
use rustix::process::getpriority_process;

/// Quanto se espera por quem não vai terminar.
const LIMIT: Duration = Duration::from_millis(50);

/// Quem recebeu um sinal termina em milissegundos; passado este tempo, algo está errado.
const SOON: Duration = Duration::from_secs(10);

/// Um controle, e o que aconteceu quando se usou.
pub type Shown = (&'static str, String);

/// Usa os cinco, um de cada vez.
pub fn all() -> Result<[Shown; 5], Error> {
    let ends = [Process::terminate, Process::kill].map(ended_by);
    let [terminated, killed] = ends;
    Ok([
        ("prioridade", priority()?),
        ("limite de tempo", time_limit()?),
        ("encerrar", format!("terminate, {}; kill, {}", terminated?, killed?)),
        ("código de saída", exit_code()?.to_string()),
        ("reinício", restart()?),
    ])
}

// ANCHOR: priority
fn priority() -> Result<String, Error> {
    let own_nice = |()| getpriority_process(None).unwrap_or(0);
    let usual = Process::start(own_nice, ())?.join()?;
    let kind = Process::builder().nice(10).start(own_nice, ())?.join()?;
    Ok(format!("nice {kind}, e {usual} sem pedir"))
}
// ANCHOR_END: priority

fn never_ends((): ()) {
    loop {
        sleep(Duration::from_secs(1));
    }
}

// ANCHOR: time_limit
fn time_limit() -> Result<String, Error> {
    let mut process = Process::start(never_ends, ())?;
    let outcome = match process.join_timeout(LIMIT) {
        Err(Error::TimedOut(limit)) => {
            format!("{} sem resposta", seconds(limit.as_secs_f64()))
        }
        other => format!("{other:?}"),
    };
    let state = if process.is_alive() { "vivo" } else { "morto" };
    Ok(format!("{outcome}, e ele ainda {state}")) // descartado aqui, ele morre
}
// ANCHOR_END: time_limit

// ANCHOR: ended_by
fn ended_by(end: impl Fn(&Process<()>)) -> Result<ExitStatus, Error> {
    let mut process = Process::start(never_ends, ())?;
    end(&process);
    match process.join_timeout(SOON) {
        Err(Error::WorkerDied { status, .. }) => Ok(status),
        other => other.and(Err(Error::TimedOut(SOON))),
    }
}
// ANCHOR_END: ended_by

fn exit_code() -> Result<ExitStatus, Error> {
    let leave = |code: i32| -> () { std::process::exit(code) };
    match Process::start(leave, 3)?.join() {
        Err(Error::WorkerDied { status, .. }) => Ok(status),
        other => other.and(Err(Error::TimedOut(SOON))),
    }
}

// ANCHOR: restart
/// Aborta na primeira vez que roda; na segunda, conta.
fn stumble(times: Value<u64>) -> u64 {
    if times.update(|times| times + 1) == 1 {
        abort_quietly();
    }
    count_primes(0..100_000)
}

fn restart() -> Result<String, Error> {
    let times = Value::new(0)?;
    match Process::start(stumble, times.clone())?.join() {
        Err(Error::WorkerDied { status, .. }) => {
            let primes = Process::start(stumble, times)?.join()?; // outro
            Ok(format!("{status}; o segundo respondeu {}", integer(primes)))
        }
        other => Ok(format!("não foi preciso: {other:?}")),
    }
}
// ANCHOR_END: restart

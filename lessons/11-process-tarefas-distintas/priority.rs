//! Dois processos que disputam um núcleo.

use std::thread::sleep;
use std::time::Duration;

use licoes::measure::trace::{now, traced};
use multiprocessamento::{Error, Pool, Process};
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
use serde::{Deserialize, Serialize};

/// Tempo para que os dois nasçam e se ponham no núcleo, e quanto dura a disputa: dezenas de vezes a fatia de tempo
/// que o escalonador dá a cada um.
const LEAD: f64 = 0.03;
const WINDOW: f64 = 0.1;

/// Onde, e de quando a quando, no relógio da máquina.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Bout {
    core: usize,
    start: f64,
    end: f64,
}

impl Bout {
    /// Daqui a pouco, no núcleo em que este programa está: é um que ele pode usar.
    fn soon() -> Self {
        let start = now() + LEAD;
        Bout { core: sched_getcpu(), start, end: start + WINDOW }
    }
}

// ANCHOR: compete
/// Segundos de processador que este processo conseguiu, num núcleo disputado por dois.
fn compete(Bout { core, start, end }: Bout) -> f64 {
    // Deixado ao sistema, cada um teria um núcleo só seu.
    let mut only = CpuSet::new();
    only.set(core);
    let _ = sched_setaffinity(None, &only);
    sleep(Duration::from_secs_f64((start - now()).max(0.0)));
    traced(|end| while now() < end {}, end).cpu_seconds
}
// ANCHOR_END: compete

// ANCHOR: with_processes
/// O segundo pede para ceder a vez.
pub fn with_processes() -> Result<[f64; 2], Error> {
    let bout = Bout::soon();
    let urgent = Process::start(compete, bout.clone())?;
    let patient = Process::builder().nice(10).start(compete, bout)?;
    Ok([urgent.join()?, patient.join()?])
}
// ANCHOR_END: with_processes

/// Num pool de dois, as tarefas não têm onde pedir nada.
pub fn with_a_pool() -> Result<[f64; 2], Error> {
    let pool = Pool::new(2)?;
    let bout = Bout::soon();
    let won = pool.chunk_size(1)?.map(compete, [bout.clone(), bout])?;
    Ok([won[0], won[1]])
}

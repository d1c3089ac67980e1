//! Um trabalhador que morre no meio: nos ranks e no Pool.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use licoes::run::lesson::Lesson;
use licoes::system::crash::abort_quietly;
use multiprocessamento::{Error, MpiJob, MpiPool, Pool};

use crate::claims::Death;

const TASKS: u64 = 64;
/// A tarefa que derruba quem a faz.
const DEADLY: u64 = 20;

/// Quem ainda existe depois disto ficou.
const PATIENCE: Duration = Duration::from_secs(5);

fn die_at_one(task: u64) -> u64 {
    if task == DEADLY {
        abort_quietly();
    }
    task
}

fn pid_after_a_while(_task: u64) -> u32 {
    sleep(Duration::from_millis(1));
    std::process::id()
}

/// Os ranks: o 0, e os que responderam a muitas tarefas.
fn pids(tasks: u64) -> Result<Vec<u32>, Error> {
    let mut pids = MpiPool::new()?.chunk_size(1)?.map(pid_after_a_while, 0..tasks)?;
    pids.push(std::process::id());
    pids.sort_unstable();
    pids.dedup();
    Ok(pids)
}

fn every_answer(_: ()) -> Result<Vec<u64>, Error> {
    MpiPool::new()?.chunk_size(1)?.map(die_at_one, 0..TASKS)
}

/// Quantos ainda existem. O `mpirun` mata os outros, mas não espera que o sistema os recolha: eles têm um instante.
fn left_after_a_while(pids: &[u32]) -> usize {
    let exists = |pid: &&u32| Path::new(&format!("/proc/{pid}")).exists();
    let left = || pids.iter().filter(exists).count();
    let start = Instant::now();
    while left() > 0 && start.elapsed() < PATIENCE {
        sleep(Duration::from_millis(5));
    }
    left()
}

/// Mede e conta o que se perdeu.
pub fn measure(lesson: &mut Lesson) -> Result<Death, Error> {
    let workers = lesson.options().workers.clamp(2, 4);
    let mut job = MpiJob::start(workers)?;
    let ranks = job.call(pids, 32 * workers as u64)??;
    let start = Instant::now();
    let told = job.call(every_answer, ()).and_then(|answers| answers).err();
    let seconds = start.elapsed().as_secs_f64();
    let left = left_after_a_while(&ranks);

    let pool = Pool::new(workers)?;
    let answers = pool.imap(die_at_one, 0..TASKS);
    let answered = answers.filter(Result::is_ok).count();
    let death = Death {
        told: told.map(|error| error.to_string()),
        ranks: ranks.len(),
        left,
        seconds,
        asked: TASKS as usize,
        answered,
    };
    lesson.say(&format!(
        "\nUma tarefa derruba quem a faz. Nos ranks: {}. No Pool: {answered} de {TASKS} respostas.",
        death.told.as_deref().unwrap_or("nenhum erro"),
    ));
    lesson.metric("death_s", "mpi", seconds, "s");
    Ok(death)
}

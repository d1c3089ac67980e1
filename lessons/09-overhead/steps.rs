//! Os degraus: a mesma tarefa quase vazia, entregue de maneiras cada vez mais baratas.
//!
//! O tempo diz quanto custa cada uma; quantas vezes alguém dormiu, por quê. Quem dorme precisa ser acordado, e é isso
//! que custa: o resto são poucas instruções.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use licoes::run::lesson::Lesson;
use multiprocessamento::Transport::{SharedMemory, Socket};
use multiprocessamento::{Error, Pool, Transport};
use registro::stats::median;

/// Uma maneira de entregar tarefas a um pool e esperar por todas as respostas.
struct Way {
    /// O identificador no registro.
    id: &'static str,
    transport: Transport,
    deliver: fn(&Pool, u64) -> Result<(), Error>,
}

// ANCHOR: steps
/// Do degrau mais alto ao mais baixo.
const WAYS: [Way; 7] = [
    Way { id: "socket_apply", transport: Socket, deliver: ask_and_wait },
    Way { id: "socket_one_each", transport: Socket, deliver: one_for_each },
    Way { id: "socket_map", transport: Socket, deliver: one_by_one },
    Way { id: "memory_apply", transport: SharedMemory, deliver: ask_and_wait },
    Way { id: "memory_imap", transport: SharedMemory, deliver: one_at_a_time_back },
    Way { id: "memory_map", transport: SharedMemory, deliver: one_by_one },
    Way { id: "memory_chunks", transport: SharedMemory, deliver: in_chunks },
];

fn almost_nothing(x: u64) -> u64 {
    black_box(x)
}

/// Uma pergunta, uma resposta, e só então a próxima pergunta.
fn ask_and_wait(pool: &Pool, tasks: u64) -> Result<(), Error> {
    (0..tasks).try_for_each(|x| pool.apply(almost_nothing, x).map(drop))
}

/// Cada trabalhador com uma tarefa na mão, e nenhuma à espera dele.
fn one_for_each(pool: &Pool, tasks: u64) -> Result<(), Error> {
    let one_each = pool.chunk_size(1)?.window(pool.workers());
    one_each.map(almost_nothing, 0..tasks).map(drop)
}

/// Uma tarefa por bloco, e quantas o pool quiser adiantar.
fn one_by_one(pool: &Pool, tasks: u64) -> Result<(), Error> {
    pool.chunk_size(1)?.map(almost_nothing, 0..tasks).map(drop)
}

/// O mesmo, com os resultados um a um.
fn one_at_a_time_back(pool: &Pool, tasks: u64) -> Result<(), Error> {
    pool.imap(almost_nothing, 0..tasks).try_for_each(|answer| answer.map(drop))
}

/// Blocos do tamanho que o pool escolher.
fn in_chunks(pool: &Pool, tasks: u64) -> Result<(), Error> {
    pool.map(almost_nothing, 0..tasks).map(drop)
}
// ANCHOR_END: steps

/// O que se mediu num degrau, uma repetição depois da outra.
pub struct Step {
    /// O identificador no registro.
    pub id: &'static str,
    /// Segundos por tarefa.
    pub seconds: Vec<f64>,
    /// Quantas vezes alguém dormiu por tarefa, neste processo ou num trabalhador.
    pub sleeps: Vec<f64>,
}

/// Mede cada degrau `repetitions` vezes, em alternância, com `budget` segundos para cada medida.
///
/// # Erros
///
/// O sistema recusou um processo, ou um trabalhador morreu.
pub fn measure(
    workers: usize,
    repetitions: usize,
    budget: f64,
) -> Result<Vec<Step>, Error> {
    let pool =
        |transport| Pool::builder().workers(workers).transport(transport).build();
    let (by_socket, by_memory) = (pool(Socket)?, pool(SharedMemory)?);
    let climb = |way: Way| {
        let pool = if way.transport == Socket { &by_socket } else { &by_memory };
        Climb::prepare(way, pool, budget)
    };
    let mut climbs = WAYS.into_iter().map(climb).collect::<Result<Vec<_>, _>>()?;
    for _ in 0..repetitions {
        climbs.iter_mut().try_for_each(Climb::repeat)?;
    }
    Ok(climbs.into_iter().map(|climb| climb.step).collect())
}

/// Mostra e registra os degraus.
pub fn record(lesson: &mut Lesson, steps: &[Step]) {
    lesson.say(
        "\nA mesma tarefa quase vazia, entregue de maneiras cada vez mais baratas:",
    );
    for Step { id, seconds, sleeps } in steps {
        lesson.metric("step_us", id, 1e6 * median(seconds), "us");
        lesson.metric("step_sleeps", id, 1e3 * median(sleeps), "");
    }
}

/// Com mais tarefas do que isto mediríamos a memória dos vetores, e não a entrega.
const MOST: u64 = 1 << 18;

/// Um degrau no meio da medida.
struct Climb<'p> {
    way: Way,
    pool: &'p Pool,
    /// Quantas tarefas em cada medida.
    tasks: u64,
    step: Step,
}

impl<'p> Climb<'p> {
    /// Procura quantas tarefas cabem numa medida; de passagem, acorda os trabalhadores e traz as páginas deles.
    fn prepare(way: Way, pool: &'p Pool, budget: f64) -> Result<Self, Error> {
        let step = Step { id: way.id, seconds: Vec::new(), sleeps: Vec::new() };
        let mut climb = Climb { way, pool, tasks: 64, step };
        while climb.tasks < MOST && climb.deliver()? < budget {
            climb.tasks *= 2;
        }
        Ok(climb)
    }

    /// Segundos de uma medida.
    fn deliver(&self) -> Result<f64, Error> {
        let start = Instant::now();
        (self.way.deliver)(self.pool, self.tasks)?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn repeat(&mut self) -> Result<(), Error> {
        let before = sleeps(self.pool);
        let seconds = self.deliver()?;
        let tasks = self.tasks as f64;
        self.step.sleeps.push((sleeps(self.pool) - before) / tasks);
        self.step.seconds.push(seconds / tasks);
        Ok(())
    }
}

/// Quantas vezes dormiram até agora as threads deste processo e as dos trabalhadores: as *trocas voluntárias* de
/// proc_pid_status(5). Quem perde o núcleo sem ter parado conta à parte, e não entra aqui.
fn sleeps(pool: &Pool) -> f64 {
    let processes = pool.pids().into_iter().chain([std::process::id()]);
    let tasks =
        processes.filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok());
    let statuses = tasks
        .flat_map(|threads| threads.flatten())
        .filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok());
    let count = |status: String| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<f64>().ok())
    };
    statuses.filter_map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::LEGEND;

    #[test]
    fn every_step_has_a_name_for_the_reader() {
        for way in WAYS {
            assert!(LEGEND.iter().any(|entry| entry.id == way.id), "{}", way.id);
        }
    }
}

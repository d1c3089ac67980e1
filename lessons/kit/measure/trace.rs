//! Quem fez cada pedaço do trabalho, em que núcleo, de quando a quando.

use std::collections::BTreeMap;

use registro::record::Span;
use rustix::thread::{gettid, sched_getcpu};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Um resultado e a história de como foi feito.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Piece<R> {
    /// O resultado.
    pub value: R,
    /// O processo que o fez.
    pub pid: u32,
    /// A thread que o fez.
    pub tid: u32,
    /// O núcleo em que a tarefa terminou.
    pub cpu: usize,
    /// Início, em segundos do relógio da máquina, que é o mesmo em todos os processos.
    pub start: f64,
    /// Fim, no mesmo relógio.
    pub end: f64,
    /// Tempo de processador gasto, em segundos. Menor que `end - start` se a tarefa esperou.
    pub cpu_seconds: f64,
}

/// Roda `function(argument)` e anota a história.
pub fn traced<F, A, R>(function: F, argument: A) -> Piece<R>
where
    F: Fn(A) -> R,
{
    let (start, busy) = (now(), thread_seconds());
    let value = function(argument);
    Piece {
        value,
        pid: std::process::id(),
        tid: gettid().as_raw_nonzero().get().unsigned_abs(),
        cpu: sched_getcpu(),
        start,
        end: now(),
        cpu_seconds: thread_seconds() - busy,
    }
}

/// Segundos no relógio monotônico da máquina.
pub fn now() -> f64 {
    seconds(ClockId::Monotonic)
}

/// Tempo de processador que este processo já gastou, em segundos, somadas as suas threads.
pub fn process_seconds() -> f64 {
    seconds(ClockId::ProcessCPUTime)
}

fn thread_seconds() -> f64 {
    seconds(ClockId::ThreadCPUTime)
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Os trechos de um modelo que começou no instante `origin`. Os trabalhadores são numerados na ordem em
/// que começaram o primeiro pedaço.
pub fn spans<R>(model: &str, pieces: &[Piece<R>], origin: f64) -> Vec<Span> {
    let mut by_start: Vec<_> = pieces.iter().collect();
    by_start.sort_by(|a, b| a.start.total_cmp(&b.start));
    let mut numbers = BTreeMap::new();
    by_start
        .into_iter()
        .map(|piece| {
            let next = numbers.len();
            let worker = *numbers.entry((piece.pid, piece.tid)).or_insert(next);
            Span {
                model: model.to_owned(),
                worker,
                pid: piece.pid,
                tid: piece.tid,
                cpu: piece.cpu,
                start: piece.start - origin,
                end: piece.end - origin,
            }
        })
        .collect()
}

//! O que uma tarefa anota fora da memória do seu processo: quem é cancelado não volta para contar.

use licoes::measure::trace::now;
use multiprocessamento::{Error, SharedArray};
use registro::record::Span;
use rustix::thread::sched_getcpu;
use serde::{Deserialize, Serialize};

const START: usize = 0;
const END: usize = 1;
const PID: usize = 2;
const CORE: usize = 3;

/// Quem fez a tarefa, em que núcleo, de quando a quando.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Note(SharedArray<f64>);

impl Note {
    pub fn new() -> Result<Self, Error> {
        SharedArray::new(4).map(Note)
    }

    /// Roda `task`, e anota antes e depois.
    pub fn around<R>(&self, task: impl FnOnce() -> R) -> R {
        self.0.set(PID, f64::from(std::process::id()));
        self.0.set(CORE, sched_getcpu() as f64);
        self.0.set(START, now());
        let answer = task();
        self.0.set(END, now());
        answer
    }

    /// Quando começou; nada, se não chegou a começar.
    pub fn start(&self) -> Option<f64> {
        Some(self.0.get(START)).filter(|start| *start > 0.0)
    }

    /// O trecho desta tarefa, na faixa `lane`. Se ela não terminou, vai até quando se soube do fim dela.
    pub fn span(
        &self,
        model: &str,
        lane: usize,
        origin: f64,
        known: f64,
    ) -> Option<Span> {
        let start = self.start()?;
        let [end, pid, core] = [END, PID, CORE].map(|cell| self.0.get(cell));
        let end = if end > 0.0 { end } else { known };
        Some(Span {
            model: model.to_owned(),
            worker: lane,
            pid: pid as u32,
            tid: pid as u32,
            cpu: core as usize,
            start: start - origin,
            end: end - origin,
        })
    }
}

//! O diário das três tarefas: o que cada uma anota fora da memória do seu processo, e a conferência lê depois.

use std::thread::sleep;
use std::time::Duration;

use licoes::measure::trace::now;
use multiprocessamento::{Error, SharedArray};
use serde::{Deserialize, Serialize};

/// Quem anota.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    Primes,
    Chain,
    Background,
}

impl Task {
    const ALL: [Task; 3] = [Task::Primes, Task::Chain, Task::Background];
}

/// O que se anota.
#[derive(Clone, Copy, Debug)]
pub enum Note {
    /// O processo em que a tarefa rodou.
    Pid,
    /// Quanto ele cede a vez.
    Nice,
    /// Quando ela começou.
    Start,
    /// A última vez que deu sinal de vida.
    Beat,
    /// 1, se as outras duas vieram à largada.
    Together,
}

/// Quantas notas cada tarefa tem.
const NOTES: usize = Note::Together as usize + 1;

/// De quanto em quanto tempo dá sinal de vida quem não termina.
const PULSE: Duration = Duration::from_millis(2);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Diary(SharedArray<f64>);

impl Diary {
    pub fn new() -> Result<Self, Error> {
        Ok(Diary(SharedArray::new(Task::ALL.len() * NOTES)?))
    }

    pub fn set(&self, task: Task, note: Note, value: f64) {
        self.0.set(task as usize * NOTES + note as usize, value);
    }

    pub fn get(&self, task: Task, note: Note) -> f64 {
        self.0.get(task as usize * NOTES + note as usize)
    }

    /// O que as três anotaram, na ordem delas.
    pub fn all(&self, note: Note) -> [f64; 3] {
        Task::ALL.map(|task| self.get(task, note))
    }

    /// Dá um sinal de vida.
    pub fn beat(&self, task: Task) {
        self.set(task, Note::Beat, now());
    }

    /// Dá sinais de vida até que encerrem o processo.
    pub fn beat_for_ever(&self, task: Task) -> ! {
        loop {
            self.beat(task);
            sleep(PULSE);
        }
    }
}

//! O chão de um pool de threads: dois canais da crossbeam, uma mensagem por tarefa em cada sentido, e mais nada.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, unbounded};

type Answer = (usize, std::thread::Result<u64>);

/// Threads que já nasceram, à espera de tarefas.
pub struct Channel {
    tasks: Option<Sender<(usize, u64)>>,
    answers: Receiver<Answer>,
    threads: Vec<JoinHandle<()>>,
}

impl Channel {
    pub fn start<F: Fn(u64) -> u64 + Copy + Send + 'static>(function: F, workers: usize) -> Self {
        let (tasks, queue) = unbounded::<(usize, u64)>();
        let (replies, answers) = unbounded();
        let work = || {
            let (queue, replies) = (queue.clone(), replies.clone());
            std::thread::spawn(move || {
                for (index, item) in queue {
                    let answer = catch_unwind(AssertUnwindSafe(|| function(item)));
                    if replies.send((index, answer)).is_err() {
                        return;
                    }
                }
            })
        };
        let threads = (0..workers).map(|_| work()).collect();
        Channel { tasks: Some(tasks), answers, threads }
    }

    /// As respostas, na ordem de `items`.
    pub fn map(&self, items: &[u64]) -> Vec<u64> {
        let tasks = self.tasks.as_ref().expect("as threads ainda esperam");
        for (index, &item) in items.iter().enumerate() {
            tasks.send((index, item)).expect("as threads ainda esperam");
        }
        let mut results = vec![0; items.len()];
        for (index, answer) in self.answers.iter().take(items.len()) {
            results[index] = answer.expect("nenhum pânico");
        }
        results
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        drop(self.tasks.take());
        for thread in self.threads.drain(..) {
            thread.join().expect("a thread termina");
        }
    }
}

//! O que todas as chamadas de um pool de threads usam, e os iteradores, que podem durar mais do que ele.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::Error;
use crate::dispatch::promise::Promise;
use crate::process::copy::process_id;
use crate::process::panics;

/// O que uma thread faz a seguir.
pub(super) type ThreadJob = Box<dyn FnOnce() + Send>;

pub(super) struct ThreadCore {
    /// Nada, para que a thread que o recebe termine.
    jobs: Sender<Option<ThreadJob>>,
    pub(super) queue: Receiver<Option<ThreadJob>>,
    pub(super) workers: usize,
    closed: AtomicBool,
    terminated: AtomicBool,
    /// Se as threads já se foram.
    finished: AtomicBool,
    /// O processo que criou as threads.
    owner: u32,
}

impl ThreadCore {
    pub(super) fn new(workers: usize) -> Self {
        let (jobs, queue) = unbounded();
        ThreadCore {
            jobs,
            queue,
            workers,
            closed: AtomicBool::new(false),
            terminated: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            owner: process_id(),
        }
    }

    /// Se este processo é o que criou as threads, e não uma cópia dele.
    pub(super) fn is_owned(&self) -> bool {
        self.owner == process_id()
    }

    /// # Erros
    ///
    /// [`Error::OtherProcess`] e [`Error::Closed`], se o pool não aceita mais nada.
    pub(super) fn check_open(&self) -> Result<(), Error> {
        if !self.is_owned() {
            return Err(Error::OtherProcess);
        }
        if self.closed.load(Ordering::SeqCst) { Err(Error::Closed) } else { Ok(()) }
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub(super) fn terminate(&self) {
        self.close();
        self.terminated.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_terminated(&self) -> bool {
        self.terminated.load(Ordering::SeqCst)
    }

    /// Dispensa uma thread, depois de tudo o que já foi entregue.
    pub(super) fn dismiss_one(&self) {
        let _ = self.jobs.send(None);
    }

    /// As threads já se foram: descarta o que ninguém mais fará.
    pub(super) fn finish(&self) {
        self.finished.store(true, Ordering::SeqCst);
        self.drain();
    }

    pub(super) fn submit<F, A, R>(self: &Arc<Self>, function: F, items: Vec<A>, promise: Promise<Vec<R>>)
    where
        F: Fn(A) -> R + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        if let Err(error) = self.check_open() {
            return promise.keep(Err(error));
        }
        let core = self.clone();
        self.post(Box::new(move || {
            if promise.is_wanted() && !core.is_terminated() {
                promise.keep(panics::catch(|| items.into_iter().map(function).collect()));
            }
        }));
    }

    /// Entrega `job` à primeira thread livre. Descartado sem ser feito, ele responde por si.
    pub(super) fn post(&self, job: ThreadJob) {
        // Há sempre um receptor, que é daqui mesmo.
        let _ = self.jobs.send(Some(job));
        if self.finished.load(Ordering::SeqCst) {
            // O pool terminou entre a pergunta de quem entrega e agora: ou ele viu este pedido, ou o vemos nós.
            self.drain();
        }
    }

    fn drain(&self) {
        while self.queue.try_recv().is_ok() {}
    }
}

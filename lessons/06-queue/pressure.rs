//! A fila cheia: o que acontece quando ninguém tira, e quando quem tira é lento.

use std::thread::sleep;
use std::time::Duration;

use licoes::measure::trace::now;
use licoes::run::lesson::Lesson;
use multiprocessamento::{Error, Event, Process, Queue};
use registro::stats::median;

/// Lugares da fila.
const CAPACITY: usize = 8;
/// Itens que passam por ela.
const ITEMS: u64 = 32;
/// Quanto quem põe aceita esperar por um lugar.
const LIMIT: Duration = Duration::from_millis(200);
/// Quanto o consumidor lento descansa a cada item.
pub const PAUSE: Duration = Duration::from_millis(2);
/// De quanto em quanto, em segundos, a curva conta os itens.
const STEP: f64 = 0.005;

/// Como uma fila sem consumidor recusou um item.
pub struct Full {
    /// Quantos entraram antes.
    pub accepted: usize,
    /// Quanto ele esperou, em segundos.
    pub waited: f64,
    /// O que `put_timeout` devolveu.
    pub error: Error,
}

// ANCHOR: overfill
/// Põe itens numa fila de que ninguém tira, até ela recusar um.
pub fn overfill() -> Result<Full, Error> {
    let queue = Queue::bounded(CAPACITY)?;
    loop {
        let start = now();
        if let Err(error) = queue.put_timeout(&7, LIMIT) {
            return Ok(Full { accepted: queue.len(), waited: now() - start, error });
        }
    }
}
// ANCHOR_END: overfill

/// Quando cada item entrou na fila, e quando saiu dela.
pub struct Flow {
    start: f64,
    put: Vec<f64>,
    got: Vec<f64>,
}

// ANCHOR: flow
/// Põe os itens o mais depressa que a fila deixa, com um consumidor que descansa `pause` a cada um.
pub fn flow(pause: Duration) -> Result<Flow, Error> {
    let (queue, ready) = (Queue::bounded(CAPACITY)?, Event::new()?);
    let consumer = Process::start(consume, (queue.clone(), ready.clone(), pause))?;
    ready.wait()?;
    let start = now();
    let mut put = Vec::new();
    for item in 0..ITEMS {
        queue.put(&item)?; // com a fila cheia, espera aqui
        put.push(now());
    }
    queue.close()?;
    Ok(Flow { start, put, got: consumer.join()?? })
}

fn consume(
    (queue, ready, pause): (Queue<u64>, Event, Duration),
) -> Result<Vec<f64>, Error> {
    ready.set()?;
    let mut got = Vec::new();
    while queue.get().is_ok() {
        got.push(now());
        sleep(pause);
    }
    Ok(got)
}
// ANCHOR_END: flow

impl Flow {
    /// Quanto leva um `put`, em segundos, depois que a fila teve tempo de encher.
    pub fn put(&self) -> f64 {
        let each: Vec<f64> =
            self.put.windows(2).map(|pair| pair[1] - pair[0]).collect();
        median(&each[CAPACITY..])
    }

    /// Registra duas curvas pelo tempo: os itens que já entraram na fila e os que já saíram.
    pub fn draw(&self, lesson: &mut Lesson) {
        let end = self.got.iter().fold(self.start, |end, time| end.max(*time));
        let steps = ((end - self.start) / STEP).ceil() as u32;
        for step in 0..=steps {
            let at = f64::from(step) * STEP;
            for (side, times) in [("put", &self.put), ("get", &self.got)] {
                let done =
                    times.iter().filter(|time| **time <= self.start + at).count();
                lesson.point(
                    "items_by_time",
                    side,
                    (at * 1e3, "ms"),
                    (done as f64, "itens"),
                );
            }
        }
    }
}

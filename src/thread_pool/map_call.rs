//! `map` com threads: os blocos numa fila, e cada thread num *posto* (*seat*) que tira dela até que acabem.
//!
//! Uma mensagem por bloco, de ida. De volta as respostas vêm juntas, muitas de cada vez: quem pediu dorme enquanto as threads
//! trabalham. Um posto é um pedido comum na fila do pool, e dá a vez a quem chegar depois dele.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::core::ThreadCore;
use crate::Error;
use crate::process::panics;

/// Quantos blocos por thread podem estar em andamento no começo, quando não se sabe quanto duram, e quantos ao todo no fim.
const FIRST: usize = 16;
const MOST: usize = 16 << 10;

/// Uma janela que se encheu de novo em menos do que isto podia ser maior, e uma que demorou mais do que aquilo, menor.
const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_millis(32);

/// Em quantas vezes volta o que uma thread faz de uma janela.
const REPORTS: usize = 4;

/// Um `map` em andamento, do lado de quem o pediu. Descartado, os blocos que ninguém começou não serão feitos.
pub(super) struct MapCall<F, U, V> {
    core: Arc<ThreadCore>,
    function: F,
    units: Sender<(usize, U)>,
    /// Para os postos que ainda vão nascer.
    seat_ends: (Receiver<(usize, U)>, Sender<Report<V>>),
    reports: Receiver<Report<V>>,
    terms: Arc<Terms>,
    submitted: usize,
    results: Vec<Option<V>>,
    received: usize,
    window: Window,
}

/// O que quem pediu e os postos têm em comum.
struct Terms {
    is_over: AtomicBool,
    /// Quantos postos há, com alguém neles ou ainda na fila.
    seats: AtomicUsize,
    /// Quantas respostas um posto junta antes de as mandar.
    report_at: AtomicUsize,
}

/// O que um posto conta.
struct Report<V> {
    values: Vec<(usize, V)>,
    failure: Option<(usize, Error)>,
}

impl<F, U, V> MapCall<F, U, V>
where
    F: Fn(U) -> V + Clone + Send + 'static,
    U: Send + 'static,
    V: Send + 'static,
{
    /// Com `window`, não mais do que tantos blocos em andamento.
    pub(super) fn new(core: &Arc<ThreadCore>, function: F, window: Option<usize>) -> Self {
        let (units, waiting) = unbounded();
        let (answers, reports) = unbounded();
        let window = Window::new(core.workers, window);
        let report_at = AtomicUsize::new(window.report_at(core.workers));
        MapCall {
            core: core.clone(),
            function,
            units,
            seat_ends: (waiting, answers),
            reports,
            terms: Arc::new(Terms { is_over: AtomicBool::new(false), seats: AtomicUsize::new(0), report_at }),
            submitted: 0,
            results: Vec::new(),
            received: 0,
            window,
        }
    }

    /// Faz todos os blocos, e devolve os resultados na ordem da entrada.
    ///
    /// # Erros
    ///
    /// Das falhas que já chegaram, a primeira na ordem da entrada. [`Error::Closed`] e [`Error::OtherProcess`] se o pool não
    /// aceita mais nada; [`Error::Terminated`] se ele não fará o que já aceitou.
    pub(super) fn run(mut self, units: impl Iterator<Item = U>) -> Result<Vec<V>, Error> {
        let mut units = units.fuse();
        // Uma entrada sem fim também promete um tamanho: só se reserva o de uma janela.
        self.results.reserve(units.size_hint().0.min(MOST));
        loop {
            self.fill(&mut units)?;
            if self.in_flight() == 0 {
                return Ok(std::mem::take(&mut self.results).into_iter().flatten().collect());
            }
            if self.terms.seats.load(Ordering::SeqCst) > 0 {
                // Quem se levanta avisa, tenha ou não o que contar.
                if let Ok(report) = self.reports.recv() {
                    self.take(report)?;
                }
            } else if let Ok(report) = self.reports.try_recv() {
                self.take(report)?;
            } else if self.core.is_terminated() {
                // Todos se levantaram, e já contaram tudo: o que falta ninguém fará.
                return Err(Error::Terminated);
            }
        }
    }

    fn in_flight(&self) -> usize {
        self.submitted - self.received
    }

    /// Enche a janela, se já passou da metade, ou se falta o que dar a uma thread.
    fn fill(&mut self, units: &mut impl Iterator<Item = U>) -> Result<(), Error> {
        if self.in_flight() <= self.window.refill_at(self.core.workers) {
            while self.in_flight() < self.window.size {
                let Some(unit) = units.next() else { break };
                self.core.check_open()?;
                // Há sempre um receptor, que é nosso.
                let _ = self.units.send((self.submitted, unit));
                self.submitted += 1;
                while let Ok(report) = self.reports.try_recv() {
                    self.take(report)?;
                }
                self.seat();
            }
            self.window.adapt();
            self.terms.report_at.store(self.window.report_at(self.core.workers), Ordering::Relaxed);
        }
        self.seat();
        Ok(())
    }

    /// Um posto por thread, enquanto há blocos para eles.
    fn seat(&mut self) {
        // Um bloco que já foi pego também conta: quem o tem não pode pegar o seguinte.
        let wanted = if self.core.is_terminated() { 0 } else { self.core.workers.min(self.in_flight()) };
        // De quem se levanta, ou se vê aqui que saiu, ou ele vê, antes de sair, o bloco que acaba de chegar.
        fence(Ordering::SeqCst);
        while !self.units.is_empty() && self.terms.seats.load(Ordering::SeqCst) < wanted {
            self.terms.seats.fetch_add(1, Ordering::SeqCst);
            let seat = Seat {
                core: self.core.clone(),
                function: self.function.clone(),
                units: self.seat_ends.0.clone(),
                reports: self.seat_ends.1.clone(),
                terms: self.terms.clone(),
                has_left: false,
            };
            self.core.post(Box::new(move || seat.work()));
        }
    }

    fn take(&mut self, report: Report<V>) -> Result<(), Error> {
        if let Some(failure) = report.failure {
            let others = self.reports.try_iter().filter_map(|report| report.failure);
            let first = others.chain([failure]).min_by_key(|(index, _)| *index);
            return Err(first.map_or(Error::Terminated, |(_, error)| error));
        }
        self.received += report.values.len();
        self.results.resize_with(self.submitted, || None);
        for (index, value) in report.values {
            self.results[index] = Some(value);
        }
        Ok(())
    }
}

impl<F, U, V> Drop for MapCall<F, U, V> {
    fn drop(&mut self) {
        self.terms.is_over.store(true, Ordering::Relaxed);
    }
}

/// O lugar de uma thread num `map`. Descartado, com trabalho feito ou sem, avisa quem pediu.
struct Seat<F, U, V> {
    core: Arc<ThreadCore>,
    function: F,
    units: Receiver<(usize, U)>,
    reports: Sender<Report<V>>,
    terms: Arc<Terms>,
    /// Se já não está entre os que há.
    has_left: bool,
}

impl<F, U, V> Seat<F, U, V>
where
    F: Fn(U) -> V + Clone + Send + 'static,
    U: Send + 'static,
    V: Send + 'static,
{
    fn work(mut self) {
        let mut values = Vec::new();
        loop {
            while !self.is_over()
                && let Ok((index, unit)) = self.units.try_recv()
            {
                match panics::catch(|| (self.function)(unit)) {
                    Ok(value) => values.push((index, value)),
                    Err(error) => return self.report(values, Some((index, error))),
                }
                let has_others = !self.core.queue.is_empty();
                if has_others || values.len() >= self.terms.report_at.load(Ordering::Relaxed) {
                    self.report(std::mem::take(&mut values), None);
                }
                if has_others {
                    // Atrás de quem espera.
                    let core = self.core.clone();
                    return core.post(Box::new(move || self.work()));
                }
            }
            self.report(std::mem::take(&mut values), None);
            if self.is_over() || self.leave() {
                return;
            }
        }
    }

    /// Levanta-se, a menos que um bloco tenha chegado no último instante.
    fn leave(&mut self) -> bool {
        self.terms.seats.fetch_sub(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.has_left = self.units.is_empty();
        if !self.has_left {
            self.terms.seats.fetch_add(1, Ordering::SeqCst);
        }
        self.has_left
    }

    fn is_over(&self) -> bool {
        self.terms.is_over.load(Ordering::Relaxed) || self.core.is_terminated()
    }

    fn report(&self, values: Vec<(usize, V)>, failure: Option<(usize, Error)>) {
        // Quem pediu pode ter desistido.
        let _ = self.reports.send(Report { values, failure });
    }
}

impl<F, U, V> Drop for Seat<F, U, V> {
    fn drop(&mut self) {
        if !self.has_left {
            self.terms.seats.fetch_sub(1, Ordering::SeqCst);
        }
        let _ = self.reports.send(Report { values: Vec::new(), failure: None });
    }
}

/// Quantos blocos podem estar em andamento. Uma entrada não cabe inteira na memória; mas encher a janela acorda quem pediu, e
/// ele ocupa um núcleo em que uma thread trabalharia: com tarefas curtas, que seja poucas vezes.
struct Window {
    size: usize,
    least: usize,
    most: usize,
    filled: Instant,
}

impl Window {
    fn new(workers: usize, fixed: Option<usize>) -> Self {
        let [least, size, most] = fixed.map_or([2 * workers, FIRST * workers, MOST], |size| [size; 3]);
        Window { size, least, most, filled: Instant::now() }
    }

    /// Ela acaba de se encher.
    fn adapt(&mut self) {
        let elapsed = self.filled.elapsed();
        if elapsed < SHORT {
            self.size = self.size.saturating_mul(4).min(self.most);
        } else if elapsed > LONG {
            self.size = (self.size / 4).max(self.least);
        }
        self.filled = Instant::now();
    }

    /// Com quantos em andamento ela se enche de novo.
    fn refill_at(&self, workers: usize) -> usize {
        (self.size / 2).max(workers.min(self.size - 1))
    }

    fn report_at(&self, workers: usize) -> usize {
        (self.size / workers / REPORTS).max(1)
    }
}

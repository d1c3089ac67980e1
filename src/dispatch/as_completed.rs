//! Vários resultados, na ordem em que ficam prontos.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::result::AsyncResult;
use crate::Error;

/// Os resultados de vários pedidos, na ordem em que ficam prontos, cada um com a sua posição na entrada.
///
/// O primeiro é o que acabou antes; para não fazer os outros, [`cancel`](AsCompleted::cancel). Em Python é o `as_completed`,
/// de `concurrent.futures`.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{as_completed, init, Error, Event, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// let portao = Event::new()?;
/// // Quem recebe o portão espera que ele se abra.
/// let tarefa = |portao: Option<Event>| portao.map(|portao| portao.wait()).is_some();
/// let pedidos = [Some(portao.clone()), None].map(|portao| pool.apply_async(tarefa, portao));
/// let mut prontos = as_completed(pedidos);
/// let (posicao, esperou) = prontos.next().expect("há dois");
/// assert_eq!((posicao, esperou?), (1, false));
/// prontos.cancel();
/// portao.set()?;
/// # Ok(())
/// # }
/// ```
pub fn as_completed<R>(results: impl IntoIterator<Item = AsyncResult<R>>) -> AsCompleted<R> {
    let (signal, signals) = unbounded();
    let mut completed = AsCompleted {
        waiting: results.into_iter().map(Some).collect(),
        ready: VecDeque::new(),
        left: 0,
        signal,
        signals,
    };
    completed.left = completed.waiting.len();
    for index in 0..completed.waiting.len() {
        if let Some(result) = completed.look_at(index) {
            completed.ready.push_back((index, result));
        }
    }
    completed
}

/// Os resultados, na ordem em que ficam prontos; vem de [`as_completed`].
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{as_completed, init, Error, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// // Um divisor de 9991, em quatro faixas ao mesmo tempo: o primeiro que aparecer serve.
/// let pool = Pool::new(2)?;
/// let procurar = |inicio: u64| (inicio..inicio + 100).find(|divisor| 9991 % divisor == 0);
/// let mut faixas = as_completed([2, 102, 202, 302].map(|inicio| pool.apply_async(procurar, inicio)));
/// let achado = faixas.find_map(|(_, resposta)| resposta.ok().flatten());
/// faixas.cancel(); // as que faltam já não interessam
/// assert!(achado == Some(97) || achado == Some(103));
/// # Ok(())
/// # }
/// ```
#[must_use = "descartado, não se sabe de nenhum dos resultados"]
pub struct AsCompleted<R> {
    waiting: Vec<Option<AsyncResult<R>>>,
    /// Os que já estavam prontos quando se olhou.
    ready: VecDeque<(usize, Result<R, Error>)>,
    /// Quantos faltam entregar.
    left: usize,
    signal: Sender<usize>,
    /// De quais há novidade.
    signals: Receiver<usize>,
}

impl<R> AsCompleted<R> {
    /// Desiste dos que faltam: o que ninguém começou não será feito.
    pub fn cancel(self) {
        self.waiting.into_iter().flatten().for_each(AsyncResult::cancel);
    }

    /// O resultado `index`, se já chegou; senão, pede que se avise quando chegar.
    fn look_at(&mut self, index: usize) -> Option<Result<R, Error>> {
        let result = self.waiting[index].as_mut()?;
        let waker = Waker::from(Arc::new(Signal { index, to: self.signal.clone() }));
        match Pin::new(result).poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => None,
            Poll::Ready(outcome) => {
                self.waiting[index] = None;
                Some(outcome)
            }
        }
    }
}

/// Avisa que há novidade do resultado `index`.
struct Signal {
    index: usize,
    to: Sender<usize>,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        // Quem pediu pode ter desistido.
        let _ = self.to.send(self.index);
    }
}

impl<R> Iterator for AsCompleted<R> {
    type Item = (usize, Result<R, Error>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        loop {
            let index = self.signals.recv().ok()?;
            if let Some(result) = self.look_at(index) {
                return Some((index, result));
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<R> fmt::Debug for AsCompleted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("left", &self.left).finish_non_exhaustive()
    }
}

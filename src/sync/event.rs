//! Um aviso que vários processos esperam.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::clock::deadline_in;
use crate::shm::futex;
use crate::shm::memory::{Memory, WrongSize};

const CLEAR: u32 = 0;
const SET: u16 = 1;

/// Um aviso entre processos, como o `Event` do Python: dado uma vez, todos os que esperam por ele seguem.
///
/// Os clones são o mesmo evento, e o que chega a outro processo também. Não é de ninguém: um processo morto não
/// o muda, tenha ele dado o aviso ou esperado por ele.
///
/// Quem dormia e só olha depois de um [`clear`](Self::clear) logo após o [`set`](Self::set) pode não ver o aviso,
/// e segue esperando. Para passos em compasso, há a [`Barrier`](crate::Barrier).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Event, Process};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let largada = Event::new()?;
/// let corredor = Process::start(|largada: Event| largada.wait().is_ok(), largada.clone())?;
/// largada.set()?;
/// assert!(corredor.join()?);
/// assert!(largada.is_set()); // dado, fica dado: quem chegar agora não espera
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Memory", try_from = "Memory")]
pub struct Event(Memory);

impl Event {
    /// Um evento ainda por acontecer.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusa a memória.
    pub fn new() -> Result<Self, Error> {
        Ok(Event(Memory::create("Event", size_of::<AtomicU32>())?))
    }

    /// Dá o aviso e acorda todos os que esperam.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema não sabe acordar quem espera.
    pub fn set(&self) -> Result<(), Error> {
        futex::set_and_wake(self.word(), SET).map_err(Error::io)
    }

    /// Retira o aviso: quem chegar agora espera pelo próximo.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Event, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let porta = Event::new()?;
    /// let passar = |porta: Event| porta.wait_timeout(Duration::from_millis(10)).is_ok();
    /// porta.set()?; // aberta
    /// assert!(Process::start(passar, porta.clone())?.join()?);
    /// porta.clear(); // fechada: quem chega espera
    /// assert!(!Process::start(passar, porta.clone())?.join()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear(&self) {
        self.word().store(CLEAR, Ordering::Release);
    }

    /// Se o aviso está dado.
    pub fn is_set(&self) -> bool {
        self.word().load(Ordering::Acquire) != CLEAR
    }

    /// Espera o aviso; volta na hora se ele já foi dado.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema não sabe esperar.
    pub fn wait(&self) -> Result<(), Error> {
        self.wait_until(None).map(|_| ())
    }

    /// Espera o aviso por no máximo `limit`.
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se o tempo acabou.
    pub fn wait_timeout(&self, limit: Duration) -> Result<(), Error> {
        if self.wait_until(deadline_in(limit))? { Ok(()) } else { Err(Error::TimedOut(limit)) }
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<bool, Error> {
        while !self.is_set() {
            if !futex::wait(self.word(), CLEAR, deadline).map_err(Error::io)? {
                return Ok(self.is_set());
            }
        }
        Ok(true)
    }

    fn word(&self) -> &AtomicU32 {
        self.0.mapping().at(0)
    }
}

impl From<Event> for Memory {
    fn from(event: Event) -> Self {
        event.0
    }
}

impl TryFrom<Memory> for Event {
    type Error = WrongSize;

    fn try_from(memory: Memory) -> Result<Self, WrongSize> {
        Ok(Event(memory.expect(size_of::<AtomicU32>())?))
    }
}

//! Um processo de cada vez.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::clock::deadline_in;
use crate::shm::memory::{Memory, WrongSize};
use crate::shm::robust::{RobustGuard, RobustMutex};

/// Uma trava entre processos, como o `Lock` do Python, mas que sobrevive à morte do dono.
///
/// Os clones são a mesma trava, e o que chega a outro processo também. Se um processo é morto com ela na mão,
/// a trava se abre, e o próximo dono fica sabendo por [`LockGuard::owner_died`]. A do Python ficaria fechada
/// para sempre.
///
/// Também vale entre threads do mesmo processo.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Lock, Pool, Value};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let (trava, saldo) = (Lock::new()?, Value::new(0_i64)?);
/// let depositar = |(trava, saldo): (Lock, Value<i64>)| -> bool {
///     let Ok(_na_mao) = trava.lock() else { return false };
///     saldo.set(saldo.get() + 10);
///     true
/// };
/// Pool::new(2)?.map(depositar, vec![(trava, saldo.clone()); 20])?;
/// assert_eq!(saldo.get(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Memory", try_from = "Memory")]
pub struct Lock {
    memory: Memory,
    mutex: RobustMutex,
}

impl Lock {
    /// Uma trava aberta.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusa a memória.
    pub fn new() -> Result<Self, Error> {
        let memory = Memory::create("Lock", RobustMutex::SIZE)?;
        let mutex = RobustMutex::create(memory.mapping(), 0).map_err(Error::io)?;
        Ok(Lock { memory, mutex })
    }

    /// Pega a trava, esperando a vez. Ela é solta quando o [`LockGuard`] é descartado.
    ///
    /// # Erros
    ///
    /// [`Error::AlreadyLocked`] se esta thread já a tem: esperar por si mesma não acabaria nunca.
    pub fn lock(&self) -> Result<LockGuard, Error> {
        // Sem prazo, só não há trava quando há erro.
        self.lock_until(None)?.ok_or(Error::TimedOut(Duration::MAX))
    }

    /// Pega a trava, esperando a vez por no máximo `limit`.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Lock, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let impressora = Lock::new()?;
    /// let imprimir = |impressora: Lock| match impressora.lock_timeout(Duration::from_millis(10)) {
    ///     Ok(_na_mao) => Ok("impresso".to_owned()),
    ///     Err(Error::TimedOut(_)) => Ok("ocupada: tente mais tarde".to_owned()),
    ///     Err(outro) => Err(outro),
    /// };
    /// let _na_mao = impressora.lock()?;
    /// let resposta = Process::start(imprimir, impressora.clone())?.join()??;
    /// assert_eq!(resposta, "ocupada: tente mais tarde");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se o tempo acabou; [`Error::AlreadyLocked`] se esta thread já a tem.
    pub fn lock_timeout(&self, limit: Duration) -> Result<LockGuard, Error> {
        self.lock_until(deadline_in(limit))?.ok_or(Error::TimedOut(limit))
    }

    /// Pega a trava se ela está aberta; `None` se outra thread, deste ou de outro processo, a tem.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Lock, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let faxina = Lock::new()?;
    /// // Se alguém já a faz, não há o que fazer: segue-se sem esperar.
    /// let limpar = |faxina: Lock| faxina.try_lock().map(|minha| minha.is_some());
    /// let na_mao = faxina.lock()?;
    /// assert!(!Process::start(limpar, faxina.clone())?.join()??);
    /// drop(na_mao);
    /// assert!(Process::start(limpar, faxina.clone())?.join()??);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::AlreadyLocked`] se esta thread já a tem; [`Error::Io`] se o sistema recusou a trava.
    pub fn try_lock(&self) -> Result<Option<LockGuard>, Error> {
        self.lock_until(Some(Instant::now()))
    }

    fn lock_until(&self, deadline: Option<Instant>) -> Result<Option<LockGuard>, Error> {
        Ok(self.mutex.lock(deadline)?.map(LockGuard))
    }
}

impl From<Lock> for Memory {
    fn from(lock: Lock) -> Self {
        lock.memory
    }
}

impl TryFrom<Memory> for Lock {
    type Error = WrongSize;

    fn try_from(memory: Memory) -> Result<Self, WrongSize> {
        let memory = memory.expect(RobustMutex::SIZE)?;
        let mutex = RobustMutex::existing(memory.mapping(), 0);
        Ok(Lock { memory, mutex })
    }
}

/// Uma [`Lock`] na mão desta thread; solta ao ser descartado.
///
/// Dê-lhe um nome: `let _ = trava.lock()?` a solta na mesma linha.
///
/// # Exemplos
///
/// Se o dono morre com ela, o próximo fica sabendo:
///
/// ```
/// # use multiprocessamento::{init, Error, Lock, Process, SharedArray};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let (trava, contas) = (Lock::new()?, SharedArray::from_slice(&[100, 0])?);
/// // Este morre entre tirar de uma conta e pôr na outra.
/// let transferir = |(trava, contas): (Lock, SharedArray<i64>)| -> () {
///     let _na_mao = trava.lock();
///     contas.set(0, 70);
///     std::process::exit(1);
/// };
/// let _ = Process::start(transferir, (trava.clone(), contas.clone()))?.join();
///
/// let na_mao = trava.lock()?;
/// assert!(na_mao.owner_died());
/// contas.set(1, 100 - contas.get(0)); // o conserto
/// assert_eq!(contas.to_vec(), [70, 30]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "sem um nome, a trava é solta na mesma linha"]
pub struct LockGuard(RobustGuard);

impl LockGuard {
    /// Se o dono anterior morreu com a trava na mão: o que ela protege pode estar pela metade.
    ///
    /// Só o primeiro a pegá-la depois da morte fica sabendo. Cabe a ele consertar o que houver. Um pânico não é
    /// uma morte: a trava é solta no caminho, como em qualquer saída da função.
    pub fn owner_died(&self) -> bool {
        self.0.abandoned()
    }
}

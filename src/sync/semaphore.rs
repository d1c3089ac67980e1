//! No máximo N de cada vez.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::roster::{DeathCheck, Roster};
use crate::Error;
use crate::clock::deadline_in;
use crate::shm::memory::{Memory, WrongSize};

/// Na [`Roster`]: quantas permissões há ao todo. As livres não estão anotadas em lugar nenhum: são estas menos
/// as que os processos têm, e por isso não há conta que uma morte deixe errada.
const PERMITS: usize = 0;

/// Permissões que os processos dividem, como o `Semaphore` do Python, mas que voltam se quem as tem é morto.
///
/// Os clones são o mesmo semáforo, e o que chega a outro processo também. As permissões de um processo que
/// morreu voltam em cerca de um décimo de segundo para quem já esperava, e na hora para quem chega depois. Se
/// ele fazia algo pela metade, o semáforo não diz: para isso há o [`Lock`](crate::Lock).
///
/// Até 256 processos podem ter permissões ao mesmo tempo.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool, Semaphore};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let vagas = Semaphore::new(2)?;
/// let estacionar = |vagas: Semaphore| match vagas.acquire() {
///     Ok(_vaga) => true, // devolvida aqui
///     Err(_) => false,
/// };
/// let carros = Pool::new(4)?.map(estacionar, vec![vagas; 10])?;
/// assert_eq!(carros, [true; 10]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Memory", try_from = "Memory")]
pub struct Semaphore {
    roster: Roster,
}

impl Semaphore {
    /// Um semáforo com `permits` permissões livres. Com zero, ninguém passa nunca.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusa a memória.
    pub fn new(permits: u32) -> Result<Self, Error> {
        let roster = Roster::create("Semaphore")?;
        roster.number(PERMITS).store(permits, Ordering::Relaxed);
        Ok(Semaphore { roster })
    }

    /// Pega uma permissão, esperando por ela. Ela volta quando o [`SemaphoreGuard`] é descartado.
    ///
    /// # Erros
    ///
    /// [`Error::TooManyProcesses`] se 256 outros processos já têm permissões.
    pub fn acquire(&self) -> Result<SemaphoreGuard, Error> {
        self.acquire_until(None)?.ok_or(Error::TimedOut(Duration::MAX))
    }

    /// Pega uma permissão, esperando por ela por no máximo `limit`.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{Error, Semaphore};
    /// # fn main() -> Result<(), Error> {
    /// let conexoes = Semaphore::new(1)?;
    /// let atender = || match conexoes.acquire_timeout(Duration::from_millis(10)) {
    ///     Ok(_conexao) => Ok("atendido"),
    ///     Err(Error::TimedOut(_)) => Ok("ocupado"), // melhor uma recusa do que uma espera sem fim
    ///     Err(outro) => Err(outro),
    /// };
    /// let em_uso = conexoes.acquire()?;
    /// assert_eq!(atender()?, "ocupado");
    /// drop(em_uso);
    /// assert_eq!(atender()?, "atendido");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se o tempo acabou; e os de [`acquire`](Self::acquire).
    pub fn acquire_timeout(&self, limit: Duration) -> Result<SemaphoreGuard, Error> {
        self.acquire_until(deadline_in(limit))?.ok_or(Error::TimedOut(limit))
    }

    /// Pega uma permissão se há alguma livre.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{Error, Semaphore};
    /// # fn main() -> Result<(), Error> {
    /// let vagas = Semaphore::new(2)?;
    /// let mut estacionados = Vec::new();
    /// while let Some(vaga) = vagas.try_acquire()? {
    ///     estacionados.push(vaga);
    /// }
    /// assert_eq!(estacionados.len(), 2); // lotou: o próximo segue sem esperar
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// Os de [`acquire`](Self::acquire).
    pub fn try_acquire(&self) -> Result<Option<SemaphoreGuard>, Error> {
        self.acquire_until(Some(Instant::now()))
    }

    fn acquire_until(&self, deadline: Option<Instant>) -> Result<Option<SemaphoreGuard>, Error> {
        let mut check = DeathCheck::now();
        loop {
            let seen = self.roster.changes();
            if let Some(guard) = self.acquire_now(&mut check)? {
                return Ok(Some(guard));
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Ok(None);
            }
            self.roster.wait(seen, deadline, &check)?;
        }
    }

    fn acquire_now(&self, check: &mut DeathCheck) -> Result<Option<SemaphoreGuard>, Error> {
        let process = Identity::own().map_err(Error::io)?;
        let roster = self.roster.lock()?;
        let permits = self.roster.number(PERMITS).load(Ordering::Relaxed);
        // Procurar mortos custa: só quando as permissões acabaram.
        let available =
            roster.total() < permits || check.is_due() && roster.forget_dead() && roster.total() < permits;
        if !available {
            return Ok(None);
        }
        roster.add(process).or_else(|full| {
            // Os mortos também ocupam lugar.
            if roster.forget_dead() { roster.add(process) } else { Err(full) }
        })?;
        Ok(Some(SemaphoreGuard { semaphore: self.clone(), process }))
    }
}

impl From<Semaphore> for Memory {
    fn from(semaphore: Semaphore) -> Self {
        semaphore.roster.memory().clone()
    }
}

impl TryFrom<Memory> for Semaphore {
    type Error = WrongSize;

    fn try_from(memory: Memory) -> Result<Self, WrongSize> {
        Ok(Semaphore { roster: Roster::existing(memory)? })
    }
}

/// Uma permissão de um [`Semaphore`]; volta ao ser descartado.
///
/// Dê-lhe um nome: `let _ = semaforo.acquire()?` a devolve na mesma linha. Pode ser descartado por outra thread.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{Error, Semaphore};
/// # fn main() -> Result<(), Error> {
/// let vagas = Semaphore::new(1)?;
/// let vaga = vagas.acquire()?;
/// assert!(vagas.try_acquire()?.is_none());
/// drop(vaga);
/// assert!(vagas.try_acquire()?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "sem um nome, a permissão volta na mesma linha"]
pub struct SemaphoreGuard {
    semaphore: Semaphore,
    process: Identity,
}

impl Drop for SemaphoreGuard {
    fn drop(&mut self) {
        // Na cópia feita por um `fork`, a permissão é do original, que a devolverá.
        if std::process::id() != self.process.pid {
            return;
        }
        let roster = &self.semaphore.roster;
        // Sem a trava da lista, a permissão volta com o fim deste processo.
        if let Ok(locked) = roster.lock() {
            locked.remove(self.process);
        }
        // Quem morre antes desta linha não deixa ninguém dormindo: os que esperam olham de novo por conta própria.
        let _ = roster.announce();
    }
}

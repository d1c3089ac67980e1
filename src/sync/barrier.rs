//! Ninguém segue antes de todos chegarem.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::roster::{DeathCheck, LockedRoster, Roster};
use crate::Error;
use crate::clock::deadline_in;
use crate::shm::memory::Memory;

// Os números da barreira, na `Roster`. Quem morre enquanto os muda tem a barreira, e portanto a rompe: não
// precisam ficar coerentes entre si.
const PARTIES: usize = 0;
const ARRIVED: usize = 1;
/// Quantas vezes a barreira já abriu.
const GENERATION: usize = 2;
const BROKEN: usize = 3;

/// Um ponto de encontro, como o `Barrier` do Python: abre quando `parties` processos (ou threads) chegam a ele, e
/// serve de novo para a próxima volta.
///
/// Os clones são a mesma barreira, e o que chega a outro processo também. Se um processo que a tem é morto, ela
/// se rompe em cerca de um décimo de segundo: todos os que esperam, e os que chegarem depois, recebem
/// [`Error::BrokenBarrier`], em vez de esperar por quem não vem. Um processo *tem* a barreira desde que a cria ou
/// recebe até descartá-la. Terminar por `exit` sem descartá-la vale como morrer; um trabalhador de
/// [`Pool`](crate::Pool) a descarta ao fim da tarefa. De quem morre antes de recebê-la ela nada sabe.
///
/// Até 256 processos podem tê-la ao mesmo tempo.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Barrier, Error, Process};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let encontro = Barrier::new(3)?;
/// let chegar = |encontro: Barrier| encontro.wait().is_ok();
/// let um = Process::start(chegar, encontro.clone())?;
/// let outro = Process::start(chegar, encontro.clone())?;
/// let ordem = encontro.wait()?;
/// assert!(ordem < 3);
/// assert!(um.join()? && outro.join()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Memory", try_from = "Memory")]
pub struct Barrier(Arc<Membership>);

impl Barrier {
    /// Uma barreira que abre quando chegam `parties`.
    ///
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] se `parties` é zero; [`Error::Io`] se o sistema recusa a memória.
    pub fn new(parties: usize) -> Result<Self, Error> {
        Error::at_least_one("parties", parties)?;
        let roster = Roster::create("Barrier")?;
        // Tantos que não cabem no número também não cabem na máquina: dá no mesmo.
        roster.number(PARTIES).store(u32::try_from(parties).unwrap_or(u32::MAX), Ordering::Relaxed);
        Barrier::join(roster)
    }

    /// Espera todos chegarem; devolve quantos tinham chegado antes, de 0 a `parties - 1`.
    ///
    /// Só o último recebe `parties - 1`: é um jeito de escolher quem faz o que se faz uma vez por volta.
    ///
    /// # Erros
    ///
    /// [`Error::BrokenBarrier`] se morreu um processo que tem a barreira.
    pub fn wait(&self) -> Result<usize, Error> {
        self.wait_until(None)?.ok_or(Error::TimedOut(Duration::MAX))
    }

    /// Espera todos chegarem, por no máximo `limit`.
    ///
    /// Quem desiste deixa de contar como chegado e pode voltar depois; os outros continuam esperando. No Python
    /// uma desistência rompe a barreira para todos; aqui só uma morte a rompe, porque de uma morte não se volta.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Barrier, Error, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let encontro = Barrier::new(2)?;
    /// // O outro nem nasceu: em vez de esperar parado, desista agora e volte depois.
    /// assert!(matches!(encontro.wait_timeout(Duration::from_millis(10)), Err(Error::TimedOut(_))));
    /// let outro = Process::start(|encontro: Barrier| encontro.wait().is_ok(), encontro.clone())?;
    /// encontro.wait()?;
    /// assert!(outro.join()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se o tempo acabou; e os de [`wait`](Self::wait).
    pub fn wait_timeout(&self, limit: Duration) -> Result<usize, Error> {
        self.wait_until(deadline_in(limit))?.ok_or(Error::TimedOut(limit))
    }

    fn join(roster: Roster) -> Result<Self, Error> {
        let process = Identity::own().map_err(Error::io)?;
        roster.lock()?.add(process)?;
        Ok(Barrier(Arc::new(Membership { roster, process })))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<Option<usize>, Error> {
        let roster = &self.0.roster;
        let [parties, arrived, generation] = [PARTIES, ARRIVED, GENERATION].map(|index| roster.number(index));

        let locked = roster.lock()?;
        refuse_broken(roster)?;
        let mut seen = roster.changes();
        let mine = generation.load(Ordering::Relaxed);
        let order = arrived.load(Ordering::Relaxed);
        if order + 1 == parties.load(Ordering::Relaxed) {
            // Um dos que chegaram pode ter morrido esperando: abrir assim daria os outros por completos.
            notice_deaths(roster, &locked)?;
            arrived.store(0, Ordering::Relaxed);
            generation.store(mine.wrapping_add(1), Ordering::Relaxed);
            roster.announce()?;
            return Ok(Some(order as usize));
        }
        arrived.store(order + 1, Ordering::Relaxed);
        drop(locked);

        let mut check = DeathCheck::later();
        loop {
            roster.wait(seen, deadline, &check)?;
            let locked = roster.lock()?;
            // Antes de tudo: quem morre depois de a barreira abrir não a fecha para quem já podia passar.
            if generation.load(Ordering::Relaxed) != mine {
                return Ok(Some(order as usize));
            }
            refuse_broken(roster)?;
            if check.is_due() {
                notice_deaths(roster, &locked)?;
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                arrived.store(arrived.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
                return Ok(None);
            }
            seen = roster.changes();
        }
    }
}

fn refuse_broken(roster: &Roster) -> Result<(), Error> {
    if roster.number(BROKEN).load(Ordering::Relaxed) == 0 { Ok(()) } else { Err(Error::BrokenBarrier) }
}

/// Rompe a barreira, e acorda quem espera, se morreu um processo que a tem.
fn notice_deaths(roster: &Roster, locked: &LockedRoster<'_>) -> Result<(), Error> {
    if !locked.has_dead() {
        return Ok(());
    }
    roster.number(BROKEN).store(1, Ordering::Relaxed);
    roster.announce()?;
    Err(Error::BrokenBarrier)
}

/// Este processo anotado entre os que têm a barreira, uma vez para cada uma que criou ou recebeu.
#[derive(Debug)]
struct Membership {
    roster: Roster,
    process: Identity,
}

impl Drop for Membership {
    fn drop(&mut self) {
        // Na cópia feita por um `fork`, quem está anotado é o original.
        if std::process::id() == self.process.pid
            && let Ok(locked) = self.roster.lock()
        {
            locked.remove(self.process);
        }
    }
}

impl From<Barrier> for Memory {
    fn from(barrier: Barrier) -> Self {
        barrier.0.roster.memory().clone()
    }
}

impl TryFrom<Memory> for Barrier {
    type Error = String;

    fn try_from(memory: Memory) -> Result<Self, String> {
        let roster = Roster::existing(memory).map_err(|error| error.to_string())?;
        Barrier::join(roster).map_err(|error| error.to_string())
    }
}

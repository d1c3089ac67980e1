//! Quem tem o quê: a lista de processos de um semáforo ou de uma barreira, na memória compartilhada.
//!
//! ```text
//!   trava │ changes │ números de quem usa a lista │ quantos[256] │ pid[256] │ início[256]
//! ```
//!
//! Um lugar está ocupado se `quantos` não é zero. Quem ocupa um lugar escreve `quantos` por último; depois, só
//! ele muda. Assim um processo pode morrer entre quaisquer duas instruções, com a trava na mão, e o que fica
//! na memória está sempre inteiro: ou o lugar está ocupado, ou não está.
//!
//! O Linux avisa da morte do *dono de uma trava* (é o mutex robusto), mas não da morte de quem tem uma permissão
//! ou participa de uma barreira: para ele são números na memória. Por isso quem espera acorda a cada
//! [`DEATH_CHECK`] e pergunta ao sistema se os anotados ainda vivem.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::identity::Identity;
use crate::Error;
use crate::shm::futex;
use crate::shm::memory::{Memory, WrongSize};
use crate::shm::robust::{RobustGuard, RobustMutex};

/// De quanto em quanto tempo quem espera procura mortos: o maior atraso com que uma morte é notada.
const DEATH_CHECK: Duration = Duration::from_millis(100);

/// Quantos processos cabem.
pub(super) const HOLDERS: usize = 256;

/// Quantos números são de quem usa a lista.
const NUMBERS: usize = 6;

// Onde cada coisa fica; cada linha alinhada para o que há nela.
const CHANGES: usize = 64;
const NUMBERS_AT: usize = CHANGES + size_of::<AtomicU32>();
const COUNTS: usize = 128;
const PIDS: usize = COUNTS + HOLDERS * size_of::<AtomicU32>();
const STARTS: usize = PIDS + HOLDERS * size_of::<AtomicU32>();
const SIZE: usize = STARTS + HOLDERS * size_of::<AtomicU64>();

const _: () =
    assert!(RobustMutex::SIZE <= CHANGES && NUMBERS_AT + NUMBERS * size_of::<AtomicU32>() <= COUNTS);

/// A lista, vista deste processo.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    memory: Memory,
    mutex: RobustMutex,
}

impl Roster {
    /// Uma lista vazia, com todos os números em zero.
    pub(super) fn create(name: &str) -> Result<Self, Error> {
        let memory = Memory::create(name, SIZE)?;
        let mutex = RobustMutex::create(memory.mapping(), 0).map_err(Error::io)?;
        Ok(Roster { memory, mutex })
    }

    /// A lista que outro processo criou.
    pub(super) fn existing(memory: Memory) -> Result<Self, WrongSize> {
        let memory = memory.expect(SIZE)?;
        let mutex = RobustMutex::existing(memory.mapping(), 0);
        Ok(Roster { memory, mutex })
    }

    /// O que atravessa para outro processo.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Um dos números de quem usa a lista.
    pub(super) fn number(&self, index: usize) -> &AtomicU32 {
        &self.memory.mapping().slice(NUMBERS_AT, NUMBERS)[index]
    }

    /// Fecha a lista para os outros. Não importa se o dono anterior da trava morreu: ela está sempre inteira.
    pub(super) fn lock(&self) -> Result<LockedRoster<'_>, Error> {
        let guard = self.mutex.lock(None)?.ok_or(Error::TimedOut(Duration::MAX))?;
        Ok(LockedRoster { roster: self, _guard: guard })
    }

    /// O que vale agora a palavra em que se espera; leia-a *antes* de olhar se é preciso esperar.
    pub(super) fn changes(&self) -> u32 {
        self.changes_word().load(Ordering::Acquire)
    }

    /// Acorda todos os que esperam, para que olhem de novo.
    pub(super) fn announce(&self) -> Result<(), Error> {
        futex::add_and_wake(self.changes_word(), 1).map_err(Error::io)
    }

    /// Dorme até um [`announce`](Self::announce) depois de `seen`, até `deadline` ou até a hora de procurar mortos.
    pub(super) fn wait(&self, seen: u32, deadline: Option<Instant>, check: &DeathCheck) -> Result<(), Error> {
        let until = deadline.map_or(check.next, |deadline| deadline.min(check.next));
        futex::wait(self.changes_word(), seen, Some(until)).map_err(Error::io)?;
        Ok(())
    }

    fn changes_word(&self) -> &AtomicU32 {
        self.memory.mapping().at(CHANGES)
    }

    fn counts(&self) -> &[AtomicU32] {
        self.memory.mapping().slice(COUNTS, HOLDERS)
    }

    fn pids(&self) -> &[AtomicU32] {
        self.memory.mapping().slice(PIDS, HOLDERS)
    }

    fn starts(&self) -> &[AtomicU64] {
        self.memory.mapping().slice(STARTS, HOLDERS)
    }
}

/// A lista fechada para os outros.
pub(super) struct LockedRoster<'a> {
    roster: &'a Roster,
    _guard: RobustGuard,
}

// A trava põe em ordem o que um processo escreve e o outro lê; os átomos são só o que a memória compartilhada
// exige. A exceção é o `Release` que ocupa um lugar: um morto não solta a trava por conta própria.
impl LockedRoster<'_> {
    /// A soma do que todos têm.
    pub(super) fn total(&self) -> u32 {
        let counts = self.roster.counts().iter().map(|count| count.load(Ordering::Relaxed));
        counts.fold(0, u32::saturating_add)
    }

    /// Anota que `process` tem mais um.
    ///
    /// # Erros
    ///
    /// [`Error::TooManyProcesses`] se a lista está cheia de processos vivos.
    pub(super) fn add(&self, process: Identity) -> Result<(), Error> {
        if let Some(place) = self.place_of(process) {
            let count = &self.roster.counts()[place];
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            return Ok(());
        }
        let place = self.free_place().ok_or(Error::TooManyProcesses { limit: HOLDERS })?;
        self.roster.pids()[place].store(process.pid, Ordering::Relaxed);
        self.roster.starts()[place].store(process.start, Ordering::Relaxed);
        self.roster.counts()[place].store(1, Ordering::Release);
        Ok(())
    }

    /// Anota que `process` tem menos um. Quem não está na lista não perde nada.
    pub(super) fn remove(&self, process: Identity) {
        if let Some(place) = self.place_of(process) {
            let count = &self.roster.counts()[place];
            count.store(count.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
        }
    }

    /// Se algum dos anotados morreu.
    pub(super) fn has_dead(&self) -> bool {
        self.taken_places().any(|place| self.holder(place).is_gone())
    }

    /// Desocupa os lugares dos mortos; devolve se havia algum.
    pub(super) fn forget_dead(&self) -> bool {
        let dead = self.taken_places().filter(|&place| self.holder(place).is_gone());
        let forgotten = dead.map(|place| self.roster.counts()[place].store(0, Ordering::Relaxed));
        forgotten.count() > 0
    }

    fn taken_places(&self) -> impl Iterator<Item = usize> {
        let counts = self.roster.counts().iter().enumerate();
        counts.filter(|(_, count)| count.load(Ordering::Relaxed) != 0).map(|(place, _)| place)
    }

    fn free_place(&self) -> Option<usize> {
        self.roster.counts().iter().position(|count| count.load(Ordering::Relaxed) == 0)
    }

    fn place_of(&self, process: Identity) -> Option<usize> {
        self.taken_places().find(|&place| self.holder(place) == process)
    }

    fn holder(&self, place: usize) -> Identity {
        Identity {
            pid: self.roster.pids()[place].load(Ordering::Relaxed),
            start: self.roster.starts()[place].load(Ordering::Relaxed),
        }
    }
}

/// Quando procurar mortos de novo: perguntar ao sistema custa, e quem espera pode ser acordado muitas vezes.
pub(super) struct DeathCheck {
    next: Instant,
}

impl DeathCheck {
    /// A primeira procura já está na hora.
    pub(super) fn now() -> Self {
        DeathCheck { next: Instant::now() }
    }

    /// A primeira procura vem depois de uma espera.
    pub(super) fn later() -> Self {
        DeathCheck { next: Instant::now() + DEATH_CHECK }
    }

    /// Se está na hora; a próxima fica marcada.
    pub(super) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let due = now >= self.next;
        if due {
            self.next = now + DEATH_CHECK;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Um processo que não existe: o número passa do maior que o Linux dá.
    fn dead(start: usize) -> Identity {
        Identity { pid: 1 << 30, start: start as u64 }
    }

    #[test]
    fn a_full_roster_is_an_error_until_the_dead_are_forgotten() {
        let roster = Roster::create("teste").expect("memória");
        let locked = roster.lock().expect("a lista");
        let me = Identity::own().expect("/proc");
        locked.add(me).expect("um lugar");
        (1..HOLDERS).for_each(|start| locked.add(dead(start)).expect("um lugar"));
        assert!(matches!(locked.add(dead(0)), Err(Error::TooManyProcesses { limit: HOLDERS })));
        // Quem já está na lista não precisa de outro lugar.
        locked.add(me).expect("o mesmo lugar");
        assert_eq!(locked.total(), HOLDERS as u32 + 1);
        assert!(locked.has_dead() && locked.forget_dead());
        assert!(!locked.has_dead() && !locked.forget_dead());
        assert_eq!(locked.total(), 2);
    }

    #[test]
    fn who_has_nothing_loses_nothing() {
        let roster = Roster::create("teste").expect("memória");
        let locked = roster.lock().expect("a lista");
        locked.add(dead(1)).expect("um lugar");
        locked.remove(dead(2));
        assert_eq!(locked.total(), 1);
        locked.remove(dead(1));
        locked.remove(dead(1));
        assert_eq!(locked.total(), 0);
    }
}

//! O estado de uma fila, na memória que os processos dividem.
//!
//! São duas contagens, quantos itens já entraram e quantos já saíram, e um anel que diz onde está o corpo de
//! cada item em [`Bodies`]. O item de número `k` mora na casa `k % casas`. Tudo o mais se deduz disso: quantos
//! há, onde começa o mais velho, onde acaba o mais novo.
//!
//! Pôr e tirar são feitos com a trava na mão, e só a última instrução os torna verdade: soma 1 à contagem e
//! acorda quem espera por ela, numa chamada só. Um processo morto antes dela não mudou nada; morto depois, já
//! terminou. Por isso uma morte não perde um item, nem o entrega duas vezes, nem deixa alguém dormindo ao lado
//! de uma fila que já tem lugar.
//!
//! # Fechar
//!
//! Também é uma instrução só, embora haja duas palavras por que se espera. Quem tira só dorme com a fila vazia,
//! e na palavra `puts`; quem põe só dorme com algum item nela, e na palavra `gets`. Entre um estado e o outro há
//! sempre uma contagem que muda e acorda os que dormiam. Logo, num dado momento só uma das palavras pode ter
//! alguém à espera, e é nela que se marca [`CLOSED`].

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::bodies::{Bodies, PIECE};
use super::futex;
use super::mapping::{self, Mapping};
use super::parcel::Descriptor;
use super::robust::{RobustGuard, RobustMutex};
use crate::Error;

/// A maior capacidade: o anel ocupa 16 bytes por item, e com esta já são 16 MiB que ficam com a fila.
pub(crate) const MAX_CAPACITY: usize = 1 << 20;

/// Quantos bytes de corpos esperam ao mesmo tempo. Contar só itens não protegeria a máquina: mil itens de
/// 1 MiB são 1 GiB. Aqui ainda cabem muitos itens de tamanho comum.
const MAX_WAITING: u64 = 64 << 20;

/// O bit mais baixo de `puts` ou de `gets`: a fila está fechada.
///
/// O mais baixo, com as contagens de dois em dois, e não o mais alto: a contagem que dá a volta passaria por
/// cima dele.
const CLOSED: u16 = 1;

/// Um item, nas contagens.
const ONE: u16 = 2;

/// Onde está cada coisa. As duas palavras ficam em linhas de cache separadas: quem espera por uma não sente a
/// outra mudar.
const PUTS: usize = 64;
const GETS: usize = 128;
const SLOTS: usize = 192;
const SLOT_SIZE: usize = 2 * size_of::<AtomicU64>();
const _: () = assert!(RobustMutex::SIZE <= PUTS);

/// O que atravessa para outro processo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parts {
    state: Descriptor,
    bodies: Bodies,
    capacity: u32,
}

/// O anel, visto por este processo.
pub(crate) struct Ring {
    parts: Parts,
    memory: Arc<Mapping>,
    lock: RobustMutex,
}

impl Ring {
    /// # Erros
    ///
    /// [`Error::Capacity`] se `capacity` é zero ou grande demais.
    pub(crate) fn create(capacity: usize) -> Result<Self, Error> {
        let capacity = u32::try_from(capacity).ok().filter(|capacity| valid(*capacity));
        let capacity = capacity.ok_or(Error::Capacity { limit: MAX_CAPACITY })?;
        let state = mapping::create("fila", size_for(capacity)).map_err(Error::spawn)?;
        let memory = Arc::new(Mapping::new(&state).map_err(Error::spawn)?);
        let lock = RobustMutex::create(&memory, 0).map_err(Error::spawn)?;
        let bodies = Bodies::create().map_err(Error::spawn)?;
        Ok(Ring { parts: Parts { state: state.into(), bodies, capacity }, memory, lock })
    }

    /// Põe `body` no fim da fila, esperando lugar até `deadline`; `false` se o tempo acabou.
    ///
    /// # Erros
    ///
    /// [`Error::Closed`] se a fila está fechada.
    pub(crate) fn put(&self, body: &[u8], deadline: Option<Instant>) -> Result<bool, Error> {
        loop {
            let Some(held) = self.hold(deadline)? else { return Ok(false) };
            if held.is_closed() {
                return Err(Error::Closed);
            }
            if held.has_room_for(body.len()) {
                return held.put(body).map(|()| true).map_err(Error::io);
            }
            let seen = held.gets;
            drop(held);
            if !futex::wait(self.gets(), seen, deadline).map_err(Error::io)? {
                return Ok(false);
            }
        }
    }

    /// Tira o item da frente, esperando por um até `deadline`; `None` se o tempo acabou.
    ///
    /// # Erros
    ///
    /// [`Error::Closed`] se a fila está fechada e vazia.
    pub(crate) fn take(&self, deadline: Option<Instant>) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let Some(held) = self.hold(deadline)? else { return Ok(None) };
            if held.len() > 0 {
                return held.take().map(Some).map_err(Error::io);
            }
            if held.is_closed() {
                return Err(Error::Closed);
            }
            let seen = held.puts;
            drop(held);
            if !futex::wait(self.puts(), seen, deadline).map_err(Error::io)? {
                return Ok(None);
            }
        }
    }

    /// Não entra mais nada, e ninguém espera mais.
    pub(crate) fn close(&self) -> Result<(), Error> {
        match self.hold(None)? {
            Some(held) if !held.is_closed() => held.close().map_err(Error::io),
            _ => Ok(()),
        }
    }

    /// Quantos itens há agora. Sem a trava: uma conta que já pode ter mudado não vale a espera.
    pub(crate) fn len(&self) -> usize {
        // Nesta ordem, o que entra entre as duas leituras só aumenta a conta; na outra, ela ficaria negativa.
        let gets = self.gets().load(Ordering::Acquire);
        let puts = self.puts().load(Ordering::Acquire);
        between(gets, puts).min(self.capacity())
    }

    pub(crate) fn capacity(&self) -> usize {
        self.parts.capacity as usize
    }

    pub(crate) fn parts(&self) -> Parts {
        self.parts.clone()
    }

    fn puts(&self) -> &AtomicU32 {
        self.memory.at(PUTS)
    }

    fn gets(&self) -> &AtomicU32 {
        self.memory.at(GETS)
    }

    /// O começo e o fim do corpo do item que uma contagem numera.
    fn slot(&self, count: u32) -> &[AtomicU64] {
        let slots = slots_for(self.parts.capacity);
        // `slots` é uma potência de dois: quando a contagem dá a volta, a casa seguinte ainda é a seguinte.
        let slot = (count / u32::from(ONE)) as usize % slots;
        self.memory.slice(SLOTS + slot * SLOT_SIZE, 2)
    }

    fn place(&self, count: u32) -> Range<u64> {
        let slot = self.slot(count);
        slot[0].load(Ordering::Relaxed)..slot[1].load(Ordering::Relaxed)
    }

    fn hold(&self, deadline: Option<Instant>) -> Result<Option<Held<'_>>, Error> {
        let Some(guard) = self.lock.lock(deadline)? else { return Ok(None) };
        let [puts, gets] = [self.puts(), self.gets()].map(|count| count.load(Ordering::Acquire));
        let held = Held { ring: self, puts, gets, guard };
        if held.guard.abandoned() {
            // O estado está certo, como sempre. Só a memória que o morto ia devolver, ou encheu pela metade,
            // ainda está com a fila.
            self.parts.bodies.keep_only(held.used());
        }
        Ok(Some(held))
    }
}

impl TryFrom<Parts> for Ring {
    type Error = io::Error;

    fn try_from(parts: Parts) -> io::Result<Self> {
        let memory = Arc::new(Mapping::new(&parts.state)?);
        if !valid(parts.capacity) || memory.len() != size_for(parts.capacity) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let lock = RobustMutex::existing(&memory, 0);
        Ok(Ring { parts, memory, lock })
    }
}

/// A fila com a trava na mão: ninguém mais a muda.
struct Held<'a> {
    ring: &'a Ring,
    puts: u32,
    gets: u32,
    guard: RobustGuard,
}

impl Held<'_> {
    fn is_closed(&self) -> bool {
        (self.puts | self.gets) & u32::from(CLOSED) != 0
    }

    fn len(&self) -> usize {
        between(self.gets, self.puts)
    }

    /// O trecho da fita que os itens na fila ocupam.
    fn used(&self) -> Range<u64> {
        if self.len() == 0 {
            return 0..0;
        }
        let newest = self.puts.wrapping_sub(u32::from(ONE));
        self.ring.place(self.gets).start..self.ring.place(newest).end
    }

    /// Um item sozinho sempre entra: maior do que o limite, ele esperaria para sempre.
    fn has_room_for(&self, len: usize) -> bool {
        let used = self.used();
        let waiting = used.end - used.start;
        self.len() == 0
            || self.len() < self.ring.capacity() && waiting.saturating_add(len as u64) <= MAX_WAITING
    }

    fn put(self, body: &[u8]) -> io::Result<()> {
        let bodies = &self.ring.parts.bodies;
        let start = self.used().end;
        if let Err(error) = bodies.write(body, start) {
            bodies.keep_only(self.used());
            return Err(error);
        }
        let slot = self.ring.slot(self.puts);
        slot[0].store(start, Ordering::Relaxed);
        slot[1].store(start + body.len() as u64, Ordering::Relaxed);
        futex::add_and_wake(self.ring.puts(), ONE)
    }

    fn take(self) -> io::Result<Vec<u8>> {
        let bodies = &self.ring.parts.bodies;
        let place = self.ring.place(self.gets);
        let body = bodies.read(place.clone())?;
        futex::add_and_wake(self.ring.gets(), ONE)?;
        // Só agora o item é passado, e a memória dele pode ir. Ainda com a trava: sem ela, uma fila que se
        // esvaziou já poderia ter voltado ao começo da fita.
        if self.len() == 1 {
            if place.end > PIECE {
                bodies.keep_only(0..0);
            }
        } else if place.start / PIECE != place.end / PIECE {
            bodies.give_back_before(place.end);
        }
        Ok(body)
    }

    fn close(self) -> io::Result<()> {
        let awaited = if self.len() == 0 { self.ring.puts() } else { self.ring.gets() };
        futex::mark_and_wake(awaited, CLOSED)
    }
}

/// Quantos itens há entre uma contagem e outra, mesmo que a segunda já tenha dado a volta.
fn between(gets: u32, puts: u32) -> usize {
    let items = |count: u32| count / u32::from(ONE);
    (items(puts).wrapping_sub(items(gets)) & items(u32::MAX)) as usize
}

fn valid(capacity: u32) -> bool {
    (1..=MAX_CAPACITY).contains(&(capacity as usize))
}

fn slots_for(capacity: u32) -> usize {
    (capacity as usize).next_power_of_two()
}

fn size_for(capacity: u32) -> usize {
    SLOTS + slots_for(capacity) * SLOT_SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(body: Option<Vec<u8>>) -> u64 {
        u64::from_le_bytes(body.expect("um item").try_into().expect("oito bytes"))
    }

    #[test]
    fn counts_go_around_without_losing_their_way() {
        for capacity in [1, 3, 4, 5, 1000] {
            let ring = Ring::create(capacity).expect("uma fila");
            let start = u32::MAX - 2 * 700 + 1;
            ring.puts().store(start, Ordering::Relaxed);
            ring.gets().store(start, Ordering::Relaxed);
            let now = Some(Instant::now());
            let (mut put, mut taken) = (0_u64, 0_u64);
            while taken < 2000 {
                while ring.put(&put.to_le_bytes(), now).expect("aberta") {
                    put += 1;
                }
                assert_eq!((ring.len(), put - taken), (capacity, capacity as u64));
                // Ora quase tudo, ora um só: as duas contagens dão a volta em momentos diferentes.
                for _ in 0..1 + taken as usize % capacity {
                    assert_eq!(number(ring.take(now).expect("aberta")), taken);
                    taken += 1;
                }
            }
            ring.close().expect("fechar");
            assert!(matches!(ring.put(b"", now), Err(Error::Closed)));
            while taken < put {
                assert_eq!(number(ring.take(now).expect("há itens")), taken);
                taken += 1;
            }
            assert!(matches!(ring.take(now), Err(Error::Closed)));
        }
    }

    #[test]
    fn memory_of_another_shape_is_refused() {
        let parts = Ring::create(4).expect("uma fila").parts();
        assert!(Ring::try_from(parts.clone()).is_ok());
        for capacity in [0, 5, u32::MAX] {
            assert!(Ring::try_from(Parts { capacity, ..parts.clone() }).is_err());
        }
    }
}

//! Pôr e tirar bytes de uma fila que vários processos dividem, e que qualquer um deles pode deixar morrendo.
//!
//! Pôr e tirar são feitos com a trava na mão, e só a última instrução os torna verdade: a que soma 1 à
//! contagem. Se alguém dorme por ela, somar e acordar são uma chamada só. Um processo morto antes não mudou
//! nada; morto depois, já terminou. Por isso uma morte não perde um item, nem o entrega duas vezes, nem deixa
//! alguém dormindo ao lado de uma fila que já tem lugar.
//!
//! # Fechar
//!
//! Também é uma instrução só, embora haja duas contagens por que se espera. Quem tira só dorme com a fila
//! vazia, por `puts`; quem põe só dorme com algum item nela, por `gets`. Entre um estado e o outro há sempre
//! uma contagem que muda e acorda os que dormiam. Logo, num dado momento só por uma delas pode haver alguém à
//! espera, e é nela que se marca [`CLOSED`].

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::bodies::{Bodies, PIECE};
use super::ring::{CLOSED, Counts, MAX_CAPACITY, ONE, Ring};
use crate::Error;
use crate::shm::futex;
use crate::shm::memory::{Memory, WrongSize};
use crate::shm::robust::{RobustGuard, RobustMutex};

/// Quantos bytes de corpos esperam ao mesmo tempo. Contar só itens não protegeria a máquina: mil itens de
/// 1 MiB são 1 GiB. Aqui ainda cabem muitos itens de tamanho comum.
const MAX_WAITING: u64 = 64 << 20;

/// O que atravessa para outro processo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parts {
    state: Memory,
    bodies: Bodies,
    capacity: u32,
}

/// A fila de bytes, vista por este processo.
pub(crate) struct Log {
    ring: Ring,
    lock: RobustMutex,
    parts: Parts,
}

impl Log {
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] se `capacity` é zero ou grande demais.
    pub(crate) fn create(capacity: usize) -> Result<Self, Error> {
        let capacity = u32::try_from(capacity).ok().filter(|capacity| (1..=MAX_CAPACITY).contains(capacity));
        let capacity = capacity
            .ok_or_else(|| Error::invalid("capacity", format!("precisa ser de 1 a {MAX_CAPACITY}")))?;
        let (ring, lock, state) = Ring::create(capacity)?;
        let bodies = Bodies::create().map_err(Error::spawn)?;
        Ok(Log { ring, lock, parts: Parts { state, bodies, capacity } })
    }

    /// A fila que outro processo criou.
    ///
    /// # Erros
    ///
    /// Se a memória não é a de uma fila com essa capacidade.
    pub(crate) fn open(parts: Parts) -> Result<Self, WrongSize> {
        let (ring, lock) = Ring::open(parts.state.clone(), parts.capacity)?;
        Ok(Log { ring, lock, parts })
    }

    /// Põe `body` no fim da fila, esperando lugar até `deadline`; `false` se o tempo acabou.
    ///
    /// # Erros
    ///
    /// [`Error::Closed`] se a fila está fechada.
    pub(crate) fn put(&self, body: &[u8], deadline: Option<Instant>) -> Result<bool, Error> {
        loop {
            let Some(held) = self.hold(deadline)? else { return Ok(false) };
            if held.counts.closed() {
                return Err(Error::Closed);
            }
            if held.has_room_for(body.len()) {
                return held.put(body).map(|()| true).map_err(Error::io);
            }
            let seen = held.counts.gets;
            if !held.sleep(self.ring.gets(), seen, deadline)? {
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
            if held.counts.len() > 0 {
                return held.take().map(Some).map_err(Error::io);
            }
            if held.counts.closed() {
                return Err(Error::Closed);
            }
            let seen = held.counts.puts;
            if !held.sleep(self.ring.puts(), seen, deadline)? {
                return Ok(None);
            }
        }
    }

    /// Não entra mais nada, e ninguém espera mais.
    pub(crate) fn close(&self) -> Result<(), Error> {
        match self.hold(None)? {
            Some(held) if !held.counts.closed() => held.close().map_err(Error::io),
            _ => Ok(()),
        }
    }

    /// Quantos itens há agora. Sem a trava: uma conta que já pode ter mudado não vale a espera.
    pub(crate) fn len(&self) -> usize {
        self.ring.counts().len().min(self.parts.capacity) as usize
    }

    pub(crate) fn capacity(&self) -> usize {
        self.parts.capacity as usize
    }

    pub(crate) fn parts(&self) -> Parts {
        self.parts.clone()
    }

    fn hold(&self, deadline: Option<Instant>) -> Result<Option<Held<'_>>, Error> {
        let Some(guard) = self.lock.lock(deadline)? else { return Ok(None) };
        let held = Held { log: self, counts: self.ring.counts(), guard };
        if held.guard.abandoned() {
            // Não há o que consertar: as contagens estão certas, como sempre. Só a memória que o morto ia
            // devolver, ou encheu pela metade, ainda está com a fila.
            self.parts.bodies.keep_only(held.used());
        }
        Ok(Some(held))
    }
}

/// A fila com a trava na mão: ninguém mais a muda.
struct Held<'a> {
    log: &'a Log,
    counts: Counts,
    guard: RobustGuard,
}

impl Held<'_> {
    /// O trecho da fita que os itens na fila ocupam.
    fn used(&self) -> Range<u64> {
        if self.counts.len() == 0 {
            return 0..0;
        }
        let ring = &self.log.ring;
        ring.place(self.counts.gets).start..ring.place(self.counts.newest()).end
    }

    /// Um item sozinho sempre entra: maior do que o limite, ele esperaria para sempre.
    fn has_room_for(&self, len: usize) -> bool {
        let (items, used) = (self.counts.len(), self.used());
        let waiting = used.end.saturating_sub(used.start).saturating_add(len as u64);
        items == 0 || (items < self.log.parts.capacity && waiting <= MAX_WAITING)
    }

    // ANCHOR: put
    fn put(self, body: &[u8]) -> io::Result<()> {
        let (ring, bodies) = (&self.log.ring, &self.log.parts.bodies);
        let start = self.used().end;
        if let Err(error) = bodies.write(body, start) {
            bodies.keep_only(self.used());
            return Err(error);
        }
        ring.set_place(self.counts.puts, &(start..start + body.len() as u64));
        self.commit(ring.puts())
    }
    // ANCHOR_END: put

    fn take(self) -> io::Result<Vec<u8>> {
        let (ring, bodies) = (&self.log.ring, &self.log.parts.bodies);
        let place = ring.place(self.counts.gets);
        let body = bodies.read(place.clone())?;
        self.commit(ring.gets())?;
        // Só agora o item é passado, e a memória dele pode ir. Ainda com a trava: sem ela, uma fila que se
        // esvaziou já poderia ter voltado ao começo da fita.
        if self.counts.len() == 1 {
            if place.end > PIECE {
                bodies.keep_only(0..0);
            }
        } else if place.start / PIECE != place.end / PIECE {
            bodies.give_back_before(place.end);
        }
        Ok(body)
    }

    // ANCHOR: commit
    /// O instante em que a operação passa a valer.
    fn commit(&self, count: &AtomicU32) -> io::Result<()> {
        if self.log.ring.asleep().load(Ordering::Relaxed) > 0 {
            return futex::add_and_wake(count, ONE);
        }
        // Quem vai dormir se inscreve com a trava na mão: se não há ninguém, não haverá antes de ela ser solta,
        // e uma chamada ao sistema fica poupada.
        count.fetch_add(ONE.into(), Ordering::Release);
        Ok(())
    }
    // ANCHOR_END: commit

    /// Solta a trava e dorme enquanto `count` vale `seen`; `false` se o tempo acabou.
    fn sleep(self, count: &AtomicU32, seen: u32, deadline: Option<Instant>) -> Result<bool, Error> {
        let asleep = self.log.ring.asleep();
        asleep.fetch_add(1, Ordering::Relaxed);
        drop(self);
        let woken = futex::wait(count, seen, deadline);
        asleep.fetch_sub(1, Ordering::Relaxed);
        woken.map_err(Error::io)
    }

    fn close(self) -> io::Result<()> {
        let ring = &self.log.ring;
        let awaited = if self.counts.len() == 0 { ring.puts() } else { ring.gets() };
        futex::mark_and_wake(awaited, CLOSED)
    }
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
            let log = Log::create(capacity).expect("uma fila");
            let start = u32::MAX - 2 * 700 + 1;
            log.ring.puts().store(start, Ordering::Relaxed);
            log.ring.gets().store(start, Ordering::Relaxed);
            let now = Some(Instant::now());
            let (mut put, mut taken) = (0_u64, 0_u64);
            while taken < 2000 {
                while log.put(&put.to_le_bytes(), now).expect("aberta") {
                    put += 1;
                }
                assert_eq!((log.len(), put - taken), (capacity, capacity as u64));
                // Ora quase tudo, ora um só: as duas contagens dão a volta em momentos diferentes.
                for _ in 0..1 + taken as usize % capacity {
                    assert_eq!(number(log.take(now).expect("aberta")), taken);
                    taken += 1;
                }
            }
            log.close().expect("fechar");
            assert!(matches!(log.put(b"", now), Err(Error::Closed)));
            while taken < put {
                assert_eq!(number(log.take(now).expect("há itens")), taken);
                taken += 1;
            }
            assert!(matches!(log.take(now), Err(Error::Closed)));
        }
    }

    /// A marca de fechada está numa contagem que ainda vai dar a volta.
    #[test]
    fn a_closed_queue_stays_closed_when_its_count_goes_around() {
        let log = Log::create(10).expect("uma fila");
        let start = u32::MAX - 2 * 5 + 1;
        log.ring.puts().store(start, Ordering::Relaxed);
        log.ring.gets().store(start, Ordering::Relaxed);
        (0..10_u64).for_each(|i| assert!(log.put(&i.to_le_bytes(), None).expect("aberta")));
        log.close().expect("fechar");
        for i in 0..10 {
            assert!(matches!(log.put(b"", None), Err(Error::Closed)));
            assert_eq!((log.len(), number(log.take(None).expect("há itens"))), (10 - i as usize, i));
        }
        assert!(matches!(log.take(None), Err(Error::Closed)));
    }

    #[test]
    fn memory_of_another_shape_is_refused() {
        let parts = Log::create(4).expect("uma fila").parts();
        for capacity in [0, 5, u32::MAX] {
            assert!(Log::open(Parts { capacity, ..parts.clone() }).is_err());
        }
        assert!(Log::open(parts).is_ok());
    }
}

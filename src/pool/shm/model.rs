//! O protocolo sob o *loom*: todas as ordens em que três threads podem se cruzar, e todos os valores antigos que
//! uma leitura pode ver.
//!
//! As threads são as de verdade: `claim`, `rest`, `publish`, `wait_any`, `take` são o código do pool, sobre átomos
//! que o loom vigia. Um aviso perdido seria uma thread que dorme para sempre, e o loom o acusa como um impasse.

use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed};
use std::time::Instant;

use loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, fence};
use loom::sync::{Arc, Condvar, Mutex};

use super::log_end::LogEnd;
use super::ring::Ring;
use super::steal::{StealRanges, range};
use super::word::{Atomics, NONE_CLAIMED, Strided, Word};

const WORKERS: usize = 2;
const SLOTS: usize = 2;

struct Modelled;

/// Uma palavra em que se pode dormir. O que o sistema faz num futex: olhar a palavra e dormir, sem que um aviso
/// caiba no meio.
#[derive(Default)]
struct Futex {
    word: AtomicU32,
    asleep: Mutex<()>,
    doorbell: Condvar,
}

impl Word<u32> for Futex {
    fn load(&self, order: Ordering) -> u32 {
        self.word.load(order)
    }
    fn store(&self, value: u32, order: Ordering) {
        self.word.store(value, order);
    }
    fn swap(&self, value: u32, order: Ordering) -> u32 {
        self.word.swap(value, order)
    }
    fn fetch_or(&self, bits: u32, order: Ordering) -> u32 {
        self.word.fetch_or(bits, order)
    }
    fn compare_exchange(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        self.word.compare_exchange(current, new, success, failure)
    }
}

impl Word<u64> for AtomicU64 {
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }
    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }
    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.swap(value, order)
    }
    fn fetch_or(&self, bits: u64, order: Ordering) -> u64 {
        self.fetch_or(bits, order)
    }
    fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.compare_exchange(current, new, success, failure)
    }
}

impl Atomics for Modelled {
    type U32 = Futex;
    type U64 = AtomicU64;

    fn fence() {
        fence(Ordering::SeqCst);
    }

    fn wait(word: &Futex, seen: u32, _: Option<Instant>) {
        let asleep = word.asleep.lock().expect("ninguém entra em pânico com ela");
        if word.word.load(Acquire) == seen {
            drop(word.doorbell.wait(asleep));
        }
    }

    fn wake(word: &Futex) {
        let _awake = word.asleep.lock().expect("ninguém entra em pânico com ela");
        word.doorbell.notify_all();
    }

    fn add_and_wake(word: &Futex) {
        let _awake = word.asleep.lock().expect("ninguém entra em pânico com ela");
        word.word.fetch_add(1, AcqRel);
        word.doorbell.notify_all();
    }
}

/// A memória de um mural pequeno, e quantas vezes cada casa foi feita.
struct Memory {
    head: AtomicU64,
    tail: AtomicU64,
    cells: Vec<Futex>,
    claimed: Vec<AtomicU64>,
    status: Vec<Futex>,
    states: Vec<Futex>,
    doorbells: Vec<Futex>,
    waiters: Vec<Futex>,
    closing: AtomicUsize,
    done: Vec<AtomicUsize>,
}

impl Memory {
    fn new() -> Arc<Self> {
        let futexes = |count| (0..count).map(|_| Futex::default()).collect();
        Arc::new(Memory {
            head: AtomicU64::new(0),
            tail: AtomicU64::new(0),
            cells: futexes(SLOTS),
            claimed: (0..WORKERS).map(|_| AtomicU64::new(NONE_CLAIMED)).collect(),
            status: futexes(WORKERS),
            states: futexes(SLOTS),
            doorbells: futexes(SLOTS),
            waiters: futexes(SLOTS),
            closing: AtomicUsize::new(0),
            done: (0..SLOTS).map(|_| AtomicUsize::new(0)).collect(),
        })
    }

    fn ring(&self) -> Ring<'_, Modelled> {
        Ring {
            head: &self.head,
            tail: &self.tail,
            cells: &self.cells,
            claimed: Strided { words: &self.claimed, stride: 1 },
            status: Strided { words: &self.status, stride: 1 },
            states: Strided { words: &self.states, stride: 1 },
            doorbells: Strided { words: &self.doorbells, stride: 1 },
            waiters: Strided { words: &self.waiters, stride: 1 },
        }
    }

    /// Um trabalhador: faz `most` blocos, e sai também se o pool fecha.
    fn work(&self, me: usize, most: usize) {
        let ring = self.ring();
        let mut left = most;
        while left > 0 {
            if let Some(slot) = ring.claim(me) {
                self.done[slot as usize].fetch_add(1, Relaxed);
                ring.finish(slot);
                left -= 1;
                continue;
            }
            let closing = || self.closing.load(Acquire) != 0;
            // Só se sai depois de ver que o pool fecha e, em seguida, que não há mais nada.
            if closing() && !ring.has_waiting() {
                return;
            }
            ring.park(me, || false, closing);
        }
    }

    fn publish(&self, slots: &[u32]) {
        let ring = self.ring();
        for &slot in slots {
            ring.reset(slot, slot);
            ring.publish(slot);
        }
        ring.wake_idle();
    }

    fn wait(&self, slot: u32) {
        let ring = self.ring();
        while !ring.is_done(slot) {
            ring.wait_any(slot, ring.doorbell(slot), &[slot], None);
        }
    }

    fn close(&self) {
        self.closing.store(1, Ordering::Release);
        (0..WORKERS).for_each(|worker| self.ring().unpark(worker));
    }
}

fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

fn spawn(memory: &Arc<Memory>, me: usize, most: usize) -> loom::thread::JoinHandle<()> {
    let memory = memory.clone();
    loom::thread::spawn(move || memory.work(me, most))
}

fn join(threads: impl IntoIterator<Item = loom::thread::JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().expect("a thread termina"));
}

/// Dois blocos, publicados um de cada vez, e um trabalhador: nenhum aviso se perde, nem de um lado nem do outro.
#[test]
fn one_worker_sleeps_and_wakes_without_losing_a_word() {
    check(3, || {
        let memory = Memory::new();
        let worker = spawn(&memory, 0, usize::MAX);
        for slot in [0, 1] {
            memory.publish(&[slot]);
            memory.wait(slot);
        }
        memory.close();
        join([worker]);
        assert!(memory.done.iter().all(|done| done.load(Relaxed) == 1));
    });
}

/// Dois trabalhadores, dois blocos: cada um é feito uma vez, e quem dorme é acordado.
#[test]
fn two_workers_do_each_chunk_once() {
    check(1, || {
        let memory = Memory::new();
        let workers = [spawn(&memory, 0, usize::MAX), spawn(&memory, 1, usize::MAX)];
        memory.publish(&[0, 1]);
        [0, 1].into_iter().for_each(|slot| memory.wait(slot));
        memory.close();
        join(workers);
        assert!(memory.done.iter().all(|done| done.load(Relaxed) == 1));
    });
}

/// Cada um faz um bloco só, e não volta: se o segundo bloco não acordasse o segundo trabalhador, ninguém o faria.
#[test]
fn a_second_chunk_wakes_a_second_worker() {
    check(2, || {
        let memory = Memory::new();
        let workers = [spawn(&memory, 0, 1), spawn(&memory, 1, 1)];
        memory.publish(&[0]);
        memory.publish(&[1]);
        join(workers);
        assert!(memory.done.iter().all(|done| done.load(Relaxed) == 1));
    });
}

/// Um trabalhador morre em cada ponto em que pode morrer sem acabar o bloco; o outro vive. O supervisor encontra o
/// bloco perdido, só ele, e o publica de novo.
#[test]
fn what_a_dead_worker_had_is_found_and_only_that() {
    for point in [Death::BeforeClaiming, Death::AfterNoting, Death::AfterClaiming] {
        check(2, move || {
            let memory = Memory::new();
            memory.publish(&[0, 1]);
            let dead = memory.clone();
            let dead = loom::thread::spawn(move || dead.die(0, point));
            let living = spawn(&memory, 1, usize::MAX);
            dead.join().expect("a thread termina");
            let ring = memory.ring();
            let suspect = ring.on_worker_exit(0);
            // Com o vivo ainda lá, ou se sabe que o bloco se perdeu, ou se espera.
            let is_lost = |&position: &u64| !ring.may_be_claimed(position) && !ring.is_done(position as u32);
            let lost = suspect.filter(is_lost);
            // As duas casas foram publicadas nas posições 0 e 1.
            if let Some(position) = lost {
                ring.publish(position as u32);
            }
            ring.wake_idle();
            memory.close();
            join([living]);
            // Quem descansa não tem nada na mão: já não há dúvida.
            if let Some(position) = suspect.filter(|&position| !ring.is_done(position as u32)) {
                assert!(lost.is_none(), "o que se publicou de novo foi feito");
                assert!(is_lost(&position), "ninguém mais a tem, e alguém parece tê-la");
                memory.done[position as usize].fetch_add(1, Relaxed);
            }
            assert!(memory.done.iter().all(|done| done.load(Relaxed) == 1));
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Death {
    BeforeClaiming,
    AfterNoting,
    AfterClaiming,
}

impl Memory {
    /// O começo de `claim`, interrompido.
    fn die(&self, me: usize, point: Death) {
        match point {
            Death::BeforeClaiming => {}
            Death::AfterNoting => {
                self.claimed[me].store(self.head.load(Acquire), Ordering::Release);
            }
            Death::AfterClaiming => {
                self.ring().claim(me);
            }
        }
    }
}

/// Os postos de um maço tomam blocos uns dos outros: cada bloco é feito uma vez, e nenhum fica para trás.
#[test]
fn seats_steal_from_each_other_and_do_each_chunk_once() {
    const CHUNKS: u32 = 4;
    check(3, || {
        let words: Arc<Vec<AtomicU64>> = Arc::new(
            [range(0, 1), range(1, CHUNKS), NONE_CLAIMED, NONE_CLAIMED]
                .into_iter()
                .map(AtomicU64::new)
                .collect(),
        );
        let done: Arc<Vec<AtomicUsize>> = Arc::new((0..CHUNKS).map(|_| AtomicUsize::new(0)).collect());
        let work = |seat: usize| {
            let (words, done) = (words.clone(), done.clone());
            loom::thread::spawn(move || {
                let ranges = StealRanges::<Modelled> {
                    ranges: Strided { words: &words[..2], stride: 1 },
                    claimed: Strided { words: &words[2..], stride: 1 },
                };
                while let Some(chunk) = ranges.take(seat) {
                    assert!(ranges.may_be_claimed(chunk));
                    done[chunk as usize].fetch_add(1, Relaxed);
                }
            })
        };
        join([work(0), work(1)]);
        assert!(done.iter().all(|done| done.load(Relaxed) == 1));
    });
}

/// Quem escreve num diário só avisa a quem pediu; quem pede, e dorme, é acordado por toda resposta que não viu.
#[test]
fn who_asks_for_the_next_answer_does_not_sleep_through_it() {
    const ANSWERS: u64 = 2;
    check(3, || {
        let memory = Memory::new();
        let words = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let (writer_memory, writer_words) = (memory.clone(), words.clone());
        let writer = loom::thread::spawn(move || {
            let log = LogEnd::<Modelled> { end: &writer_words[0], asked: &writer_words[1] };
            for answer in 1..=ANSWERS {
                log.publish(answer);
                if log.is_asked() {
                    writer_memory.ring().ring_doorbell(0);
                }
            }
        });
        // O posto, na casa 0, não acaba nunca: só o diário pode acordar quem espera.
        let (ring, log) = (memory.ring(), LogEnd::<Modelled> { end: &words[0], asked: &words[1] });
        let mut read = 0;
        while read < ANSWERS {
            let seen = ring.doorbell(0);
            log.ask();
            if log.get() == read {
                ring.wait_any(0, seen, &[0], None);
            }
            read = log.get();
        }
        join([writer]);
    });
}

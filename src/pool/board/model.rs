//! O protocolo sob o *loom*: todas as ordens em que três threads podem se cruzar, e todos os valores antigos que
//! uma leitura pode ver.
//!
//! As threads são as de verdade: `claim`, `rest`, `publish`, `wait_any`, `take` são o código do pool, sobre átomos
//! que o loom vigia. Um aviso perdido seria uma thread que dorme para sempre, e o loom o acusa como um impasse.

use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed};
use std::time::Instant;

use loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, fence};
use loom::sync::{Arc, Condvar, Mutex};

use super::claim::{Atomics, Claims, NOWHERE, Ranges, Strided, Word, range};

const WORKERS: usize = 2;
const SLOTS: usize = 2;

struct Modelled;

/// Uma palavra em que se pode dormir. O que o sistema faz num futex: olhar a palavra e dormir, sem que um aviso
/// caiba no meio.
#[derive(Default)]
struct Futex {
    word: AtomicU32,
    asleep: Mutex<()>,
    bell: Condvar,
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
            drop(word.bell.wait(asleep));
        }
    }

    fn wake(word: &Futex) {
        let _awake = word.asleep.lock().expect("ninguém entra em pânico com ela");
        word.bell.notify_all();
    }

    fn add_and_wake(word: &Futex) {
        let _awake = word.asleep.lock().expect("ninguém entra em pânico com ela");
        word.word.fetch_add(1, AcqRel);
        word.bell.notify_all();
    }
}

/// A memória de um mural pequeno, e quantas vezes cada casa foi feita.
struct Board {
    head: AtomicU64,
    tail: AtomicU64,
    ring: Vec<Futex>,
    notes: Vec<AtomicU64>,
    status: Vec<Futex>,
    states: Vec<Futex>,
    bells: Vec<Futex>,
    callers: Vec<Futex>,
    closing: AtomicUsize,
    done: Vec<AtomicUsize>,
}

impl Board {
    fn new() -> Arc<Self> {
        let futexes = |count| (0..count).map(|_| Futex::default()).collect();
        Arc::new(Board {
            head: AtomicU64::new(0),
            tail: AtomicU64::new(0),
            ring: futexes(SLOTS),
            notes: (0..WORKERS).map(|_| AtomicU64::new(NOWHERE)).collect(),
            status: futexes(WORKERS),
            states: futexes(SLOTS),
            bells: futexes(SLOTS),
            callers: futexes(SLOTS),
            closing: AtomicUsize::new(0),
            done: (0..SLOTS).map(|_| AtomicUsize::new(0)).collect(),
        })
    }

    fn claims(&self) -> Claims<'_, Modelled> {
        Claims {
            head: &self.head,
            tail: &self.tail,
            ring: &self.ring,
            notes: Strided { words: &self.notes, stride: 1 },
            status: Strided { words: &self.status, stride: 1 },
            states: Strided { words: &self.states, stride: 1 },
            bells: Strided { words: &self.bells, stride: 1 },
            callers: Strided { words: &self.callers, stride: 1 },
        }
    }

    /// Um trabalhador: faz `most` blocos, e sai também se o pool fecha.
    fn work(&self, me: usize, most: usize) {
        let claims = self.claims();
        let mut left = most;
        while left > 0 {
            if let Some(slot) = claims.claim(me) {
                self.done[slot as usize].fetch_add(1, Relaxed);
                claims.finish(slot);
                left -= 1;
                continue;
            }
            let closing = || self.closing.load(Acquire) != 0;
            // Só se sai depois de ver que o pool fecha e, em seguida, que não há mais nada.
            if closing() && !claims.has_waiting() {
                return;
            }
            claims.rest(me, || false, closing);
        }
    }

    fn publish(&self, slots: &[u32]) {
        let claims = self.claims();
        slots.iter().for_each(|&slot| claims.renew(slot, slot));
        claims.publish(slots.iter().copied());
        claims.wake_enough();
    }

    fn wait(&self, slot: u32) {
        let claims = self.claims();
        while !claims.is_done(slot) {
            claims.wait_any(slot, &[slot], None);
        }
    }

    fn close(&self) {
        self.closing.store(1, Ordering::Release);
        (0..WORKERS).for_each(|worker| self.claims().rouse(worker));
    }
}

fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

fn spawn(board: &Arc<Board>, me: usize, most: usize) -> loom::thread::JoinHandle<()> {
    let board = board.clone();
    loom::thread::spawn(move || board.work(me, most))
}

fn join(threads: impl IntoIterator<Item = loom::thread::JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().expect("a thread termina"));
}

/// Dois blocos, publicados um de cada vez, e um trabalhador: nenhum aviso se perde, nem de um lado nem do outro.
#[test]
fn one_worker_sleeps_and_wakes_without_losing_a_word() {
    check(3, || {
        let board = Board::new();
        let worker = spawn(&board, 0, usize::MAX);
        for slot in [0, 1] {
            board.publish(&[slot]);
            board.wait(slot);
        }
        board.close();
        join([worker]);
        assert!(board.done.iter().all(|done| done.load(Relaxed) == 1));
    });
}

/// Dois trabalhadores, dois blocos: cada um é feito uma vez, e quem dorme é acordado.
#[test]
fn two_workers_do_each_chunk_once() {
    check(1, || {
        let board = Board::new();
        let workers = [spawn(&board, 0, usize::MAX), spawn(&board, 1, usize::MAX)];
        board.publish(&[0, 1]);
        [0, 1].into_iter().for_each(|slot| board.wait(slot));
        board.close();
        join(workers);
        assert!(board.done.iter().all(|done| done.load(Relaxed) == 1));
    });
}

/// Cada um faz um bloco só, e não volta: se o segundo bloco não acordasse o segundo trabalhador, ninguém o faria.
#[test]
fn a_second_chunk_wakes_a_second_worker() {
    check(2, || {
        let board = Board::new();
        let workers = [spawn(&board, 0, 1), spawn(&board, 1, 1)];
        board.publish(&[0]);
        board.publish(&[1]);
        join(workers);
        assert!(board.done.iter().all(|done| done.load(Relaxed) == 1));
    });
}

/// Um trabalhador morre em cada ponto em que pode morrer sem acabar o bloco; o outro vive. O supervisor encontra o
/// bloco perdido, só ele, e o publica de novo.
#[test]
fn what_a_dead_worker_had_is_found_and_only_that() {
    for point in [Death::BeforeClaiming, Death::AfterNoting, Death::AfterClaiming] {
        check(2, move || {
            let board = Board::new();
            board.publish(&[0, 1]);
            let dead = board.clone();
            let dead = loom::thread::spawn(move || dead.die(0, point));
            let living = spawn(&board, 1, usize::MAX);
            dead.join().expect("a thread termina");
            let claims = board.claims();
            let suspect = claims.bury(0);
            // Com o vivo ainda lá, ou se sabe que o bloco se perdeu, ou se espera.
            let is_lost = |&position: &u64| !claims.may_be_held(position) && !claims.is_done(position as u32);
            let lost = suspect.filter(is_lost);
            // As duas casas foram publicadas nas posições 0 e 1.
            claims.publish(lost.map(|position| position as u32));
            claims.wake_enough();
            board.close();
            join([living]);
            // Quem descansa não tem nada na mão: já não há dúvida.
            if let Some(position) = suspect.filter(|&position| !claims.is_done(position as u32)) {
                assert!(lost.is_none(), "o que se publicou de novo foi feito");
                assert!(is_lost(&position), "ninguém mais a tem, e alguém parece tê-la");
                board.done[position as usize].fetch_add(1, Relaxed);
            }
            assert!(board.done.iter().all(|done| done.load(Relaxed) == 1));
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Death {
    BeforeClaiming,
    AfterNoting,
    AfterClaiming,
}

impl Board {
    /// O começo de `claim`, interrompido.
    fn die(&self, me: usize, point: Death) {
        match point {
            Death::BeforeClaiming => {}
            Death::AfterNoting => {
                self.notes[me].store(self.head.load(Acquire), Ordering::Release);
            }
            Death::AfterClaiming => {
                self.claims().claim(me);
            }
        }
    }
}

/// Os postos de um maço tomam blocos uns dos outros: cada bloco é feito uma vez, e nenhum fica para trás.
#[test]
fn posts_steal_from_each_other_and_do_each_block_once() {
    const BLOCKS: u32 = 4;
    check(3, || {
        let words: Arc<Vec<AtomicU64>> = Arc::new(
            [range(0, 1), range(1, BLOCKS), NOWHERE, NOWHERE].into_iter().map(AtomicU64::new).collect(),
        );
        let done: Arc<Vec<AtomicUsize>> = Arc::new((0..BLOCKS).map(|_| AtomicUsize::new(0)).collect());
        let work = |post: usize| {
            let (words, done) = (words.clone(), done.clone());
            loom::thread::spawn(move || {
                let ranges = Ranges::<Modelled> {
                    ranges: Strided { words: &words[..2], stride: 1 },
                    notes: Strided { words: &words[2..], stride: 1 },
                };
                while let Some(block) = ranges.take(post) {
                    assert!(ranges.may_be_held(block));
                    done[block as usize].fetch_add(1, Relaxed);
                }
            })
        };
        join([work(0), work(1)]);
        assert!(done.iter().all(|done| done.load(Relaxed) == 1));
    });
}

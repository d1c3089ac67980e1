//! Trava, semáforo, evento e barreira entre processos, e o que sobra deles quando alguém é morto no meio.

use std::time::{Duration, Instant};

use multiprocessamento::{
    Barrier, Error, Event, Lock, LockGuard, Pool, Process, Semaphore, SemaphoreGuard, SharedArray, Value,
};
use rustix::process::Signal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::support::*;

crate::cases! {
    60 => under_a_lock_no_increment_is_lost,
    30 => a_lock_excludes_threads_too,
    30 => only_the_next_owner_learns_of_a_death,
    30 => a_process_killed_while_waiting_for_a_lock_changes_nothing,
    30 => a_lock_held_by_another_times_out,
    30 => locking_twice_in_a_thread_is_an_error,
    30 => a_semaphore_lets_in_no_more_than_its_permits,
    30 => permits_of_the_dead_return_to_who_was_waiting,
    30 => permits_of_the_dead_return_to_who_comes_later,
    30 => a_semaphore_without_permits_times_out,
    30 => a_permit_may_be_returned_by_another_thread,
    30 => a_process_may_have_many_permits,
    60 => a_process_killed_at_any_moment_leaves_them_usable,
    30 => an_event_wakes_everyone,
    30 => an_event_is_unaffected_by_deaths,
    30 => an_event_times_out_and_may_be_cleared,
    60 => a_barrier_holds_each_generation_together,
    30 => a_death_while_waiting_breaks_the_barrier,
    30 => a_death_before_arriving_breaks_the_barrier,
    30 => a_death_of_one_who_had_arrived_does_not_open_the_barrier,
    30 => leaving_without_dropping_breaks_the_barrier,
    30 => a_process_that_finished_its_part_breaks_nothing,
    30 => a_worker_killed_after_its_task_breaks_nothing,
    30 => who_gives_up_on_a_barrier_may_come_back,
    30 => a_barrier_of_nobody_is_refused,
    30 => a_barrier_of_one_never_waits,
    30 => all_of_them_cross_inside_other_values_and_back,
    30 => one_is_not_taken_for_another,
    30 => they_cross_only_to_another_process_of_this_program,
}

/// Em quanto tempo uma morte tem que ser notada, com folga para uma máquina ocupada.
const SOON: Duration = Duration::from_secs(2);

/// Espera o processo dormir numa espera do sistema: só então ele está mesmo na fila.
fn until_asleep(pid: u32) {
    let futex = format!("{} ", libc::SYS_futex);
    eventually("o processo dorme", || {
        let syscall = std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
        syscall.starts_with(&futex)
    });
}

fn forever() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Mata e espera o fim.
fn kill_and_join<R: Serialize + serde::de::DeserializeOwned>(process: Process<R>) {
    process.kill();
    assert!(matches!(process.join().map(|_| ()), Err(Error::WorkerDied { .. })));
}

fn under_a_lock_no_increment_is_lost() {
    fn work((lock, counter): (Lock, Value<u64>)) {
        for _ in 0..5000 {
            let _held = lock.lock().unwrap();
            // De propósito em dois passos: só a trava os mantém juntos.
            counter.set(counter.get() + 1);
        }
    }
    let (lock, counter) = (Lock::new().unwrap(), Value::new(0).unwrap());
    let processes: Vec<_> =
        (0..4).map(|_| Process::start(work, (lock.clone(), counter.clone())).unwrap()).collect();
    processes.into_iter().for_each(|process| process.join().unwrap());
    assert_eq!(counter.get(), 20_000);
}

fn a_lock_excludes_threads_too() {
    let (lock, counter) = (Lock::new().unwrap(), Value::new(0).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5000 {
                    let _held = lock.lock().unwrap();
                    counter.set(counter.get() + 1);
                }
            });
        }
    });
    assert_eq!(counter.get(), 20_000);
}

/// Pega a trava, avisa e fica com ela.
fn hold_lock((lock, held): (Lock, Event)) {
    let _guard: LockGuard = lock.lock().unwrap();
    held.set().unwrap();
    forever()
}

fn only_the_next_owner_learns_of_a_death() {
    let (lock, held) = (Lock::new().unwrap(), Event::new().unwrap());
    assert!(!lock.lock().unwrap().owner_died());
    let owner = Process::start(hold_lock, (lock.clone(), held.clone())).unwrap();
    held.wait().unwrap();
    assert!(lock.try_lock().unwrap().is_none());
    // Um já espera quando a morte vem.
    let died = |lock: Lock| lock.lock().unwrap().owner_died();
    let waiting = Process::start(died, lock.clone()).unwrap();
    until_asleep(waiting.pid());
    kill_and_join(owner);
    assert!(waiting.join().unwrap());
    assert!(!Process::start(died, lock.clone()).unwrap().join().unwrap());
    assert!(!lock.lock().unwrap().owner_died());
}

fn a_process_killed_while_waiting_for_a_lock_changes_nothing() {
    let lock = Lock::new().unwrap();
    let take = |lock: Lock| lock.lock().unwrap().owner_died();
    let guard = lock.lock().unwrap();
    let victim = Process::start(take, lock.clone()).unwrap();
    let other = Process::start(take, lock.clone()).unwrap();
    until_asleep(victim.pid());
    until_asleep(other.pid());
    kill_and_join(victim);
    drop(guard);
    assert!(!other.join().unwrap());
    assert!(!lock.lock().unwrap().owner_died());
}

fn a_lock_held_by_another_times_out() {
    let (lock, held) = (Lock::new().unwrap(), Event::new().unwrap());
    let owner = Process::start(hold_lock, (lock.clone(), held.clone())).unwrap();
    held.wait().unwrap();
    let limit = Duration::from_millis(150);
    let begin = Instant::now();
    assert!(matches!(lock.lock_timeout(limit), Err(Error::TimedOut(told)) if told == limit));
    assert!(begin.elapsed() >= limit);
    assert!(lock.try_lock().unwrap().is_none());
    assert!(matches!(lock.lock_timeout(Duration::ZERO), Err(Error::TimedOut(_))));
    kill_and_join(owner);
    assert!(lock.lock_timeout(Duration::MAX).unwrap().owner_died());
    assert!(lock.try_lock().unwrap().is_some());
}

fn locking_twice_in_a_thread_is_an_error() {
    let lock = Lock::new().unwrap();
    let guard = lock.lock().unwrap();
    let same = lock.clone();
    assert!(matches!(same.lock(), Err(Error::AlreadyLocked)));
    assert!(matches!(same.try_lock(), Err(Error::AlreadyLocked)));
    assert!(matches!(same.lock_timeout(Duration::from_secs(9)), Err(Error::AlreadyLocked)));
    // Outra thread só espera a vez.
    let free = std::thread::scope(|scope| scope.spawn(|| lock.try_lock().unwrap().is_some()).join().unwrap());
    assert!(!free);
    drop(guard);
    assert!(same.try_lock().unwrap().is_some());
}

fn a_semaphore_lets_in_no_more_than_its_permits() {
    /// Quantos estão dentro agora, e quantos já estiveram ao mesmo tempo.
    fn work((permits, inside): (Semaphore, SharedArray<i64>)) {
        use std::sync::atomic::Ordering::SeqCst;
        for _ in 0..200 {
            let _permit = permits.acquire().unwrap();
            let now = inside.cells()[0].fetch_add(1, SeqCst) + 1;
            inside.cells()[1].fetch_max(now, SeqCst);
            std::thread::yield_now();
            inside.cells()[0].fetch_sub(1, SeqCst);
        }
    }
    let (permits, inside) = (Semaphore::new(2).unwrap(), SharedArray::new(2).unwrap());
    let processes: Vec<_> =
        (0..4).map(|_| Process::start(work, (permits.clone(), inside.clone())).unwrap()).collect();
    processes.into_iter().for_each(|process| process.join().unwrap());
    println!("até {} de uma vez", inside.get(1));
    assert_eq!(inside.get(0), 0);
    assert!((1..=2).contains(&inside.get(1)), "{:?}", inside.to_vec());
    // Todas voltaram.
    let _both: [SemaphoreGuard; 2] = [permits.acquire().unwrap(), permits.acquire().unwrap()];
    assert!(permits.try_acquire().unwrap().is_none());
}

/// Pega `count` permissões, avisa e fica com elas.
fn hold_permits((permits, count, held): (Semaphore, usize, Event)) {
    let _guards: Vec<_> = (0..count).map(|_| permits.acquire().unwrap()).collect();
    held.set().unwrap();
    forever()
}

fn permits_of_the_dead_return_to_who_was_waiting() {
    let (permits, held) = (Semaphore::new(2).unwrap(), Event::new().unwrap());
    let holder = Process::start(hold_permits, (permits.clone(), 2, held.clone())).unwrap();
    held.wait().unwrap();
    let take = |permits: Semaphore| permits.acquire().map(drop).unwrap();
    let waiting: Vec<_> = (0..2).map(|_| Process::start(take, permits.clone()).unwrap()).collect();
    waiting.iter().for_each(|process| until_asleep(process.pid()));
    let begin = Instant::now();
    // Morto e ainda não recolhido: um zumbi já não tem permissões.
    kill(holder.pid(), Signal::KILL);
    waiting.into_iter().for_each(|process| process.join().unwrap());
    println!("voltaram em {:?}", begin.elapsed());
    assert!(begin.elapsed() < SOON);
    kill_and_join(holder);
}

fn permits_of_the_dead_return_to_who_comes_later() {
    let (permits, held) = (Semaphore::new(3).unwrap(), Event::new().unwrap());
    let holder = Process::start(hold_permits, (permits.clone(), 2, held.clone())).unwrap();
    held.wait().unwrap();
    let mine = permits.acquire().unwrap();
    assert!(permits.try_acquire().unwrap().is_none());
    kill_and_join(holder);
    let back = [permits.try_acquire().unwrap(), permits.try_acquire().unwrap()];
    assert!(back.iter().all(Option::is_some));
    // As dos vivos não voltam com as dos mortos.
    assert!(permits.try_acquire().unwrap().is_none());
    drop(mine);
    assert!(permits.try_acquire().unwrap().is_some());
}

fn a_semaphore_without_permits_times_out() {
    let permits = Semaphore::new(1).unwrap();
    let _held = permits.acquire().unwrap();
    let limit = Duration::from_millis(250);
    let begin = Instant::now();
    assert!(matches!(permits.acquire_timeout(limit), Err(Error::TimedOut(told)) if told == limit));
    assert!(begin.elapsed() >= limit);
    assert!(matches!(Semaphore::new(0).unwrap().acquire_timeout(Duration::ZERO), Err(Error::TimedOut(_))));
}

fn a_permit_may_be_returned_by_another_thread() {
    let permits = Semaphore::new(1).unwrap();
    let held = permits.acquire().unwrap();
    std::thread::spawn(move || drop(held)).join().unwrap();
    assert!(permits.acquire_timeout(Duration::MAX).is_ok());
}

fn a_process_may_have_many_permits() {
    let permits = Semaphore::new(1000).unwrap();
    let mut held: Vec<_> = (0..1000).map(|_| permits.acquire().unwrap()).collect();
    assert!(permits.try_acquire().unwrap().is_none());
    held.truncate(500);
    let take =
        |permits: Semaphore| (0..).map_while(|_| permits.try_acquire().unwrap()).collect::<Vec<_>>().len();
    assert_eq!(Process::start(take, permits.clone()).unwrap().join().unwrap(), 500);
}

fn a_process_killed_at_any_moment_leaves_them_usable() {
    fn work((lock, permits, rounds): (Lock, Semaphore, Value<u64>)) {
        loop {
            let _held = lock.lock().unwrap();
            let _permit = permits.acquire().unwrap();
            rounds.update(|n| n + 1);
        }
    }
    let (lock, permits) = (Lock::new().unwrap(), Semaphore::new(2).unwrap());
    let mut random = Random::new(11);
    for _ in 0..20 {
        let rounds = Value::new(0).unwrap();
        let argument = (lock.clone(), permits.clone(), rounds.clone());
        let process = Process::start(work, argument).unwrap();
        eventually("o processo está no meio do laço", || rounds.get() > 0);
        std::thread::sleep(Duration::from_micros(random.below(2000) as u64));
        kill_and_join(process);
        let _held = lock.lock_timeout(SOON).unwrap();
        let _both = [permits.acquire_timeout(SOON).unwrap(), permits.acquire_timeout(SOON).unwrap()];
        assert!(permits.try_acquire().unwrap().is_none());
    }
}

fn an_event_wakes_everyone() {
    let event = Event::new().unwrap();
    let wait = |event: Event| event.wait().unwrap();
    let processes: Vec<_> = (0..4).map(|_| Process::start(wait, event.clone()).unwrap()).collect();
    processes.iter().for_each(|process| until_asleep(process.pid()));
    assert!(!event.is_set());
    event.set().unwrap();
    processes.into_iter().for_each(|process| process.join().unwrap());
    assert!(event.is_set());
    // Dado o aviso, ninguém espera.
    event.wait().unwrap();
}

fn an_event_is_unaffected_by_deaths() {
    let event = Event::new().unwrap();
    let wait = |event: Event| event.wait().unwrap();
    let victim = Process::start(wait, event.clone()).unwrap();
    let other = Process::start(wait, event.clone()).unwrap();
    until_asleep(victim.pid());
    until_asleep(other.pid());
    kill_and_join(victim);
    let set_and_die = |event: Event| -> () {
        event.set().unwrap();
        kill_myself()
    };
    let setter = Process::start(set_and_die, event.clone()).unwrap();
    other.join().unwrap();
    assert!(matches!(setter.join(), Err(Error::WorkerDied { .. })));
    assert!(event.is_set());
}

fn an_event_times_out_and_may_be_cleared() {
    let event = Event::new().unwrap();
    let limit = Duration::from_millis(150);
    let begin = Instant::now();
    assert!(matches!(event.wait_timeout(limit), Err(Error::TimedOut(told)) if told == limit));
    assert!(begin.elapsed() >= limit);
    event.set().unwrap();
    event.wait_timeout(Duration::ZERO).unwrap();
    event.wait_timeout(Duration::MAX).unwrap();
    let clear = |event: Event| event.clear();
    Process::start(clear, event.clone()).unwrap().join().unwrap();
    assert!(!event.is_set());
    assert!(matches!(event.wait_timeout(Duration::ZERO), Err(Error::TimedOut(_))));
}

fn a_barrier_holds_each_generation_together() {
    const PARTIES: usize = 4;
    const ROUNDS: u64 = 50;
    fn work((barrier, arrivals): (Barrier, Value<u64>)) -> u64 {
        let mut last = 0;
        for round in 1..=ROUNDS {
            arrivals.update(|n| n + 1);
            last += u64::from(barrier.wait().unwrap() == PARTIES - 1);
            // Todos desta volta chegaram; e ninguém começa a outra antes do segundo encontro.
            assert_eq!(arrivals.get(), round * PARTIES as u64);
            barrier.wait().unwrap();
        }
        last
    }
    let (barrier, arrivals) = (Barrier::new(PARTIES).unwrap(), Value::new(0).unwrap());
    let argument = || (barrier.clone(), arrivals.clone());
    let others: Vec<_> = (1..PARTIES).map(|_| Process::start(work, argument()).unwrap()).collect();
    let mut last = work(argument());
    for process in others {
        last += process.join().unwrap();
    }
    assert_eq!(last, ROUNDS, "um último por volta");
}

/// Avisa que tem a barreira, e espera nela.
fn arrive((barrier, ready): (Barrier, Value<u32>)) -> bool {
    ready.update(|n| n + 1);
    matches!(barrier.wait(), Err(Error::BrokenBarrier))
}

/// Avisa que tem a barreira, e não chega nunca.
fn never_arrive((_barrier, ready): (Barrier, Value<u32>)) {
    ready.update(|n| n + 1);
    forever()
}

fn a_death_while_waiting_breaks_the_barrier() {
    let (barrier, ready) = (Barrier::new(4).unwrap(), Value::new(0).unwrap());
    let argument = || (barrier.clone(), ready.clone());
    let victim = Process::start(arrive, argument()).unwrap();
    let others: Vec<_> = (0..2).map(|_| Process::start(arrive, argument()).unwrap()).collect();
    eventually("todos têm a barreira", || ready.get() == 3);
    until_asleep(victim.pid());
    others.iter().for_each(|process| until_asleep(process.pid()));
    let begin = Instant::now();
    kill_and_join(victim);
    for process in others {
        assert!(process.join().unwrap());
    }
    println!("rompeu-se em {:?}", begin.elapsed());
    assert!(begin.elapsed() < SOON);
    // E assim fica, para todos e para quem a recebe agora.
    assert!(matches!(barrier.wait(), Err(Error::BrokenBarrier)));
    assert!(matches!(barrier.wait_timeout(Duration::ZERO), Err(Error::BrokenBarrier)));
    assert!(Process::start(arrive, argument()).unwrap().join().unwrap());
}

fn a_death_before_arriving_breaks_the_barrier() {
    let (barrier, ready) = (Barrier::new(2).unwrap(), Value::new(0).unwrap());
    let victim = Process::start(never_arrive, (barrier.clone(), ready.clone())).unwrap();
    eventually("o outro tem a barreira", || ready.get() == 1);
    kill_and_join(victim);
    let begin = Instant::now();
    assert!(matches!(barrier.wait(), Err(Error::BrokenBarrier)));
    assert!(begin.elapsed() < SOON);
}

fn a_death_of_one_who_had_arrived_does_not_open_the_barrier() {
    let (barrier, ready) = (Barrier::new(2).unwrap(), Value::new(0).unwrap());
    let victim = Process::start(arrive, (barrier.clone(), ready.clone())).unwrap();
    eventually("o outro tem a barreira", || ready.get() == 1);
    until_asleep(victim.pid());
    kill_and_join(victim);
    // Este é o segundo de dois, mas o primeiro já não está.
    assert!(matches!(barrier.wait(), Err(Error::BrokenBarrier)));
}

fn leaving_without_dropping_breaks_the_barrier() {
    let barrier = Barrier::new(2).unwrap();
    let leave = |_barrier: Barrier| -> () { std::process::exit(0) };
    assert!(Process::start(leave, barrier.clone()).unwrap().join().is_err());
    assert!(matches!(barrier.wait(), Err(Error::BrokenBarrier)));
}

fn a_process_that_finished_its_part_breaks_nothing() {
    let barrier = Barrier::new(2).unwrap();
    let wait = |barrier: Barrier| barrier.wait().is_ok();
    for _ in 0..3 {
        let process = Process::start(wait, barrier.clone()).unwrap();
        barrier.wait().unwrap();
        assert!(process.join().unwrap());
    }
}

fn a_worker_killed_after_its_task_breaks_nothing() {
    let (barrier, pool) = (Barrier::new(2).unwrap(), Pool::new(2).unwrap());
    let wait = |barrier: Barrier| barrier.wait().map_err(|error| error.to_string());
    let meet = || pool.chunk_size(1).unwrap().map(wait, vec![barrier.clone(); 2]).unwrap();
    assert!(meet().iter().all(Result::is_ok));
    let old = pool.pids();
    old.iter().for_each(|&pid| kill(pid, Signal::KILL));
    eventually("há trabalhadores novos", || {
        let now = pool.pids();
        now.len() == 2 && old.iter().all(|pid| !now.contains(pid))
    });
    assert_eq!(meet().iter().filter(|outcome| outcome.is_ok()).count(), 2);
}

fn who_gives_up_on_a_barrier_may_come_back() {
    let barrier = Barrier::new(2).unwrap();
    let limit = Duration::from_millis(150);
    for _ in 0..3 {
        let begin = Instant::now();
        assert!(matches!(barrier.wait_timeout(limit), Err(Error::TimedOut(told)) if told == limit));
        assert!(begin.elapsed() >= limit);
    }
    assert!(matches!(barrier.wait_timeout(Duration::ZERO), Err(Error::TimedOut(_))));
    // As desistências não contam como chegadas: são precisos dois.
    let other = Process::start(|barrier: Barrier| barrier.wait().unwrap(), barrier.clone()).unwrap();
    let mut orders = [barrier.wait_timeout(Duration::MAX).unwrap(), other.join().unwrap()];
    orders.sort();
    assert_eq!(orders, [0, 1]);
}

fn a_barrier_of_nobody_is_refused() {
    assert!(matches!(Barrier::new(0), Err(Error::InvalidArgument { .. })));
}

fn a_barrier_of_one_never_waits() {
    let barrier = Barrier::new(1).unwrap();
    assert_eq!([barrier.wait().unwrap(), barrier.wait().unwrap()], [0, 0]);
}

fn all_of_them_cross_inside_other_values_and_back() {
    type All = (Lock, Vec<Semaphore>, Option<Event>, Barrier);
    fn use_all((lock, permits, event, barrier): All) -> All {
        drop(lock.lock().unwrap());
        drop(permits[0].acquire().unwrap());
        event.as_ref().unwrap().set().unwrap();
        barrier.wait().unwrap();
        (lock, permits, event, barrier)
    }
    let all = (
        Lock::new().unwrap(),
        vec![Semaphore::new(1).unwrap(); 2],
        Some(Event::new().unwrap()),
        Barrier::new(1).unwrap(),
    );
    let (lock, permits, event, barrier) = Process::start(use_all, all.clone()).unwrap().join().unwrap();
    assert!(event.unwrap().is_set() && all.2.unwrap().is_set());
    // O que voltou é a mesma trava e o mesmo semáforo que foram.
    let (_held, _permit) = (all.0.lock().unwrap(), all.1[0].acquire().unwrap());
    assert!(matches!(lock.lock(), Err(Error::AlreadyLocked)));
    assert!(permits[1].try_acquire().unwrap().is_none());
    assert_eq!(barrier.wait().unwrap(), 0);
}

/// Sai daqui como um evento e chega lá como outra coisa.
struct Disguised<T>(Event, std::marker::PhantomData<T>);

impl<T> Serialize for Disguised<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Disguised<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer)?;
        Ok(Disguised(Event::new().unwrap(), std::marker::PhantomData))
    }
}

fn one_is_not_taken_for_another() {
    fn send_as<T: for<'a> Deserialize<'a> + 'static>() -> Result<(), Error> {
        let disguised: Disguised<T> = Disguised(Event::new().unwrap(), std::marker::PhantomData);
        Process::start(|_: Disguised<T>| (), disguised).unwrap().join()
    }
    send_as::<Event>().unwrap();
    for outcome in [send_as::<Lock>(), send_as::<Semaphore>(), send_as::<Barrier>()] {
        assert!(matches!(outcome, Err(Error::Decode(_))), "{outcome:?}");
    }
}

fn they_cross_only_to_another_process_of_this_program() {
    assert!(serde_json::to_string(&Lock::new().unwrap()).is_err());
    assert!(serde_json::to_string(&Barrier::new(2).unwrap()).is_err());
    assert!(serde_json::from_str::<Semaphore>("0").is_err());
}

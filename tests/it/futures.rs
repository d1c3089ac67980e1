//! Um resultado como futuro, vários de uma vez, e de que se desiste.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use multiprocessamento::{AsyncResult, Error, ThreadPool, as_completed};
use rustix::process::Signal;

use crate::support::*;

crate::cases! {
    for pools;
    30 => a_future_gives_the_answer_once,
    30 => a_future_of_a_failed_task_gives_the_failure,
    30 => many_futures_are_woken_and_leave_no_thread,
    30 => a_future_may_be_waited_for_in_the_other_way,
    30 => a_future_ends_with_its_pool,
    30 => results_come_in_the_order_they_get_ready,
    30 => the_first_one_is_enough_and_the_others_are_not_done,
    30 => what_was_cancelled_before_it_began_is_not_done,
    30 => a_waker_may_drop_the_pool,
    30 => a_waker_that_panics_does_not_stop_the_others,
    30 => threads_do_the_same,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// O executor mais simples que há.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

fn a_future_gives_the_answer_once() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    assert_eq!(block_on(pool.apply_async(square, 12)).unwrap(), 144);
    let gate = dir.path().join("portão");
    let mut slow = pool.apply_async(wait_at_gate, gate.clone());
    let waker = Waker::noop();
    assert!(std::pin::Pin::new(&mut slow).poll(&mut Context::from_waker(waker)).is_pending());
    touch(&gate);
    assert!(pool.pids().contains(&block_on(&mut slow).unwrap()));
    assert!(matches!(block_on(slow), Err(Error::AlreadyTaken)));
}

fn a_future_of_a_failed_task_gives_the_failure() {
    let pool = new_pool(1).unwrap();
    let fail = |text: String| -> u64 { panic!("{text}") };
    let error = block_on(pool.apply_async(fail, "assim".to_owned())).unwrap_err();
    assert!(matches!(&error, Error::Panicked { message, .. } if message == "assim"), "{error:?}");
    let dir = folder();
    let announcement = dir.path().join("pid");
    let hold = |path: PathBuf| {
        announce_pid(&path);
        std::thread::sleep(Duration::from_secs(3600));
    };
    let doomed = pool.apply_async(hold, announcement.clone());
    let killer = std::thread::spawn(move || kill(announced_pid(&announcement), Signal::KILL));
    assert!(matches!(block_on(doomed), Err(Error::WorkerDied { .. })));
    killer.join().unwrap();
}

fn many_futures_are_woken_and_leave_no_thread() {
    let pool = new_pool(2).unwrap();
    pool.map(square, 0..10).unwrap();
    let before = threads();
    for _ in 0..5 {
        let asked: Vec<AsyncResult<u64>> = (0..300).map(|x| pool.apply_async(square, x)).collect();
        for (x, answer) in (0..).zip(asked) {
            assert_eq!(block_on(answer).unwrap(), square(x));
        }
    }
    eventually("o despertador terminou", || threads() == before);
}

fn a_future_may_be_waited_for_in_the_other_way() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let gate = dir.path().join("portão");
    let mut asked = pool.apply_async(wait_at_gate, gate.clone());
    let waker = Waker::noop();
    assert!(std::pin::Pin::new(&mut asked).poll(&mut Context::from_waker(waker)).is_pending());
    assert!(matches!(asked.get_timeout(Duration::from_millis(30)), Err(Error::TimedOut(_))));
    assert!(std::pin::Pin::new(&mut asked).poll(&mut Context::from_waker(waker)).is_pending());
    touch(&gate);
    assert_eq!(asked.get().unwrap(), pool.pids()[0]);
    // Um que se consultou e se descartou não atrapalha os outros.
    let mut dropped = pool.apply_async(square, 2);
    let _ = std::pin::Pin::new(&mut dropped).poll(&mut Context::from_waker(waker));
    drop(dropped);
    assert_eq!(block_on(pool.apply_async(square, 5)).unwrap(), 25);
}

fn a_future_ends_with_its_pool() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let gate = dir.path().join("portão");
    let asked = [gate.clone(), gate].map(|gate| pool.apply_async(wait_at_gate, gate));
    let ending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        drop(pool);
    });
    for asked in asked {
        assert!(matches!(block_on(asked), Err(Error::Terminated)));
    }
    ending.join().unwrap();
}

fn wait_and_return((gate, value): (PathBuf, u64)) -> u64 {
    wait_for(gate);
    value
}

fn results_come_in_the_order_they_get_ready() {
    let (pool, dir) = (new_pool(3).unwrap(), folder());
    let gates: Vec<PathBuf> = (0..3).map(|index| dir.path().join(index.to_string())).collect();
    let asked =
        (0..).zip(&gates).map(|(value, gate)| pool.apply_async(wait_and_return, (gate.clone(), value)));
    let mut ready = as_completed(asked.collect::<Vec<_>>());
    for expected in [2, 0, 1] {
        touch(&gates[expected]);
        let (index, value) = ready.next().unwrap();
        assert_eq!((index, value.unwrap()), (expected, expected as u64));
    }
    assert!(ready.next().is_none());
    let many: Vec<_> = (0..500).map(|x| pool.apply_async(square, x)).collect();
    let mut seen: Vec<(usize, u64)> =
        as_completed(many).map(|(index, value)| (index, value.unwrap())).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..500).map(|x| (x as usize, square(x))).collect::<Vec<_>>());
}

/// Diz que começou, e espera.
fn sign_and_wait((register, gate, name): (PathBuf, PathBuf, String)) -> String {
    append_line(&register, &name);
    wait_for(gate);
    name
}

fn the_first_one_is_enough_and_the_others_are_not_done() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let register = dir.path().join("registro");
    let ask = |name: &str| {
        // A segunda, se chegar a começar, fica no portão dela, e a terceira não tem quem a faça.
        let gate = dir.path().join(if name == "a" { "portão" } else { "outro portão" });
        pool.apply_async(sign_and_wait, (register.clone(), gate, name.to_owned()))
    };
    let mut ready = as_completed(["a", "b", "c"].map(ask));
    touch(dir.path().join("portão"));
    let (index, first) = ready.next().unwrap();
    assert_eq!((index, first.unwrap().as_str()), (0, "a"));
    ready.cancel();
    touch(dir.path().join("outro portão"));
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    assert!(!lines(&register).contains(&"c".to_owned()), "{:?}", lines(&register));
}

fn what_was_cancelled_before_it_began_is_not_done() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let (register, gate) = (dir.path().join("registro"), dir.path().join("portão"));
    let ask = |name: &str| pool.apply_async(sign_and_wait, (register.clone(), gate.clone(), name.to_owned()));
    let first = ask("a");
    eventually("a primeira começou", || lines(&register) == ["a"]);
    let others = ["b", "c", "d"].map(ask);
    let kept = ask("e");
    others.into_iter().for_each(AsyncResult::cancel);
    touch(&gate);
    assert_eq!((first.get().unwrap(), kept.get().unwrap()), ("a".to_owned(), "e".to_owned()));
    assert_eq!(lines(&register), ["a", "e"]);
    assert_eq!(pool.stats().tasks, 2);
    // As casas dos que se cancelaram voltam a servir.
    for round in 0..5_000 {
        pool.apply_async(square, round).cancel();
    }
    assert_eq!(pool.map(square, 0..100).unwrap().len(), 100);
}

fn threads_do_the_same() {
    let (pool, dir) = (ThreadPool::new(1).unwrap(), folder());
    assert_eq!(block_on(pool.apply_async(square, 12)).unwrap(), 144);
    let (register, gate) = (dir.path().join("registro"), dir.path().join("portão"));
    let ask = |name: &str| pool.apply_async(sign_and_wait, (register.clone(), gate.clone(), name.to_owned()));
    let first = ask("a");
    eventually("a primeira começou", || lines(&register) == ["a"]);
    ask("b").cancel();
    let kept = ask("c");
    touch(&gate);
    let ready: Vec<String> = as_completed([kept, first]).map(|(_, name)| name.unwrap()).collect();
    assert_eq!(ready.len(), 2);
    assert_eq!(lines(&register), ["a", "c"]);
}

/// Guarda algo, e o descarta ao ser acordado.
struct Dropper<T>(std::sync::Mutex<Option<T>>);

impl<T: Send + 'static> Wake for Dropper<T> {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
    }
}

/// É o que faz um executor cujas tarefas são donas do pool, e que já se foi.
fn a_waker_may_drop_the_pool() {
    let dir = folder();
    let gate = dir.path().join("portão");
    let pool = new_pool(1).unwrap();
    let mut asked = pool.apply_async(wait_at_gate, gate.clone());
    let dropper = Arc::new(Dropper(std::sync::Mutex::new(Some(pool))));
    let waker = Waker::from(dropper.clone());
    assert!(std::pin::Pin::new(&mut asked).poll(&mut Context::from_waker(&waker)).is_pending());
    touch(&gate);
    eventually("o pool foi descartado", || dropper.0.lock().is_ok_and(|pool| pool.is_none()));
    assert!(asked.get().is_ok());
    eventually("não ficou filho, thread nem memória", || {
        let mural = std::fs::read_dir("/proc/self/fd").unwrap().flatten().any(|entry| {
            std::fs::read_link(entry.path())
                .is_ok_and(|target| target.display().to_string().contains("mural"))
        });
        children().is_empty() && threads() == 1 && !mural
    });
    let threads = ThreadPool::new(1).unwrap();
    let mut asked = threads.apply_async(square, 3);
    let dropper = Arc::new(Dropper(std::sync::Mutex::new(Some(threads))));
    let waker = Waker::from(dropper.clone());
    match std::pin::Pin::new(&mut asked).poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(answer) => assert_eq!(answer.unwrap(), 9),
        Poll::Pending => assert_eq!(asked.get().unwrap(), 9),
    }
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("um executor com defeito");
    }
}

fn a_waker_that_panics_does_not_stop_the_others() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    for round in 0..3 {
        let gate = dir.path().join(round.to_string());
        let mut asked = pool.apply_async(wait_at_gate, gate.clone());
        let waker = Waker::from(Arc::new(Panics));
        assert!(std::pin::Pin::new(&mut asked).poll(&mut Context::from_waker(&waker)).is_pending());
        let other = pool.apply_async(square, round);
        touch(&gate);
        assert_eq!(block_on(other).unwrap(), square(round));
        assert!(asked.get().is_ok());
    }
}

//! `ThreadPool`: as mesmas chamadas, com threads.

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use multiprocessamento::{Error, ThreadPool};

use crate::support::*;

crate::cases! {
    30 => map_keeps_the_order,
    30 => the_two_pools_answer_the_same_calls,
    30 => the_builder_names_the_threads,
    30 => every_chunk_size_gives_the_same_answer,
    30 => empty_input_gives_empty_output,
    30 => impossible_sizes_are_refused,
    30 => tasks_run_in_the_threads_of_this_process,
    30 => tasks_may_capture_and_values_need_no_serde,
    30 => imap_delivers_in_order_and_unordered_as_ready,
    30 => an_endless_input_is_read_a_little_ahead,
    30 => a_panic_is_a_value_and_keeps_the_thread,
    30 => map_follows_an_input_that_comes_slowly,
    30 => items_that_come_apart_still_run_together,
    30 => any_window_is_enough,
    30 => map_gives_way_to_whoever_comes_after,
    30 => the_first_failure_of_a_map_stops_it,
    30 => terminating_ends_a_map_and_closing_refuses_the_rest,
    30 => apply_async_is_ready_when_the_task_ends,
    30 => close_refuses_new_tasks_and_finishes_the_old_ones,
    30 => join_waits_for_what_was_submitted,
    30 => terminate_fails_what_nobody_began,
    30 => a_dropped_pool_waits_for_what_began,
    30 => an_answered_async_result_outlives_the_pool,
    30 => dropping_imap_midway_cancels_what_nobody_began,
    30 => several_threads_share_a_pool,
    30 => threads_end_with_the_pool,
}

fn map_keeps_the_order() {
    let pool = ThreadPool::new(3).unwrap();
    assert_eq!(pool.map(square, 0..1000).unwrap(), (0..1000).map(square).collect::<Vec<u64>>());
}

fn every_chunk_size_gives_the_same_answer() {
    let pool = ThreadPool::new(2).unwrap();
    let expected: Vec<u64> = (0..100).map(square).collect();
    for chunk_size in [1, 3, 50, 100, usize::MAX] {
        let chunked = pool.chunk_size(chunk_size).unwrap();
        assert_eq!(chunked.map(square, 0..100).unwrap(), expected);
        let ordered: Result<Vec<u64>, _> = chunked.imap(square, 0..100).collect();
        assert_eq!(ordered.unwrap(), expected);
        let unordered: HashSet<u64> = chunked.imap_unordered(square, 0..100).map(Result::unwrap).collect();
        assert_eq!(unordered, expected.iter().copied().collect());
    }
}

fn empty_input_gives_empty_output() {
    let pool = ThreadPool::new(2).unwrap();
    assert_eq!(pool.map(square, []).unwrap(), Vec::<u64>::new());
    assert_eq!(pool.imap(square, []).count() + pool.imap_unordered(square, []).count(), 0);
}

fn impossible_sizes_are_refused() {
    assert!(matches!(ThreadPool::new(0), Err(Error::InvalidArgument { .. })));
    assert!(matches!(ThreadPool::new(1).unwrap().chunk_size(0), Err(Error::InvalidArgument { .. })));
}

fn tasks_run_in_the_threads_of_this_process() {
    let pool = ThreadPool::new(2).unwrap();
    let me = std::thread::current().id();
    let seen = pool.map(|_| (std::process::id(), std::thread::current().id()), 0..100).unwrap();
    assert!(seen.iter().all(|&(pid, thread)| pid == std::process::id() && thread != me));
    assert!(seen.iter().map(|&(_, thread)| thread).collect::<HashSet<_>>().len() <= pool.workers());
}

fn tasks_may_capture_and_values_need_no_serde() {
    struct Opaque(u64);
    let factor = Arc::new(3);
    let pool = ThreadPool::new(2).unwrap();
    let task_factor = factor.clone();
    let tripled = pool.map(move |x: Opaque| Opaque(x.0 * *task_factor), (0..4).map(Opaque)).unwrap();
    assert_eq!(tripled.iter().map(|x| x.0).collect::<Vec<_>>(), [0, 3, 6, 9]);
    pool.join();
    assert_eq!(Arc::strong_count(&factor), 1, "as tarefas não ficam guardadas");
}

fn imap_delivers_in_order_and_unordered_as_ready() {
    let pool = ThreadPool::new(2).unwrap();
    let (open, gate) = mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(Some(gate)));
    let first_waits = move |x: u64| {
        if x == 0 {
            let gate = gate.lock().unwrap().take();
            // Abre quando o outro lado é descartado.
            let _ = gate.map(|gate| gate.recv());
        }
        x
    };
    let mut results = pool.imap_unordered(first_waits.clone(), 0..20);
    let before: HashSet<u64> = results.by_ref().take(19).map(Result::unwrap).collect();
    assert_eq!(before, (1..20).collect());
    drop(open);
    assert_eq!(results.next().unwrap().unwrap(), 0);
    let ordered: Vec<u64> = pool.imap(first_waits, 0..20).map(Result::unwrap).collect();
    assert_eq!(ordered, (0..20).collect::<Vec<_>>());
}

fn an_endless_input_is_read_a_little_ahead() {
    let pool = ThreadPool::new(2).unwrap();
    let read = Cell::new(0u64);
    let input = (0..).inspect(|_| read.set(read.get() + 1));
    let results = pool.imap(square, input);
    assert_eq!(read.get(), 0);
    for (taken, result) in (1..).zip(results.take(5000)) {
        result.unwrap();
        assert!(read.get() - taken <= 2 * 64 + 1, "leu {} itens adiante", read.get() - taken);
    }
}

fn a_panic_is_a_value_and_keeps_the_thread() {
    let pool = ThreadPool::new(1).unwrap();
    let thread = pool.apply(|()| std::thread::current().id(), ()).unwrap();
    for _ in 0..10 {
        let error = pool.apply(|x: u32| -> u32 { panic!("parado em {x}") }, 3).unwrap_err();
        let Error::Panicked { message, location } = error else { panic!("{error:?}") };
        assert_eq!(message, "parado em 3");
        assert!(location.contains("thread_pool.rs:"), "{location}");
    }
    assert_eq!(pool.apply(|()| std::thread::current().id(), ()).unwrap(), thread);
    assert!(pool.map(|x: u32| assert!(x < 5), 0..10).is_err());
    assert_eq!(pool.imap(|x: u32| assert!(x < 5), 0..10).filter(Result::is_err).count(), 5);
}

/// Uma tarefa que espera o teste, e quem a libera.
fn gate() -> (mpsc::Sender<()>, impl Fn(u64) -> u64 + Clone + Send + 'static) {
    let (open, gate) = mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let wait = move |x: u64| {
        let _ = gate.lock().unwrap().recv();
        x
    };
    (open, wait)
}

/// Cada item só vem depois de feito o anterior: esperar que a janela se enchesse seria esperar para sempre.
fn map_follows_an_input_that_comes_slowly() {
    for chunk_size in [1, 2] {
        let pool = ThreadPool::new(2).unwrap();
        let (told, done) = mpsc::channel();
        let task = move |x: u64| {
            told.send(x).expect("alguém espera");
            x
        };
        let items = (0..2000).inspect(|&x| {
            // O bloco só parte inteiro.
            if x >= 2 && x % chunk_size == 0 {
                for _ in 0..chunk_size {
                    done.recv().expect("o item anterior");
                }
            }
        });
        let results = pool.chunk_size(chunk_size as usize).unwrap().map(task, items).unwrap();
        assert_eq!(results, (0..2000).collect::<Vec<u64>>());
    }
}

/// O segundo item chega com o primeiro já em andamento, e os dois se esperam.
fn items_that_come_apart_still_run_together() {
    let pool = ThreadPool::new(2).unwrap();
    let (began, meeting) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
    let task = {
        let (began, meeting) = (began.clone(), meeting.clone());
        move |x: u64| {
            began.fetch_add(1, Ordering::SeqCst);
            meeting.wait();
            x
        }
    };
    let items = (0..2).inspect(|&x| {
        if x == 1 {
            eventually("o primeiro começou", || began.load(Ordering::SeqCst) == 1);
        }
    });
    assert_eq!(pool.chunk_size(1).unwrap().map(task, items).unwrap(), [0, 1]);
}

fn any_window_is_enough() {
    let pool = ThreadPool::new(4).unwrap();
    let expected: Vec<u64> = (0..3000).map(square).collect();
    for window in [0, 1, 2, 3, 4, 5, usize::MAX] {
        let chunked = pool.chunk_size(1).unwrap().window(window);
        assert_eq!(chunked.map(square, 0..3000).unwrap(), expected, "{window}");
    }
    // Com uma janela de quatro, uma tarefa demorada não deixa as outras threads sem o que fazer.
    let (open, wait) = gate();
    let opener = std::sync::Mutex::new(Some(open));
    let task = move |x: u64| match x {
        0 => wait(x),
        // Só a última abre a porta da primeira.
        99 => {
            drop(opener.lock().unwrap().take());
            x
        }
        x => x,
    };
    let task = Arc::new(task);
    let results = pool.chunk_size(1).unwrap().window(4).map(move |x| task(x), 0..100).unwrap();
    assert_eq!(results.len(), 100);
}

fn map_gives_way_to_whoever_comes_after() {
    let pool = ThreadPool::new(1).unwrap();
    let (began, ran) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (open, wait) = gate();
    let task = {
        let (began, ran) = (began.clone(), ran.clone());
        move |x: u64| {
            began.fetch_add(1, Ordering::SeqCst);
            if x == 0 {
                wait(x);
            }
            ran.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        let map = scope.spawn(|| pool.chunk_size(1).unwrap().map(task, 0..100_000));
        eventually("a primeira começou", || began.load(Ordering::SeqCst) == 1);
        let seen = ran.clone();
        let late = pool.apply_async(move |()| seen.load(Ordering::SeqCst), ());
        drop(open);
        assert_eq!(late.get().unwrap(), 1, "só a que já tinha começado foi feita antes");
        assert_eq!(map.join().expect("sem pânico").unwrap().len(), 100_000);
    });
}

fn the_first_failure_of_a_map_stops_it() {
    let pool = ThreadPool::new(2).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let counter = ran.clone();
    let task = move |x: u64| {
        counter.fetch_add(1, Ordering::SeqCst);
        assert!(x < 7, "o item {x}");
    };
    let outcome = pool.chunk_size(1).unwrap().map(task, 0..);
    assert!(
        matches!(&outcome, Err(Error::Panicked { message, .. }) if message.starts_with("o item ")),
        "{outcome:?}"
    );
    // O que já estava com as threads não se faz mais, e elas servem a quem vier.
    assert_eq!(pool.map(square, 0..10).unwrap(), (0..10).map(square).collect::<Vec<u64>>());
    let after = ran.load(Ordering::SeqCst);
    pool.map(square, 0..1000).unwrap();
    // A outra thread podia estar começando uma.
    assert!(ran.load(Ordering::SeqCst) <= after + 1);
}

fn terminating_ends_a_map_and_closing_refuses_the_rest() {
    for terminates in [true, false] {
        let pool = ThreadPool::new(2).unwrap();
        let began = Arc::new(AtomicUsize::new(0));
        let counter = began.clone();
        let (open, wait) = gate();
        let task = move |x: u64| {
            counter.fetch_add(1, Ordering::SeqCst);
            wait(x)
        };
        std::thread::scope(|scope| {
            let map = scope.spawn(|| pool.chunk_size(1).unwrap().window(4).map(task, 0..));
            eventually("as duas começaram", || began.load(Ordering::SeqCst) == 2);
            if terminates {
                pool.terminate()
            } else {
                pool.close()
            }
            drop(open);
            let outcome = map.join().expect("sem pânico");
            match (terminates, outcome) {
                (true, Err(Error::Terminated | Error::Closed)) | (false, Err(Error::Closed)) => {}
                (_, other) => panic!("{other:?}"),
            }
        });
    }
}

fn apply_async_is_ready_when_the_task_ends() {
    let pool = ThreadPool::new(1).unwrap();
    let (open, wait) = gate();
    let result = pool.apply_async(wait, 7);
    assert!(!result.is_ready());
    assert!(matches!(result.get_timeout(Duration::from_millis(20)), Err(Error::TimedOut(_))));
    drop(open);
    assert_eq!(result.get_timeout(Duration::MAX).unwrap(), 7);
    assert!(matches!(result.get(), Err(Error::AlreadyTaken)));
}

fn close_refuses_new_tasks_and_finishes_the_old_ones() {
    let pool = ThreadPool::new(1).unwrap();
    let (open, wait) = gate();
    let old: Vec<_> = (0..3).map(|x| pool.apply_async(wait.clone(), x)).collect();
    pool.close();
    assert!(matches!(pool.apply(square, 1), Err(Error::Closed)));
    assert!(matches!(pool.map(square, 0..3), Err(Error::Closed)));
    assert!(pool.imap(square, 0..3).all(|result| matches!(result, Err(Error::Closed))));
    drop(open);
    for (x, result) in (0..).zip(old) {
        assert_eq!(result.get().unwrap(), x);
    }
}

fn join_waits_for_what_was_submitted() {
    let pool = ThreadPool::new(2).unwrap();
    let results: Vec<_> = (0..500).map(|x| pool.apply_async(square, x)).collect();
    pool.join();
    assert!(results.iter().all(|result| result.is_ready()));
}

fn terminate_fails_what_nobody_began() {
    let pool = ThreadPool::new(1).unwrap();
    let (open, wait) = gate();
    let began = Arc::new(AtomicUsize::new(0));
    let counter = began.clone();
    let task = move |x: u64| {
        counter.fetch_add(1, Ordering::SeqCst);
        wait(x)
    };
    let results: Vec<_> = (0..5).map(|x| pool.apply_async(task.clone(), x)).collect();
    eventually("a primeira começou", || began.load(Ordering::SeqCst) == 1);
    pool.terminate();
    drop(open);
    let outcomes: Vec<_> = results.into_iter().map(|result| result.get()).collect();
    assert!(matches!(outcomes[0], Ok(0)), "{outcomes:?}");
    assert!(outcomes[1..].iter().all(|outcome| matches!(outcome, Err(Error::Terminated))), "{outcomes:?}");
    assert_eq!(began.load(Ordering::SeqCst), 1);
}

fn a_dropped_pool_waits_for_what_began() {
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..20 {
        let pool = ThreadPool::new(2).unwrap();
        let counter = done.clone();
        let task = move |x: u64| {
            counter.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1));
            counter.fetch_sub(1, Ordering::SeqCst);
            x
        };
        let _results: Vec<_> = (0..50).map(|x| pool.apply_async(task.clone(), x)).collect();
        drop(pool);
        assert_eq!(done.load(Ordering::SeqCst), 0, "o pool foi, e uma tarefa ficou");
    }
}

fn an_answered_async_result_outlives_the_pool() {
    let pool = ThreadPool::new(1).unwrap();
    let result = pool.apply_async(square, 5);
    eventually("o resultado chegou", || result.is_ready());
    drop(pool);
    assert_eq!(result.get().unwrap(), 25);
}

fn dropping_imap_midway_cancels_what_nobody_began() {
    let pool = ThreadPool::new(1).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let counter = ran.clone();
    let (open, wait) = gate();
    let task = move |x: u64| {
        counter.fetch_add(1, Ordering::SeqCst);
        if x > 0 { wait(x) } else { x }
    };
    let mut results = pool.imap(task, 0..);
    results.next().unwrap().unwrap();
    eventually("a segunda começou", || ran.load(Ordering::SeqCst) == 2);
    drop(results);
    drop(open);
    pool.join();
    assert_eq!(ran.load(Ordering::SeqCst), 2);
}

fn several_threads_share_a_pool() {
    let pool = ThreadPool::new(2).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let pool = &pool;
            scope.spawn(move || {
                let range = thread * 100..thread * 100 + 100;
                let expected: Vec<u64> = range.clone().map(square).collect();
                assert_eq!(pool.map(square, range.clone()).unwrap(), expected);
                assert_eq!(pool.imap(square, range).map(Result::unwrap).collect::<Vec<_>>(), expected);
            });
        }
    });
}

fn threads_end_with_the_pool() {
    let threads = || std::fs::read_dir("/proc/self/task").expect("/proc").count();
    let before = threads();
    for _ in 0..10 {
        let pool = ThreadPool::new(4).unwrap();
        // O que é só deste lado pode ser capturado pelo iterador de entrada, que roda aqui.
        let local = Rc::new(2);
        assert_eq!(pool.map(square, (0..3).map(|x| x * *local)).unwrap(), [0, 4, 16]);
    }
    // Uma thread terminada leva um instante para sair da lista do sistema.
    eventually("as threads se foram", || threads() == before);
}

/// Um programa inteiro, em que só o nome do pool muda.
macro_rules! program_with {
    ($pool:ident) => {{
        let pool = multiprocessamento::$pool::builder().workers(2).name("igual").build().unwrap();
        let mut unordered: Vec<u64> =
            pool.chunk_size(3).unwrap().imap_unordered(square, 0..20).map(Result::unwrap).collect();
        unordered.sort_unstable();
        let ordered: Vec<u64> = pool.imap(square, 0..20).map(Result::unwrap).collect();
        let later = pool.apply_async(square, 7);
        let answers = (
            pool.map(square, 0..20).unwrap(),
            ordered,
            unordered,
            pool.apply(square, 6).unwrap(),
            later.get().unwrap(),
            pool.workers(),
        );
        pool.close();
        let refused = pool.map(square, 0..2).unwrap_err().to_string();
        pool.join();
        (answers, refused)
    }};
}

fn the_two_pools_answer_the_same_calls() {
    assert_eq!(program_with!(ThreadPool), program_with!(Pool));
}

fn the_builder_names_the_threads() {
    let pool = ThreadPool::builder().workers(2).name("conta").build().unwrap();
    let name = |_: u64| std::thread::current().name().map(str::to_owned);
    for seen in pool.map(name, 0..50).unwrap() {
        assert!(["conta-1", "conta-2"].map(|name| Some(name.to_owned())).contains(&seen), "{seen:?}");
    }
}

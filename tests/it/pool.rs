//! O pool de processos quando tudo dá certo.
use multiprocessamento::{Error, Pool, Process};
use std::time::Instant;

crate::cases! {
    10 => map_keeps_the_order,
    10 => process_returns,
    60 => cost_of_empty_tasks,
    10 => killed_worker,
    10 => endless,
}

fn square(x: u64) -> u64 {
    x * x
}

fn map_keeps_the_order() {
    let pool = Pool::new(3).unwrap();
    assert_eq!(pool.map(square, 0..1000).unwrap(), (0..1000).map(|x| x * x).collect::<Vec<u64>>());
}
fn process_returns() {
    for _ in 0..5 {
        let t = Instant::now();
        let p = Process::start(square, 12).unwrap();
        assert_eq!(p.join().unwrap(), 144);
        println!("{:?}", t.elapsed());
    }
    let p = Process::start(
        |x: u64| {
            if x > 3 {
                panic!("oi {x}")
            }
        },
        12,
    )
    .unwrap();
    println!("{:?}", p.join());
    let p = Process::start(
        |x: i32| {
            if x > 0 {
                std::process::exit(x)
            }
        },
        3,
    )
    .unwrap();
    println!("{}", p.join().unwrap_err());
    let p = Process::start(
        |x: i32| {
            if x > 0 {
                std::process::abort()
            }
        },
        3,
    )
    .unwrap();
    println!("{}", p.join().unwrap_err());
}
fn cost_of_empty_tasks() {
    for w in [1, 2] {
        let pool = Pool::new(w).unwrap();
        let pool1 = pool.chunk_size(1).unwrap();
        for _ in 0..5 {
            let t = Instant::now();
            pool1.map(square, 0..10_000).unwrap();
            println!("{w} map {:?}/task", t.elapsed() / 10_000);
            let t = Instant::now();
            assert_eq!(pool1.imap_unordered(square, 0..10_000).count(), 10_000);
            println!("{w} imapu {:?}/task", t.elapsed() / 10_000);
            let t = Instant::now();
            for i in 0..1000 {
                pool.apply(square, i).unwrap();
            }
            println!("{w} apply {:?}/task", t.elapsed() / 1_000);
        }
    }
    if std::env::var("FALHE").is_ok() {
        panic!()
    }
}
fn killed_worker() {
    let pool = Pool::new(2).unwrap();
    let r: Vec<_> = pool
        .imap(
            |x: u64| {
                if x % 10 == 3 {
                    unsafe_kill()
                }
                x
            },
            0..40,
        )
        .collect();
    for (i, r) in r.iter().enumerate() {
        if i % 10 == 3 {
            assert!(matches!(r, Err(Error::WorkerDied { .. })), "{r:?}")
        } else {
            assert_eq!(*r.as_ref().unwrap(), i as u64)
        }
    }
    let e = pool
        .map(
            |x: u64| {
                if x % 10 == 3 {
                    unsafe_kill()
                }
                x
            },
            0..40,
        )
        .unwrap_err();
    println!("{e}");
    pool.join();
}
fn unsafe_kill() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap()
}
fn endless() {
    let pool = Pool::new(2).unwrap();
    let v: Vec<u64> = pool.imap(square, 0..).take(1000).map(|r| r.unwrap()).collect();
    assert_eq!(v[999], 999 * 999);
}

//! O que se pode pedir a um pool: preparo, cota, repetição, tempo por tarefa, janela, contas.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use multiprocessamento::{Error, Pool, StartMethod, ThreadPool};
use rustix::process::Signal;

use crate::support::*;

crate::cases! {
    for pools;
    30 => the_initializer_runs_once_in_each_worker,
    30 => the_initializer_runs_again_in_a_replacement,
    30 => an_initializer_that_panics_is_the_error_of_build,
    30 => an_initializer_that_dies_is_the_error_of_build,
    60 => an_initializer_that_starts_to_fail_makes_the_pool_give_up,
    30 => an_initializer_that_does_not_end_has_the_time_of_an_item,
    30 => an_initializer_that_dies_is_not_a_task_to_try_again,
    30 => a_large_initializer_argument_arrives,
    60 => workers_give_way_after_their_share,
    30 => a_chunk_larger_than_the_share_is_done_whole,
    30 => a_share_of_zero_is_refused,
    30 => a_spent_worker_that_will_not_leave_is_killed,
    30 => a_lost_task_is_tried_again,
    30 => retries_end_and_then_the_death_is_told,
    30 => a_panic_is_not_tried_again,
    60 => a_task_over_its_time_is_ended_and_the_others_go_on,
    30 => the_time_of_a_chunk_is_that_of_its_items,
    30 => waiting_in_the_queue_does_not_count_as_time,
    30 => a_worker_that_closes_its_side_and_lives_holds_nobody,
    30 => a_window_limits_what_is_read_ahead,
    30 => the_pool_counts_what_it_did,
    30 => a_pool_is_not_born_by_fork,
}

static GREETING: OnceLock<String> = OnceLock::new();
static PREPARED: AtomicU64 = AtomicU64::new(0);

fn prepare(greeting: String) {
    PREPARED.fetch_add(1, Ordering::Relaxed);
    GREETING.set(greeting).expect("uma vez só");
}

fn greet(name: String) -> (String, u64) {
    let greeting = GREETING.get().map_or("ninguém preparou", String::as_str);
    (format!("{greeting}, {name}"), PREPARED.load(Ordering::Relaxed))
}

fn the_initializer_runs_once_in_each_worker() {
    let pool = pool_builder().workers(2).initializer(prepare, "bom dia".to_owned()).build().unwrap();
    let greetings = pool.chunk_size(1).unwrap().map(greet, (0..50).map(|i| i.to_string())).unwrap();
    for (i, greeting) in greetings.into_iter().enumerate() {
        assert_eq!(greeting, (format!("bom dia, {i}"), 1));
    }
    assert_eq!(GREETING.get(), None, "o preparo é dos trabalhadores, não deste processo");
}

fn the_initializer_runs_again_in_a_replacement() {
    let pool = pool_builder().workers(1).initializer(prepare, "boa noite".to_owned()).build().unwrap();
    for _ in 0..5 {
        let old = pool.pids();
        kill(old[0], Signal::KILL);
        eventually("há um trabalhador novo", || pool.pids().first().is_some_and(|pid| *pid != old[0]));
        assert_eq!(pool.apply(greet, "você".to_owned()).unwrap(), ("boa noite, você".to_owned(), 1));
    }
}

fn an_initializer_that_panics_is_the_error_of_build() {
    let outcome = pool_builder().workers(3).initializer(|(): ()| panic!("sem tinta"), ()).build();
    let Err(Error::Panicked { message, location }) = outcome.map(drop) else { panic!("não foi um pânico") };
    assert_eq!(message, "sem tinta");
    assert!(location.contains("options.rs:"), "{location}");
}

fn an_initializer_that_dies_is_the_error_of_build() {
    let outcome = pool_builder().workers(2).initializer(|code: i32| std::process::exit(code), 3).build();
    let error = outcome.map(drop).unwrap_err();
    assert!(matches!(error, Error::WorkerDied { .. }), "{error:?}");
    assert!(error.to_string().ends_with("saiu com código 3"), "{error}");
}

/// Funciona na primeira vez; quem vier depois encontra a porta fechada.
fn an_initializer_that_starts_to_fail_makes_the_pool_give_up() {
    let dir = folder();
    let door = dir.path().join("porta");
    let check = |door: PathBuf| assert!(!door.exists(), "a porta fechou");
    let pool = pool_builder().workers(1).initializer(check, door.clone()).build().unwrap();
    touch(&door);
    kill(pool.pids()[0], Signal::KILL);
    eventually("o pool desistiu", || matches!(pool.apply(square, 2), Err(Error::TooManyDeaths { .. })));
    let error = pool.apply(square, 2).unwrap_err();
    assert!(error.to_string().contains("a porta fechou"), "{error}");
}

fn an_initializer_that_does_not_end_has_the_time_of_an_item() {
    let never = |(): ()| loop {
        std::thread::sleep(Duration::from_secs(1));
    };
    let builder = pool_builder().workers(2).initializer(never, ()).task_timeout(Duration::from_millis(200));
    assert!(matches!(builder.build().map(drop), Err(Error::TaskTimedOut { .. })));
}

fn an_initializer_that_dies_is_not_a_task_to_try_again() {
    fn sign(dir: PathBuf) {
        let pid = std::process::id().to_string();
        append_line(&dir.join("chegou"), &pid);
        if std::fs::remove_file(dir.join("armadilha")).is_ok() {
            std::process::exit(3);
        }
        append_line(&dir.join("pronto"), &pid);
    }
    let dir = folder();
    let pool = pool_builder().workers(2).retries(3).initializer(sign, dir.path().to_owned()).build();
    let pool = pool.unwrap();
    for round in 1..=10 {
        touch(dir.path().join("armadilha"));
        kill(pool.pids()[0], Signal::KILL);
        // O morto, e o substituto que caiu na armadilha. Quem acabou de nascer consta de `pids` antes de
        // se preparar: só com os dois prontos a armadilha seguinte não pega o morto da vez.
        eventually("há dois trabalhadores prontos", || {
            let ready = lines(&dir.path().join("pronto"));
            let pids = pool.pids();
            pool.stats().restarts == 2 * round
                && pids.len() == 2
                && pids.iter().all(|pid| ready.contains(&pid.to_string()))
        });
        assert_eq!(pool.chunk_size(1).unwrap().map(square, 0..50).unwrap().len(), 50);
    }
    let signed = lines(&dir.path().join("chegou"));
    let distinct: HashSet<&String> = signed.iter().collect();
    assert_eq!(distinct.len(), signed.len(), "alguém se preparou duas vezes: {signed:?}");
    assert_eq!(pool.stats().retries, 0);
}

fn a_large_initializer_argument_arrives() {
    static BLOCK: OnceLock<Vec<u8>> = OnceLock::new();
    let keep = |block: Vec<u8>| BLOCK.set(block).expect("uma vez só");
    let pool = pool_builder().workers(2).initializer(keep, vec![7; 8 << 20]).build().unwrap();
    let sum = |(): ()| BLOCK.get().map_or(0, |block| block.iter().map(|&byte| u64::from(byte)).sum());
    assert_eq!(pool.apply(sum, ()).unwrap(), 7 * (8 << 20));
}

fn workers_give_way_after_their_share() {
    let pool = pool_builder().workers(2).max_tasks_per_child(5).build().unwrap();
    let one_by_one = pool.chunk_size(1).unwrap();
    let pids = one_by_one.map(own_pid, 0..100).unwrap();
    let distinct: HashSet<u32> = pids.iter().copied().collect();
    assert!((20..=22).contains(&distinct.len()), "{} trabalhadores para 100 tarefas", distinct.len());
    for pid in distinct {
        assert!(pids.iter().filter(|&&other| other == pid).count() <= 5);
    }
    assert_eq!(pool.stats().restarts, 0, "fazer a sua parte não é morrer");
    eventually("há dois trabalhadores", || pool.pids().len() == 2);
}

fn a_chunk_larger_than_the_share_is_done_whole() {
    let pool = pool_builder().workers(1).max_tasks_per_child(3).build().unwrap();
    let by_ten = pool.chunk_size(10).unwrap();
    let pids = by_ten.map(own_pid, 0..40).unwrap();
    let chunks: Vec<HashSet<u32>> = pids.chunks(10).map(|chunk| chunk.iter().copied().collect()).collect();
    assert!(chunks.iter().all(|pids| pids.len() == 1));
    assert_eq!(chunks.into_iter().flatten().collect::<HashSet<_>>().len(), 4);
}

fn a_share_of_zero_is_refused() {
    assert!(matches!(pool_builder().max_tasks_per_child(0).build(), Err(Error::InvalidArgument { .. })));
}

/// Uma thread que sobrou da tarefa não impede o processo de sair; uma despedida que não acaba, sim.
fn a_spent_worker_that_will_not_leave_is_killed() {
    let stubborn = |_: u64| {
        extern "C" fn never() {
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        at_exit(never);
    };
    let pool = pool_builder().workers(1).max_tasks_per_child(1).build().unwrap();
    let start = Instant::now();
    pool.map(stubborn, 0..2).unwrap();
    // Os 5 s que o primeiro tem para sair, e nem um minuto a mais.
    println!("{:?}", start.elapsed());
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
}

/// A primeira tentativa de cada item deixa uma marca e mata o processo.
fn die_once((index, dir): (u32, PathBuf)) -> u32 {
    let mark = dir.join(index.to_string());
    if index.is_multiple_of(7) && !mark.exists() {
        touch(&mark);
        kill_myself();
    }
    index
}

fn a_lost_task_is_tried_again() {
    let dir = folder();
    let pool = pool_builder().workers(2).retries(1).build().unwrap();
    let input = || (0..100).map(|i| (i, dir.path().to_owned()));
    let expected: Vec<u32> = (0..100).collect();
    assert_eq!(pool.chunk_size(1).unwrap().map(die_once, input()).unwrap(), expected);
    let stats = pool.stats();
    assert_eq!((stats.retries, stats.restarts), (15, 15));
    assert_eq!(pool.imap(die_once, input()).collect::<Result<Vec<_>, _>>().unwrap(), expected);
    assert_eq!(pool.stats().retries, 15);
}

fn retries_end_and_then_the_death_is_told() {
    let (pool, dir) = (pool_builder().workers(1).retries(3).build().unwrap(), folder());
    let log = dir.path().join("registro");
    let always_die = |log: PathBuf| {
        append_line(&log, "tentei");
        kill_myself();
    };
    let outcome: Result<(), Error> = pool.apply(always_die, log.clone());
    assert!(matches!(outcome, Err(Error::WorkerDied { .. })), "{outcome:?}");
    assert_eq!(lines(&log).len(), 4);
}

fn a_panic_is_not_tried_again() {
    let (pool, dir) = (pool_builder().workers(1).retries(3).build().unwrap(), folder());
    let log = dir.path().join("registro");
    let outcome: Result<(), Error> = pool.apply(
        |log: PathBuf| {
            append_line(&log, "tentei");
            panic!("daria no mesmo")
        },
        log.clone(),
    );
    assert!(matches!(outcome, Err(Error::Panicked { .. })), "{outcome:?}");
    assert_eq!(lines(&log).len(), 1);
}

fn stuck(x: u64) -> u64 {
    if x % 10 == 3 {
        loop {
            std::hint::spin_loop();
        }
    }
    x
}

fn a_task_over_its_time_is_ended_and_the_others_go_on() {
    let limit = Duration::from_millis(300);
    let pool = pool_builder().workers(2).task_timeout(limit).build().unwrap();
    for (x, result) in (0..30).zip(pool.imap(stuck, 0..30)) {
        match result {
            Ok(value) => assert_eq!(value, x),
            Err(Error::TaskTimedOut { limit: told, .. }) => assert_eq!((x % 10, told), (3, limit)),
            Err(other) => panic!("{other:?}"),
        }
    }
    let error = pool.apply(stuck, 3).unwrap_err();
    assert!(error.to_string().starts_with("a tarefa passou de 0,3 s, e o processo "), "{error}");
    assert!(matches!(pool.map(stuck, 0..30), Err(Error::TaskTimedOut { .. })));
    assert_eq!(pool.map(square, 0..3).unwrap(), [0, 1, 4]);
}

fn the_time_of_a_chunk_is_that_of_its_items() {
    let pool = pool_builder().workers(1).task_timeout(Duration::from_millis(200)).build().unwrap();
    let slow = |x: u64| {
        std::thread::sleep(Duration::from_millis(60));
        x
    };
    assert_eq!(pool.chunk_size(10).unwrap().map(slow, 0..10).unwrap().len(), 10);
}

fn waiting_in_the_queue_does_not_count_as_time() {
    let pool = pool_builder().workers(1).task_timeout(Duration::from_millis(500)).build().unwrap();
    let slow = |x: u64| {
        std::thread::sleep(Duration::from_millis(100));
        x
    };
    let results: Vec<_> = (0..10).map(|x| pool.apply_async(slow, x)).collect();
    assert!(results.into_iter().all(|result| result.get().is_ok()));
}

/// O soquete deste trabalhador fecha, mas ele não termina; o outro não pode esperar por isso.
fn a_worker_that_closes_its_side_and_lives_holds_nobody() {
    let shut = |announcement: PathBuf| {
        rustix::net::shutdown(own_socket(), rustix::net::Shutdown::Both).expect("fechar");
        announce_pid(&announcement);
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    };
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let announcement = dir.path().join("pid");
    let lost = pool.apply_async(shut, announcement.clone());
    let pid = announced_pid(&announcement);
    let start = Instant::now();
    for _ in 0..200 {
        pool.apply(square, 3).unwrap();
    }
    assert!(!lost.is_ready(), "o outro trabalhou {:?} sem esperar pelo que não sai", start.elapsed());
    let outcome: Result<(), Error> = lost.get();
    assert!(matches!(outcome, Err(Error::WorkerDied { pid: dead, .. }) if dead == pid), "{outcome:?}");
}

fn a_window_limits_what_is_read_ahead() {
    let (pool, threads) = (new_pool(2).unwrap(), ThreadPool::new(2).unwrap());
    let read = AtomicU64::new(0);
    let input = || (0..).inspect(|_| _ = read.fetch_add(1, Ordering::Relaxed));
    for (consumed, _) in (1..=50).zip(pool.chunk_size(2).unwrap().window(3).imap(square, input())) {
        let read = read.load(Ordering::Relaxed);
        assert!(read <= 2 * 3 + consumed + 1, "{read} lidos, {consumed} consumidos");
    }
    read.store(0, Ordering::Relaxed);
    for (consumed, _) in (1..=50).zip(threads.chunk_size(1).unwrap().window(0).imap(square, input())) {
        assert!(read.load(Ordering::Relaxed) <= consumed + 1);
    }
}

fn the_pool_counts_what_it_did() {
    let pool = new_pool(2).unwrap();
    pool.map(square, 0..1000).unwrap();
    assert_eq!(pool.stats().tasks, 1000);
    assert!(pool.apply(|(): ()| -> () { panic!("também é uma resposta") }, ()).is_err());
    assert_eq!(pool.stats().tasks, 1001, "o pânico também");
    assert!(pool.apply(|(): ()| -> () { kill_myself() }, ()).is_err());
    assert_eq!(pool.stats().restarts, 1);
    assert_eq!(pool.stats().tasks, 1001, "uma morte não é uma resposta");
}

fn a_pool_is_not_born_by_fork() {
    let outcome = Pool::builder().start_method(StartMethod::Fork).build();
    assert!(matches!(outcome, Err(Error::ForkInPool)));
}

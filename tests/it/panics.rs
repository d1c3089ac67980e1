//! Um pânico numa tarefa é um valor, com mensagem e lugar, e não custa o trabalhador.

use multiprocessamento::{Error, ThreadPool};

use crate::support::*;

crate::cases! {
    for pools;
    30 => a_panic_brings_its_message_and_its_place,
    30 => a_panic_keeps_the_worker,
    30 => map_returns_the_panic_and_the_pool_goes_on,
    30 => imap_gives_one_result_per_item_around_a_panic,
    30 => a_panic_prints_nothing,
    30 => panics_that_a_task_catches_print_nothing,
    30 => a_panic_ends_a_process_with_code_101,
}

fn explode(how: u32) -> u32 {
    match how {
        1 => panic!("parado em dois"),
        2 => panic!("parado em {how}"),
        3 => std::panic::panic_any(how),
        4 => {
            let empty: Vec<u32> = Vec::new();
            empty[how as usize]
        }
        _ => how,
    }
}

fn assert_panicked(error: &Error, expected: &str) {
    let Error::Panicked { message, location } = error else { panic!("não foi um pânico: {error:?}") };
    assert!(message.contains(expected), "{message:?} não diz {expected:?}");
    assert!(location.contains("panics.rs:"), "{location:?}");
    assert!(error.to_string().contains("entrou em pânico em"), "{error}");
}

const EXPECTED: [(u32, &str); 4] = [
    (1, "parado em dois"),
    (2, "parado em 2"),
    (3, "pânico sem mensagem de texto"),
    (4, "index out of bounds"),
];

fn a_panic_brings_its_message_and_its_place() {
    let (pool, threads) = (new_pool(1).unwrap(), ThreadPool::new(1).unwrap());
    for (how, expected) in EXPECTED {
        assert_panicked(&pool.apply(explode, how).unwrap_err(), expected);
        assert_panicked(&new_process(explode, how).unwrap().join().unwrap_err(), expected);
        assert_panicked(&threads.apply(explode, how).unwrap_err(), expected);
    }
}

fn a_panic_keeps_the_worker() {
    let pool = new_pool(1).unwrap();
    let worker = pool.pids();
    // Mais pânicos seguidos do que mortes seguidas o pool aguentaria.
    for _ in 0..100 {
        assert!(pool.apply(explode, 1).is_err());
    }
    assert_eq!(pool.apply(own_pid, ()).unwrap(), worker[0]);
    assert_eq!(pool.pids(), worker);
}

fn map_returns_the_panic_and_the_pool_goes_on() {
    let pool = new_pool(2).unwrap();
    for chunk_size in [1, 3, 100] {
        let chunked = pool.chunk_size(chunk_size).unwrap();
        let error = chunked.map(explode, [0, 0, 0, 0, 2, 0, 0]).unwrap_err();
        assert_panicked(&error, "parado em 2");
        assert_eq!(chunked.map(explode, [0, 7]).unwrap(), [0, 7]);
    }
}

fn imap_gives_one_result_per_item_around_a_panic() {
    let pool = new_pool(2).unwrap();
    for (index, result) in pool.imap(|x: u32| explode(x % 10), 0..100).enumerate() {
        match index % 10 {
            1..=4 => assert!(matches!(result, Err(Error::Panicked { .. })), "{index}: {result:?}"),
            other => assert_eq!(result.unwrap() as usize, other),
        }
    }
    // Num bloco maior, perde-se o bloco: cada item dele recebe a mesma falha.
    let chunked = pool.chunk_size(5).unwrap();
    let failed: Vec<bool> =
        chunked.imap(explode, [0, 0, 0, 0, 0, 0, 2, 0, 0, 0]).map(|r| r.is_err()).collect();
    assert_eq!(failed, [[false; 5], [true; 5]].concat());
}

fn a_panic_prints_nothing() {
    let output = crate::programs::run("pânicos-calados");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

fn a_panic_ends_a_process_with_code_101() {
    let mut process = new_process(explode, 1).unwrap();
    assert!(process.join_timeout(std::time::Duration::from_secs(20)).is_err());
    assert_eq!(process.exit_status().unwrap().code(), Some(101));
}

/// O programa de apoio: uma tarefa que segura os seus próprios pânicos.
pub(crate) fn catching() -> Result<(), Error> {
    multiprocessamento::init();
    let catch = |times: u32| {
        (0..times).filter(|how| std::panic::catch_unwind(|| explode(1 + how % 4)).is_err()).count()
    };
    println!("{}", new_pool(1)?.apply(catch, 40)?);
    Ok(())
}

fn panics_that_a_task_catches_print_nothing() {
    let output = crate::programs::run("segura-pânicos");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"40\n"[..], &b""[..]), "{output:?}");
}

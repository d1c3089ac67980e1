//! `imap` e `imap_unordered`: preguiça, memória limitada e desistência no meio.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use multiprocessamento::Error;
use serde_bytes::ByteBuf;

use crate::support::*;

crate::cases! {
    for pools;
    30 => progress_grows_to_the_end_and_stops_at_a_failure,
    30 => imap_keeps_the_order_even_when_the_first_is_the_last_to_finish,
    30 => imap_unordered_delivers_what_is_ready,
    30 => imap_unordered_delivers_each_result_once,
    30 => imap_reads_nothing_before_it_is_asked,
    30 => an_endless_input_is_read_a_little_ahead,
    30 => an_endless_map_ends_at_its_first_failure,
    60 => an_endless_input_fits_in_memory,
    60 => a_slow_reader_does_not_pile_up_large_results,
    30 => dropping_imap_midway_cancels_what_nobody_began,
    30 => a_panicking_input_leaves_the_pool_working,
    30 => an_input_may_use_the_same_pool,
    30 => two_streams_of_one_pool_take_turns,
}

/// Uma entrada sem fim promete mais itens do que a memória comporta.
fn an_endless_map_ends_at_its_first_failure() {
    let pool = new_pool(2).unwrap();
    let outcome = pool.chunk_size(1).unwrap().map(|x: u64| assert!(x < 7, "o item {x}"), 0..);
    assert!(
        matches!(&outcome, Err(Error::Panicked { message, .. }) if message.starts_with("o item ")),
        "{outcome:?}"
    );
    assert_eq!(pool.map(square, 0..3).unwrap(), [0, 1, 4]);
}

/// O primeiro item espera o portão; os outros, não.
fn first_waits((index, gate): (u64, PathBuf)) -> u64 {
    if index == 0 {
        wait_for(gate);
    }
    index
}

fn imap_keeps_the_order_even_when_the_first_is_the_last_to_finish() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let gate = dir.path().join("portão");
    let opener = gate.clone();
    // O último item abre o portão do primeiro: o primeiro é mesmo o último a terminar.
    let task = |(index, gate): (u64, PathBuf)| {
        if index == 19 {
            touch(&gate);
        }
        first_waits((index, gate))
    };
    let results: Result<Vec<u64>, _> = pool.imap(task, (0..20).map(|i| (i, opener.clone()))).collect();
    assert_eq!(results.unwrap(), (0..20).collect::<Vec<u64>>());
}

fn imap_unordered_delivers_what_is_ready() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let gate = dir.path().join("portão");
    let mut results = pool.imap_unordered(first_waits, (0..20).map(|i| (i, gate.clone())));
    let mut before: Vec<u64> = results.by_ref().take(19).map(Result::unwrap).collect();
    before.sort_unstable();
    assert_eq!(before, (1..20).collect::<Vec<u64>>());
    touch(&gate);
    assert_eq!(results.next().unwrap().unwrap(), 0);
    assert!(results.next().is_none());
}

fn imap_unordered_delivers_each_result_once() {
    let pool = new_pool(3).unwrap();
    for chunk_size in [1, 7] {
        let chunked = pool.chunk_size(chunk_size).unwrap();
        let mut seen: Vec<u64> = chunked.imap_unordered(|x: u64| x, 0..3000).map(Result::unwrap).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..3000).collect::<Vec<u64>>());
    }
}

fn imap_reads_nothing_before_it_is_asked() {
    let pool = new_pool(2).unwrap();
    let read = Cell::new(0);
    let mut results = pool.imap(square, (0..).inspect(|_| read.set(read.get() + 1)));
    assert_eq!(read.get(), 0);
    assert_eq!(results.next().unwrap().unwrap(), 0);
    assert!(read.get() > 0);
}

fn an_endless_input_is_read_a_little_ahead() {
    /// O que se promete: blocos em andamento por trabalhador; e quantos ao todo, se são tão curtos que vão juntos.
    const WINDOW: u64 = 64;
    const MOST: u64 = 4096;
    let pool = new_pool(2).unwrap();
    let short = |x: u64| x * x;
    let long = |x: u64| {
        std::thread::sleep(Duration::from_micros(200));
        x * x
    };
    for chunk_size in [1, 10] {
        let read = Cell::new(0_u64);
        let input = || (0..).inspect(|_| read.set(read.get() + 1));
        let chunked = pool.chunk_size(chunk_size).unwrap();
        let most = |results: &mut dyn Iterator<Item = Result<u64, Error>>, count| {
            read.set(0);
            let ahead =
                |(taken, result): (u64, Result<u64, Error>)| result.map(|_| read.get() - taken).unwrap();
            (1..).zip(results.take(count)).map(ahead).max().unwrap()
        };
        let of_long = most(&mut chunked.imap(long, input()), 2000);
        let of_short = most(&mut chunked.imap(short, input()), 50_000);
        println!("blocos de {chunk_size}: leu até {of_long} itens adiante, e {of_short} se curtos");
        assert!(of_long <= (WINDOW * 2 + 1) * chunk_size as u64, "leu {of_long} itens adiante");
        assert!(of_short <= (MOST + 1) * chunk_size as u64, "leu {of_short} itens adiante");
    }
}

/// 640 MB de argumentos e 640 MB de resultados passam por aqui; ficam no máximo uns poucos.
fn an_endless_input_fits_in_memory() {
    let pool = new_pool(2).unwrap();
    let before = memory_kib("VmHWM");
    let input = (0u8..=255).cycle().map(|byte| ByteBuf::from(vec![byte; 64 << 10]));
    for result in pool.imap(|chunk: ByteBuf| chunk, input).take(10_000) {
        assert_eq!(result.unwrap().len(), 64 << 10);
    }
    let grown = memory_kib("VmHWM") - before;
    println!("o pico cresceu {grown} KiB");
    assert!(grown < 96 << 10, "o pico cresceu {grown} KiB");
}

/// O argumento é um número; o resultado, 4 MiB. Quem lê para no meio: os outros resultados não podem ir se
/// acumulando à espera dele.
fn a_slow_reader_does_not_pile_up_large_results() {
    let pool = new_pool(1).unwrap();
    for ordered in [true, false] {
        let before = memory_kib("VmRSS");
        let task = |byte: u8| ByteBuf::from(vec![byte; 4 << 20]);
        let mut results: Box<dyn Iterator<Item = Result<ByteBuf, Error>>> = if ordered {
            Box::new(pool.imap(task, (0..=255).cycle()))
        } else {
            Box::new(pool.imap_unordered(task, (0..=255).cycle()))
        };
        for _ in 0..60 {
            results.next().unwrap().unwrap();
        }
        // Com um trabalhador, que responde na ordem, esta resposta vem depois de todas as adiantadas.
        assert_eq!(pool.apply(square, 3).unwrap(), 9);
        let grown = memory_kib("VmRSS").saturating_sub(before);
        println!("com o leitor parado: {grown} KiB a mais");
        assert!(grown < 80 << 10, "com o leitor parado: {grown} KiB a mais");
    }
}

fn dropping_imap_midway_cancels_what_nobody_began() {
    /// Quantos blocos podem já estar com o trabalhador, que não os devolve.
    const AHEAD: usize = 32;
    const SHORT: usize = 200;
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let (gate, log) = (dir.path().join("portão"), dir.path().join("registro"));
    let task = |(index, gate, log): (usize, PathBuf, PathBuf)| {
        append_line(&log, &index.to_string());
        if index >= SHORT {
            wait_for(gate);
        }
    };
    let mut results = pool.imap(task, (0..).map(|i| (i, gate.clone(), log.clone())));
    // A janela cresce até o seu tamanho; depois das curtas, uma tarefa espera e as outras se enfileiram.
    assert_eq!(results.by_ref().take(SHORT).filter(Result::is_ok).count(), SHORT);
    eventually("a primeira que espera começou", || lines(&log).len() > SHORT);
    drop(results);
    touch(&gate);
    pool.join();
    let ran = lines(&log).len();
    println!("{ran} tarefas rodaram");
    assert!(ran <= SHORT + AHEAD, "{ran} tarefas rodaram");
}

fn a_panicking_input_leaves_the_pool_working() {
    let pool = new_pool(2).unwrap();
    let input = (0..).inspect(|&x| assert!(x < 10, "a entrada quebrou"));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pool.imap(square, input).map(Result::unwrap).sum::<u64>()
    }));
    assert!(outcome.is_err());
    assert_eq!(pool.map(square, 0..4).unwrap(), [0, 1, 4, 9]);
}

fn an_input_may_use_the_same_pool() {
    let pool = new_pool(1).unwrap();
    let squares = pool.imap(square, 0..100).map(Result::unwrap);
    let fourth: Result<Vec<u64>, _> = pool.imap(square, squares).collect();
    assert_eq!(fourth.unwrap(), (0..100u64).map(|x| x.pow(4)).collect::<Vec<u64>>());
}

fn two_streams_of_one_pool_take_turns() {
    let pool = new_pool(2).unwrap();
    let mut first = pool.imap(square, 0..);
    let mut second = pool.imap(|x: u64| x + 1, 0..);
    for x in 0..500 {
        assert_eq!(first.next().unwrap().unwrap(), x * x);
        assert_eq!(second.next().unwrap().unwrap(), x + 1);
    }
}

fn progress_grows_to_the_end_and_stops_at_a_failure() {
    let (pool, threads) = (new_pool(2).unwrap(), multiprocessamento::ThreadPool::new(2).unwrap());
    let expected: Vec<u64> = (0..1000).map(square).collect();
    let mut seen = Vec::new();
    assert_eq!(pool.map_with_progress(square, 0..1000, |done| seen.push(done)).unwrap(), expected);
    assert!(seen.len() > 1 && seen.is_sorted() && seen.last() == Some(&1000), "{seen:?}");
    seen.clear();
    assert_eq!(threads.map_with_progress(square, 0..1000, |done| seen.push(done)).unwrap(), expected);
    assert!(seen.len() > 1 && seen.is_sorted() && seen.last() == Some(&1000), "{seen:?}");
    seen.clear();
    let one_by_one = pool.chunk_size(1).unwrap();
    assert_eq!(
        one_by_one.map_with_progress(square, 0..100, |done| seen.push(done)).unwrap(),
        expected[..100]
    );
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    let fail_at_fifty = |x: u64| assert_ne!(x, 50);
    let mut last = 0;
    assert!(one_by_one.map_with_progress(fail_at_fifty, 0..100, |done| last = done).is_err());
    assert!(last < 100, "{last}");
}

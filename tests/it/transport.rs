//! Os dois caminhos de um pool levam o mesmo: o que cabe na memória, o que não cabe, e as misturas.

use std::thread;

use multiprocessamento::{Error, Pool, Value};

use crate::support::*;

crate::cases! {
    for pools;
    60 => every_size_crosses_by_every_call,
    30 => channels_travel_among_plain_values,
    30 => an_argument_with_a_channel_may_close_a_large_chunk,
    60 => answers_larger_than_the_memory_come_in_order,
    60 => more_calls_at_once_than_the_memory_holds,
    30 => a_panic_among_many_small_tasks_is_the_error_and_the_pool_goes_on,
}

/// Um tamanho de cada lado de onde algo muda: uma casa, uma folha, um diário.
const SIZES: [usize; 15] =
    [0, 1, 37, 38, 39, 40, 45, 46, 47, 48, 16 << 10, (64 << 10) - 3, (64 << 10) + 1, 513 << 10, 1 << 20];

fn filled(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i % 251) as u8).collect()
}

/// Recebe um tamanho e devolve outro.
fn exchange((received, wanted): (Vec<u8>, usize)) -> (bool, Vec<u8>) {
    (received == filled(received.len()), filled(wanted))
}

fn every_size_crosses_by_every_call() {
    let pool = new_pool(2).unwrap();
    let pairs: Vec<(usize, usize)> =
        SIZES.into_iter().flat_map(|one| [(one, 1), (1, one), (one, one)]).collect();
    let arguments = || pairs.iter().map(|&(sent, wanted)| (filled(sent), wanted));
    let right = |answers: &[(bool, Vec<u8>)]| {
        assert_eq!(answers.len(), pairs.len());
        for ((whole, answer), (sent, wanted)) in answers.iter().zip(&pairs) {
            assert!(*whole && *answer == filled(*wanted), "{sent} bytes, e de volta {wanted}");
        }
    };
    for chunk_size in [1, 2, 7] {
        let pool = pool.chunk_size(chunk_size).unwrap();
        right(&pool.map(exchange, arguments()).unwrap());
        right(&pool.imap(exchange, arguments()).collect::<Result<Vec<_>, _>>().unwrap());
        let mut unordered: Vec<usize> = pool
            .imap_unordered(exchange, arguments())
            .map(|answer| answer.map(|(whole, answer)| if whole { answer.len() } else { usize::MAX }))
            .collect::<Result<_, _>>()
            .unwrap();
        let mut expected: Vec<usize> = pairs.iter().map(|(_, wanted)| *wanted).collect();
        unordered.sort_unstable();
        expected.sort_unstable();
        assert_eq!(unordered, expected);
    }
    right(&pool.map(exchange, arguments()).unwrap());
    right(&arguments().map(|argument| pool.apply(exchange, argument).unwrap()).collect::<Vec<_>>());
}

fn add((text, total): (String, Option<Value<u64>>)) -> usize {
    if let Some(total) = total {
        total.update(|count| count + 1);
    }
    text.len()
}

fn channels_travel_among_plain_values() {
    let pool = new_pool(2).unwrap();
    let total = Value::new(0_u64).unwrap();
    let argument = |i: usize| ("x".repeat(i), (i % 3 == 0).then(|| total.clone()));
    for chunk_size in [1, 2, 5] {
        let answers = pool.chunk_size(chunk_size).unwrap().map(add, (0..300).map(argument)).unwrap();
        assert_eq!(answers, (0..300).collect::<Vec<_>>());
    }
    assert_eq!(total.get(), 300);
}

/// Com o tamanho escolhido pelo pool, o bloco se fecha onde convém; o argumento que o fecha pode levar um canal.
fn an_argument_with_a_channel_may_close_a_large_chunk() {
    let pool = new_pool(1).unwrap();
    let total = Value::new(0_u64).unwrap();
    let argument = |i: usize| ("x".repeat(5000), (i % 4 == 3).then(|| total.clone()));
    assert_eq!(pool.map(add, (0..400).map(argument)).unwrap(), [5000; 400]);
    assert_eq!(total.get(), 100);
}

fn repeated(x: u64) -> Vec<u64> {
    vec![x; 400]
}

/// 64 MiB de respostas, de pedidos de poucos bytes: os diários enchem muitas vezes.
fn answers_larger_than_the_memory_come_in_order() {
    let pool = new_pool(2).unwrap();
    for answers in [
        pool.chunk_size(1).unwrap().map(repeated, 0..20_000).unwrap(),
        pool.map(repeated, 0..20_000).unwrap(),
    ] {
        assert_eq!(answers.len(), 20_000);
        assert!((0..).zip(&answers).all(|(x, answer)| *answer == [x; 400]));
    }
}

fn more_calls_at_once_than_the_memory_holds() {
    let pool = new_pool(2).unwrap();
    let squares = |from: u64| (from..from + 3000).map(square).collect::<Vec<_>>();
    let ask = |from: u64| {
        let pool: &Pool = &pool;
        let one_by_one = pool.chunk_size(1)?;
        assert_eq!(one_by_one.map(square, from..from + 3000)?, squares(from));
        assert_eq!(one_by_one.imap(square, from..from + 3000).collect::<Result<Vec<_>, _>>()?, squares(from));
        assert_eq!(pool.map(square, from..from + 3000)?, squares(from));
        assert_eq!(pool.apply(square, from)?, square(from));
        Ok::<_, Error>(())
    };
    thread::scope(|scope| {
        let asking: Vec<_> = (0..16).map(|index| scope.spawn(move || ask(1000 * index))).collect();
        asking.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
    });
}

fn a_panic_among_many_small_tasks_is_the_error_and_the_pool_goes_on() {
    let pool = new_pool(2).unwrap();
    let picky = |x: u64| if x == 7_777 { panic!("não gosto de {x}") } else { x + 1 };
    let one_by_one = pool.chunk_size(1).unwrap();
    for _ in 0..20 {
        let failure = one_by_one.map(picky, 0..10_000).unwrap_err();
        assert!(
            matches!(&failure, Error::Panicked { message, .. } if message == "não gosto de 7777"),
            "{failure:?}"
        );
        assert_eq!(one_by_one.map(picky, 0..5_000).unwrap(), (1..=5_000).collect::<Vec<_>>());
    }
}

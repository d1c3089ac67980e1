//! A fila entre processos: ordem, limites, fechamento, e como ela viaja.

pub(crate) mod deaths;

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use multiprocessamento::{Error, Pool, Process, Queue};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::support::*;

crate::cases! {
    30 => items_leave_in_the_order_they_entered,
    60 => many_producers_and_consumers_lose_and_double_nothing,
    30 => the_capacity_is_exact,
    10 => a_capacity_that_makes_no_sense_is_refused,
    30 => ten_thousand_items_wait_for_a_consumer_that_does_not_exist_yet,
    60 => large_items_arrive_whole,
    60 => waiting_bytes_have_a_limit_too,
    30 => closing_wakes_who_waits_to_get,
    30 => closing_wakes_who_waits_to_put_and_lets_the_rest_out,
    30 => time_limits_hold_on_both_sides,
    60 => a_time_limit_covers_the_lock_too,
    60 => a_queue_that_is_never_empty_keeps_little_memory,
    60 => a_huge_item_gives_its_memory_back,
    30 => a_queue_travels_to_a_process_and_back,
    30 => many_items_of_a_pool_share_one_queue,
    60 => a_hundred_thousand_arguments_with_the_same_queue_fit_in_one_message,
    30 => threads_share_a_queue_as_processes_do,
    10 => an_item_with_a_channel_inside_is_refused,
    10 => an_item_that_does_not_decode_is_lost_alone,
    10 => items_without_bytes_count_as_any_other,
}

const A_MOMENT: Duration = Duration::from_millis(30);

/// Espera que a thread principal de `pid` durma por uma palavra da memória compartilhada.
fn wait_until_asleep(pid: u32) {
    let futex = format!("{} ", libc::SYS_futex);
    eventually("o processo dorme na fila", || {
        let now = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/syscall")).unwrap_or_default();
        now.starts_with(&futex)
    });
}

fn put_range((queue, from, to): (Queue<u64>, u64, u64)) {
    (from..to).for_each(|i| queue.put(&i).unwrap());
}

/// Tira tudo até a fila fechar.
fn drain<T: Serialize + serde::de::DeserializeOwned + 'static>(queue: Queue<T>) -> Vec<T> {
    std::iter::from_fn(|| match queue.get() {
        Ok(item) => Some(item),
        Err(Error::Closed) => None,
        Err(other) => panic!("{other}"),
    })
    .collect()
}

fn items_leave_in_the_order_they_entered() {
    for capacity in [1, 7, 1000] {
        let queue = Queue::bounded(capacity).unwrap();
        let producer = Process::start(put_range, (queue.clone(), 0, 3000)).unwrap();
        (0..3000).for_each(|i| assert_eq!(queue.get().unwrap(), i));
        producer.join().unwrap();

        let consumer = Process::start(drain, queue.clone()).unwrap();
        put_range((queue.clone(), 0, 3000));
        queue.close().unwrap();
        assert!(consumer.join().unwrap().into_iter().eq(0..3000));
    }
}

fn many_producers_and_consumers_lose_and_double_nothing() {
    let queue = Queue::bounded(10).unwrap();
    let consumers: Vec<_> = (0..3).map(|_| Process::start(drain, queue.clone()).unwrap()).collect();
    let range = |i: u64| (queue.clone(), i * 1000, (i + 1) * 1000);
    let producers: Vec<_> = (0..4).map(|i| Process::start(put_range, range(i)).unwrap()).collect();
    producers.into_iter().for_each(|producer| producer.join().unwrap());
    queue.close().unwrap();
    let mut all = Vec::new();
    for consumer in consumers {
        let got = consumer.join().unwrap();
        // De cada produtor, cada consumidor vê os itens na ordem.
        for producer in 0..4 {
            let of_one = got.iter().filter(|&&item| item / 1000 == producer);
            assert!(of_one.is_sorted());
        }
        all.extend(got);
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..4000));
}

fn the_capacity_is_exact() {
    for capacity in [1, 3, 1000] {
        let queue = Queue::bounded(capacity).unwrap();
        assert_eq!((queue.capacity(), queue.len(), queue.is_empty()), (capacity, 0, true));
        for i in 0..capacity {
            queue.put_timeout(&i, Duration::ZERO).unwrap();
        }
        assert_eq!((queue.len(), queue.is_empty()), (capacity, false));
        assert!(matches!(queue.put_timeout(&capacity, A_MOMENT), Err(Error::TimedOut(A_MOMENT))));
        assert_eq!(queue.get().unwrap(), 0);
        queue.put_timeout(&capacity, Duration::ZERO).unwrap();
        assert!(matches!(queue.put_timeout(&0, Duration::ZERO), Err(Error::TimedOut(_))));
        (1..=capacity).for_each(|i| assert_eq!(queue.get().unwrap(), i));
        assert!(queue.is_empty());
    }
}

fn a_capacity_that_makes_no_sense_is_refused() {
    for capacity in [0, (1 << 20) + 1, usize::MAX] {
        let error = Queue::<u8>::bounded(capacity).unwrap_err();
        assert_eq!(error.to_string(), "capacity precisa ser de 1 a 1048576");
    }
    let queue = Queue::bounded(1 << 20).unwrap();
    queue.put(&5).unwrap();
    assert_eq!(queue.get().unwrap(), 5);
}

fn ten_thousand_items_wait_for_a_consumer_that_does_not_exist_yet() {
    let queue = Queue::bounded(10_000).unwrap();
    put_range((queue.clone(), 0, 10_000));
    queue.close().unwrap();
    let consumer = Process::start(drain, queue).unwrap();
    assert!(consumer.join().unwrap().into_iter().eq(0..10_000));
}

/// Um `Vec<u8>` que não é só zeros, nem igual a outro.
fn block(number: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![number as u8; size];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// O número de um bloco, conferido inteiro.
fn number_of(block: &[u8]) -> u64 {
    let (number, rest) = block.split_first_chunk::<8>().expect("ao menos oito bytes");
    let number = u64::from_le_bytes(*number);
    assert!(rest.iter().all(|&byte| byte == number as u8), "o bloco {number} veio estragado");
    number
}

fn large_items_arrive_whole() {
    #[derive(Serialize, Deserialize, PartialEq)]
    struct Sample {
        name: String,
        values: Vec<f64>,
    }
    let sample = |i: u64| Sample { name: format!("amostra {i}"), values: vec![i as f64 / 3.0; 650_000] };
    let (samples, blocks) = (Queue::bounded(4).unwrap(), Queue::bounded(4).unwrap());
    type Both = (Queue<Sample>, Queue<Vec<u8>>);
    let echo = Process::start(
        |(samples, blocks): Both| -> (Vec<String>, Vec<(u64, usize)>) {
            let names = drain(samples).into_iter().map(|sample| {
                assert!(sample.values.len() == 650_000);
                sample.name
            });
            let names = names.collect();
            (names, drain(blocks).iter().map(|block| (number_of(block), block.len())).collect())
        },
        (samples.clone(), blocks.clone()),
    );
    let echo = echo.unwrap();
    (0..10).for_each(|i| samples.put(&sample(i)).unwrap());
    samples.close().unwrap();
    // O último passa do limite de bytes: entra quando a fila se esvazia.
    let sizes = [8, 64 << 20, 5 << 20, 100 << 20];
    for (number, size) in (0..).zip(sizes) {
        blocks.put(&block(number, size)).unwrap();
    }
    blocks.close().unwrap();
    let (names, blocks) = echo.join().unwrap();
    assert!(names.into_iter().eq((0..10).map(|i| format!("amostra {i}"))));
    assert!(blocks.into_iter().eq((0..).zip(sizes)));

    let queue = Queue::bounded(1).unwrap();
    queue.put(&sample(1)).unwrap();
    assert!(queue.get().unwrap() == sample(1));
}

fn waiting_bytes_have_a_limit_too() {
    let queue = Queue::bounded(100).unwrap();
    let (half, huge) = (block(1, 32 << 20), block(2, 100 << 20));
    queue.put_timeout(&half, Duration::ZERO).unwrap();
    queue.put_timeout(&half, Duration::ZERO).unwrap();
    // São 64 MiB justos: não cabe nem mais um byte, mas um item sem bytes cabe.
    assert!(matches!(queue.put_timeout(&vec![1], A_MOMENT), Err(Error::TimedOut(_))));
    queue.put_timeout(&vec![], Duration::ZERO).unwrap();
    assert_eq!(queue.get().unwrap().len(), half.len());
    queue.put_timeout(&vec![1], Duration::ZERO).unwrap();
    assert!(matches!(queue.put_timeout(&huge, A_MOMENT), Err(Error::TimedOut(_))));
    assert_eq!(queue.get().unwrap().len(), half.len());
    assert_eq!([queue.get().unwrap().len(), queue.get().unwrap().len()], [0, 1]);
    queue.put_timeout(&huge, Duration::ZERO).unwrap();
    assert!(matches!(queue.put_timeout(&vec![1], A_MOMENT), Err(Error::TimedOut(_))));
    assert_eq!(number_of(&queue.get().unwrap()), 2);
    queue.put_timeout(&vec![1], Duration::ZERO).unwrap();
}

fn closing_wakes_who_waits_to_get() {
    let queue = Queue::<u64>::bounded(5).unwrap();
    let waiting: Vec<_> = (0..3).map(|_| Process::start(drain, queue.clone()).unwrap()).collect();
    waiting.iter().for_each(|process| wait_until_asleep(process.pid()));
    queue.close().unwrap();
    waiting.into_iter().for_each(|process| assert!(process.join().unwrap().is_empty()));
    assert!(matches!(queue.put(&1), Err(Error::Closed)));
    assert!(matches!(queue.put_timeout(&1, A_MOMENT), Err(Error::Closed)));
    assert!(matches!(queue.get(), Err(Error::Closed)));
    assert!(matches!(queue.get_timeout(A_MOMENT), Err(Error::Closed)));
    queue.close().unwrap();
}

fn closing_wakes_who_waits_to_put_and_lets_the_rest_out() {
    let queue = Queue::bounded(2).unwrap();
    put_range((queue.clone(), 0, 2));
    let put = |queue: Queue<u64>| queue.put(&9).map_err(|error| error.to_string());
    let waiting: Vec<_> = (0..3).map(|_| Process::start(put, queue.clone()).unwrap()).collect();
    waiting.iter().for_each(|process| wait_until_asleep(process.pid()));
    queue.close().unwrap();
    for process in waiting {
        assert_eq!(
            process.join().unwrap(),
            Err("o pool, ou a fila, já está fechado: não aceita mais nada".to_owned())
        );
    }
    // Fechada por um, fechada para todos; e fechar de novo não muda nada.
    let close = |queue: Queue<u64>| queue.close().map_err(|error| error.to_string());
    assert_eq!(Process::start(close, queue.clone()).unwrap().join().unwrap(), Ok(()));
    assert_eq!(queue.len(), 2);
    assert_eq!(Process::start(drain, queue.clone()).unwrap().join().unwrap(), [0, 1]);
    assert!(matches!(queue.get(), Err(Error::Closed)));
}

fn time_limits_hold_on_both_sides() {
    let queue = Queue::bounded(1).unwrap();
    let start = Instant::now();
    assert!(matches!(queue.get_timeout(A_MOMENT), Err(Error::TimedOut(A_MOMENT))));
    queue.put(&1).unwrap();
    assert!(matches!(queue.put_timeout(&2, A_MOMENT), Err(Error::TimedOut(A_MOMENT))));
    assert!(start.elapsed() >= 2 * A_MOMENT);
    // Um limite que o relógio não alcança é esperar o quanto for.
    assert_eq!(queue.get_timeout(Duration::MAX).unwrap(), 1);
    queue.put_timeout(&3, Duration::MAX).unwrap();
    // Quem espera com folga recebe assim que há o que receber.
    let process = Process::start(put_range, (queue.clone(), 4, 5)).unwrap();
    wait_until_asleep(process.pid());
    assert_eq!(queue.get_timeout(Duration::from_secs(20)).unwrap(), 3);
    assert_eq!(queue.get_timeout(Duration::from_secs(20)).unwrap(), 4);
    process.join().unwrap();
}

/// Um processo parado (não morto) no meio de uma operação segura a trava: os outros esperam só o que disseram.
fn a_time_limit_covers_the_lock_too() {
    let queue = Queue::bounded(100).unwrap();
    let busy = |queue: Queue<Vec<u8>>| -> () {
        let large = block(1, 16 << 20);
        loop {
            queue.put(&large).unwrap();
            queue.get().unwrap();
        }
    };
    let process = Process::start(busy, queue.clone()).unwrap();
    eventually("ele parou com a trava na mão", || {
        kill(process.pid(), Signal::STOP);
        // A fila nunca enche: se não há vez, é pela trava.
        let start = Instant::now();
        let stuck = match queue.put_timeout(&block(2, 8), A_MOMENT) {
            Ok(()) => false,
            Err(Error::TimedOut(_)) => true,
            Err(other) => panic!("{other}"),
        };
        if stuck {
            assert!(start.elapsed() >= A_MOMENT);
            assert!(matches!(queue.get_timeout(A_MOMENT), Err(Error::TimedOut(_))));
            assert!(matches!(queue.get_timeout(Duration::ZERO), Err(Error::TimedOut(_))));
        } else {
            queue.get().unwrap();
        }
        kill(process.pid(), Signal::CONT);
        stuck
    });
    process.kill();
    assert!(process.join().is_err());
    queue.put(&block(3, 8)).unwrap();
    eventually("a fila segue", || number_of(&queue.get().unwrap()) == 3);
}

/// Quanta memória os corpos dos itens ocupam: o arquivo deles está entre os descritores deste processo.
fn memory_of_bodies() -> u64 {
    let listed = std::fs::read_dir("/proc/self/fd").expect("/proc").flatten();
    let bodies = listed.filter(|entry| {
        let target = std::fs::read_link(entry.path()).unwrap_or_default();
        target.to_string_lossy().contains("fila-corpos")
    });
    bodies.map(|entry| std::fs::metadata(entry.path()).expect("um memfd").blocks() * 512).sum()
}

fn a_queue_that_is_never_empty_keeps_little_memory() {
    for size in [100, 100_000, 3 << 20] {
        let queue = Queue::bounded(4).unwrap();
        (0..3).for_each(|i| queue.put(&block(i, size)).unwrap());
        let rounds = (200 << 20) / size as u64;
        for i in 3..rounds.min(200_000) {
            queue.put(&block(i, size)).unwrap();
            assert_eq!(number_of(&queue.get().unwrap()), i - 3);
            if i % 16 == 0 {
                let (memory, limit) = (memory_of_bodies(), 3 * size as u64 + (2 << 20));
                assert!(memory <= limit, "{memory} bytes, com itens de {size}");
            }
        }
        assert_eq!(queue.len(), 3);
    }
}

fn a_huge_item_gives_its_memory_back() {
    let queue = Queue::bounded(4).unwrap();
    for round in 0..3 {
        queue.put(&block(round, 150 << 20)).unwrap();
        assert!(memory_of_bodies() >= 150 << 20);
        queue.get().unwrap();
        assert!(memory_of_bodies() <= 1 << 20);
    }
    // Com outros itens atrás dele, também.
    queue.put(&block(1, 60 << 20)).unwrap();
    queue.put(&block(2, 8)).unwrap();
    queue.get().unwrap();
    assert!(memory_of_bodies() <= 2 << 20);
    assert_eq!(number_of(&queue.get().unwrap()), 2);
}

fn a_queue_travels_to_a_process_and_back() {
    let born_there = |(count, echo): (u64, Option<Queue<String>>)| -> (Queue<u64>, Vec<Queue<String>>) {
        let queue = Queue::bounded(count as usize).unwrap();
        put_range((queue.clone(), 0, count));
        (queue, echo.into_iter().collect())
    };
    let mine = Queue::bounded(2).unwrap();
    mine.put(&"fica na fila".to_owned()).unwrap();
    let process = Process::start(born_there, (5, Some(mine))).unwrap();
    // Quem a criou já morreu; a fila é de quem a tem.
    let (queue, mut others) = process.join().unwrap();
    (0..5).for_each(|i| assert_eq!(queue.get().unwrap(), i));
    assert_eq!(format!("{queue:?}"), "Queue { len: 0, capacity: 5 }");
    assert_eq!(others.pop().unwrap().get().unwrap(), "fica na fila");
}

fn many_items_of_a_pool_share_one_queue() {
    let (pool, queue) = (Pool::new(2).unwrap(), Queue::bounded(1000).unwrap());
    let task = |(queue, other, i): (Queue<u64>, Queue<u64>, u64)| -> Queue<u64> {
        queue.put(&i).unwrap();
        other
    };
    let other = Queue::bounded(1).unwrap();
    let results = pool.map(task, (0..1000).map(|i| (queue.clone(), other.clone(), i))).unwrap();
    let mut got: Vec<u64> = (0..1000).map(|_| queue.get().unwrap()).collect();
    got.sort_unstable();
    assert!(got.into_iter().eq(0..1000));
    results[3].put(&7).unwrap();
    assert_eq!(results[999].len(), 1);
    assert_eq!(other.get().unwrap(), 7);
}

/// Mais do que os mapeamentos que o sistema dá a um processo (65 530, de costume).
fn a_hundred_thousand_arguments_with_the_same_queue_fit_in_one_message() {
    let (pool, queue) = (Pool::new(1).unwrap(), Queue::bounded(10).unwrap());
    let task = |(queue, i): (Queue<u64>, u64)| {
        if i == 99_999 {
            queue.put(&i).unwrap()
        }
    };
    let items = (0..100_000).map(|i| (queue.clone(), i));
    pool.chunk_size(100_000).unwrap().map(task, items).unwrap();
    assert_eq!(queue.get().unwrap(), 99_999);
}

fn threads_share_a_queue_as_processes_do() {
    let queue = Queue::bounded(3).unwrap();
    let sum = std::thread::scope(|scope| {
        let producers: Vec<_> = (0..3).map(|_| scope.spawn(|| put_range((queue.clone(), 0, 1000)))).collect();
        let consumers: Vec<_> = (0..3).map(|_| scope.spawn(|| drain(queue.clone()))).collect();
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        queue.close().unwrap();
        consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()).sum::<u64>()
    });
    assert_eq!(sum, 3 * (0..1000).sum::<u64>());
}

fn an_item_with_a_channel_inside_is_refused() {
    let (outer, inner) = (Queue::bounded(3).unwrap(), Queue::<u64>::bounded(3).unwrap());
    let error = outer.put(&(1, inner.clone())).unwrap_err();
    assert!(matches!(&error, Error::Encode(text) if text.contains("um canal viaja")), "{error}");
    assert!(outer.is_empty());
}

fn an_item_that_does_not_decode_is_lost_alone() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    #[serde(try_from = "u8")]
    struct Even(u8);
    impl TryFrom<u8> for Even {
        type Error = String;

        fn try_from(value: u8) -> Result<Self, String> {
            if value % 2 == 0 { Ok(Even(value)) } else { Err(format!("{value} é ímpar")) }
        }
    }
    let queue = Queue::bounded(3).unwrap();
    [2, 3, 4].into_iter().for_each(|value| queue.put(&Even(value)).unwrap());
    assert_eq!(queue.get().unwrap(), Even(2));
    assert!(matches!(queue.get(), Err(Error::Decode(_))));
    assert_eq!(queue.get().unwrap(), Even(4));
}

fn items_without_bytes_count_as_any_other() {
    let queue = Queue::bounded(2).unwrap();
    for _ in 0..5 {
        queue.put(&()).unwrap();
        queue.put(&()).unwrap();
        assert!(matches!(queue.put_timeout(&(), Duration::ZERO), Err(Error::TimedOut(_))));
        assert_eq!((queue.get().unwrap(), queue.get().unwrap()), ((), ()));
        assert!(matches!(queue.get_timeout(Duration::ZERO), Err(Error::TimedOut(_))));
    }
}

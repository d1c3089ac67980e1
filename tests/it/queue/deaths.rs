//! Quem usava a fila morre, em qualquer ponto: o que cada item vira, e quem fica esperando.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use multiprocessamento::{Error, Process, Queue};

use super::{A_MOMENT, block, drain, memory_of_bodies, number_of, put_range, wait_until_asleep};
use crate::support::*;

crate::cases! {
    30 => whoever_dies_waiting_leaves_the_queue_as_it_was,
    60 => a_death_between_two_instructions_leaves_nobody_asleep,
    120 => killed_consumers_take_at_most_one_item_each,
    120 => killed_producers_leave_whole_items_without_gaps,
    60 => a_producer_killed_in_the_middle_leaves_no_memory_behind,
    60 => a_closer_killed_at_any_moment_leaves_nobody_waiting,
}

fn whoever_dies_waiting_leaves_the_queue_as_it_was() {
    let queue = Queue::bounded(1).unwrap();
    for i in 0..5 {
        let victim = Process::start(drain, queue.clone()).unwrap();
        wait_until_asleep(victim.pid());
        victim.kill();
        assert!(victim.join().is_err());
        queue.put(&i).unwrap();
        let victim = Process::start(put_range, (queue.clone(), 100, 200)).unwrap();
        wait_until_asleep(victim.pid());
        victim.kill();
        assert!(victim.join().is_err());
        assert_eq!((queue.get().unwrap(), queue.len()), (i, 0));
    }
}

/// Uma thread que mata este processo daqui a `turns` voltas de um laço vazio: microssegundos, e não os
/// milissegundos que um sinal de outro processo leva para ser mandado.
fn die_after(turns: usize) {
    static UP: AtomicBool = AtomicBool::new(false);
    static GO: AtomicBool = AtomicBool::new(false);
    std::thread::spawn(move || {
        UP.store(true, Ordering::Release);
        while !GO.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
        (0..turns).for_each(|_| std::hint::spin_loop());
        kill_myself()
    });
    while !UP.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    GO.store(true, Ordering::Release);
}

/// Os números seguidos a partir do primeiro; o último, se há algum.
fn last_of_a_row(numbers: &[u64]) -> Option<u64> {
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    numbers.last().copied()
}

fn a_death_between_two_instructions_leaves_nobody_asleep() {
    fn put_and_die((queue, turns): (Queue<u64>, usize)) {
        die_after(turns);
        put_range((queue, 0, u64::MAX));
    }
    fn get_and_die((queue, turns): (Queue<u64>, usize)) {
        die_after(turns);
        drain(queue);
    }
    let (mut random, mut moved) = (Random::new(23), 0);
    for round in 0..60 {
        // Uma vaga só: a cada item, alguém espera pelo outro lado.
        let (queue, turns) = (Queue::bounded(1).unwrap(), random.below(40_000));
        std::thread::scope(|scope| {
            if round % 2 == 0 {
                let consumer = scope.spawn(|| drain(queue.clone()));
                assert!(Process::start(put_and_die, (queue.clone(), turns)).unwrap().join().is_err());
                eventually("o que ele pôs saiu", || queue.is_empty());
                queue.close().unwrap();
                let numbers = consumer.join().unwrap();
                assert!(numbers.first().is_none_or(|&first| first == 0));
                moved += last_of_a_row(&numbers).unwrap_or(0);
            } else {
                let producer = scope.spawn(|| (0..).find(|i| queue.put(i).is_err()));
                assert!(Process::start(get_and_die, (queue.clone(), turns)).unwrap().join().is_err());
                let rest: Vec<u64> =
                    (0..3).map(|_| queue.get_timeout(Duration::from_secs(10)).unwrap()).collect();
                queue.close().unwrap();
                let refused = producer.join().unwrap().unwrap();
                let all: Vec<u64> = rest.iter().copied().chain(drain(queue.clone())).collect();
                assert_eq!(last_of_a_row(&all), Some(refused - 1));
                moved += rest[0];
            }
        });
    }
    println!("{moved} itens em 60 vidas");
}

/// Entre nada e 3 ms: qualquer ponto de uma operação, de quem está numa depois da outra.
fn at_a_random_moment(random: &mut Random) {
    std::thread::sleep(Duration::from_micros(random.below(3000) as u64));
}

/// De quase nada a 3 MiB, sem padrão que combine com o das mortes.
fn size_of_item(number: u64) -> usize {
    [8, 100, 70_000, 3 << 20][(number * 7 % 13 % 4) as usize]
}

/// Tira blocos até a fila fechar, e anota cada um assim que o tem na mão.
fn take_note((queue, log, ready): (Queue<Vec<u8>>, PathBuf, PathBuf)) {
    announce_pid(&ready);
    loop {
        match queue.get() {
            Ok(block) => append_line(&log, &number_of(&block).to_string()),
            Err(Error::Closed) => return,
            Err(other) => panic!("{other}"),
        }
    }
}

fn killed_consumers_take_at_most_one_item_each() {
    const KILLS: usize = 60;
    let (queue, dir) = (Queue::bounded(8).unwrap(), folder());
    let (log, over) = (dir.path().join("registro"), AtomicBool::new(false));
    let progress = AtomicUsize::new(0);
    let start = |name: String| {
        let ready = dir.path().join(name);
        let process = Process::start(take_note, (queue.clone(), log.clone(), ready.clone())).unwrap();
        assert_eq!(announced_pid(&ready), process.pid());
        process
    };
    let put = std::thread::scope(|scope| {
        let producer = scope.spawn(|| {
            let numbers = (0_u64..).take_while(|_| !over.load(Ordering::Relaxed));
            numbers.for_each(|i| {
                queue.put(&block(i, size_of_item(i))).unwrap();
                progress.fetch_add(1, Ordering::Relaxed);
            });
        });
        let mut random = Random::new(11);
        for i in 0..KILLS {
            let victim = start(i.to_string());
            at_a_random_moment(&mut random);
            victim.kill();
            assert!(matches!(victim.join(), Err(Error::WorkerDied { .. })));
        }
        // Os que sobrevivem levam o resto, e o produtor não ficou preso.
        let survivors = ["a", "b"].map(|name| start(name.to_owned()));
        eventually("passaram mais itens do que mortes", || progress.load(Ordering::Relaxed) > KILLS);
        over.store(true, Ordering::Relaxed);
        producer.join().unwrap();
        queue.close().unwrap();
        survivors.into_iter().for_each(|survivor| survivor.join().unwrap());
        progress.load(Ordering::Relaxed)
    });
    let mut numbers: Vec<u64> = lines(&log).iter().map(|line| line.parse().unwrap()).collect();
    let received = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), received, "um item saiu duas vezes");
    println!("{put} itens, {} perdidos com quem já os tinha", put - received);
    assert!(put - received <= KILLS);
}

/// Põe blocos até morrer: 32 bits dizem quem, 32 dizem qual.
fn put_for_ever((queue, who, ready): (Queue<Vec<u8>>, u64, PathBuf)) {
    announce_pid(&ready);
    for i in 0.. {
        queue.put(&block(who << 32 | i, size_of_item(i))).unwrap();
    }
}

fn killed_producers_leave_whole_items_without_gaps() {
    const KILLS: u64 = 60;
    let (queue, dir) = (Queue::bounded(8).unwrap(), folder());
    let start = |who: u64| {
        let ready = dir.path().join(who.to_string());
        let process = Process::start(put_for_ever, (queue.clone(), who, ready.clone())).unwrap();
        assert_eq!(announced_pid(&ready), process.pid());
        process
    };
    let numbers = std::thread::scope(|scope| {
        let consumer = scope.spawn(|| {
            let mut numbers = Vec::new();
            while let Ok(block) = queue.get() {
                numbers.push(number_of(&block));
            }
            numbers
        });
        let mut random = Random::new(5);
        // Sempre dois de cada vez, um mais velho que o outro.
        let mut older = start(0);
        for who in 1..KILLS {
            let newer = start(who);
            at_a_random_moment(&mut random);
            let victim = std::mem::replace(&mut older, newer);
            victim.kill();
            assert!(matches!(victim.join(), Err(Error::WorkerDied { .. })));
        }
        older.kill();
        assert!(older.join().is_err());
        queue.put(&block(KILLS << 32, 8)).unwrap();
        queue.close().unwrap();
        consumer.join().unwrap()
    });
    let mut next: HashMap<u64, u64> = HashMap::new();
    for number in &numbers {
        let expected = next.entry(number >> 32).or_default();
        assert_eq!(number & 0xffff_ffff, *expected, "do produtor {}", number >> 32);
        *expected += 1;
    }
    println!("{} itens de {} produtores", numbers.len(), next.len());
    assert_eq!(next.get(&KILLS), Some(&1));
}

fn a_producer_killed_in_the_middle_leaves_no_memory_behind() {
    let put_huge = |queue: Queue<Vec<u8>>| queue.put(&block(1, 300 << 20)).unwrap();
    let queue = Queue::bounded(2).unwrap();
    let mut caught = 0;
    for _ in 0..5 {
        let victim = Process::start(put_huge, queue.clone()).unwrap();
        eventually("a escrita começou", || memory_of_bodies() > 8 << 20);
        victim.kill();
        assert!(victim.join().is_err());
        // A próxima operação, de quem for, devolve o que ele não terminou.
        if queue.is_empty() {
            caught += 1;
            assert!(memory_of_bodies() > 8 << 20);
        }
        let _ = queue.get_timeout(Duration::ZERO);
        assert!(memory_of_bodies() <= 1 << 20);
    }
    assert!(caught > 0, "nenhuma morte caiu no meio da escrita");
    queue.put(&block(7, 100)).unwrap();
    assert_eq!(number_of(&queue.get().unwrap()), 7);
}

fn a_closer_killed_at_any_moment_leaves_nobody_waiting() {
    fn close_and_die((queue, turns): (Queue<u64>, usize)) {
        die_after(turns);
        // Fechar começa no meio do intervalo de que a morte é sorteada.
        (0..300).for_each(|_| std::hint::spin_loop());
        queue.close().unwrap();
        loop {
            std::thread::park();
        }
    }
    let (mut random, mut closed) = (Random::new(3), 0);
    for round in 0..60 {
        // Ora há quem espere para pôr, ora para tirar.
        let (queue, full) = (Queue::bounded(1).unwrap(), round % 2 == 0);
        if full {
            queue.put(&1).unwrap();
        }
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| if full { queue.put(&2) } else { queue.get().map(|_| ()) });
            let victim = Process::start(close_and_die, (queue.clone(), random.below(600))).unwrap();
            assert!(victim.join().is_err());
            let probe =
                if full { queue.put_timeout(&3, A_MOMENT) } else { queue.get_timeout(A_MOMENT).map(|_| ()) };
            // Fechada, quem espera acorda sem ajuda. Aberta, o que lhe falta vem daqui.
            if matches!(probe, Err(Error::Closed)) {
                closed += 1;
                assert!(matches!(waiting.join().unwrap(), Err(Error::Closed)));
            } else {
                if full {
                    assert_eq!(queue.get().unwrap(), 1)
                } else {
                    queue.put(&2).unwrap()
                }
                waiting.join().unwrap().unwrap();
            }
        });
    }
    println!("{closed} vezes fechou antes de morrer");
}

//! `pipe`: os dois lados, tamanhos, descritores que viajam, o fim e a morte.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use multiprocessamento::{Connection, Error, Pool, Process, pipe};
use rustix::net::{SendFlags, send};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::support::*;

crate::cases! {
    30 => each_side_has_its_own_types,
    30 => messages_arrive_in_order,
    30 => large_messages_arrive_whole,
    60 => sixty_four_megabytes_go_and_come_back,
    30 => every_size_around_the_limit_survives,
    30 => a_connection_goes_through_a_connection,
    30 => a_large_value_takes_its_connections_along,
    30 => more_connections_than_a_message_takes_are_refused,
    30 => a_closed_side_is_the_end_for_the_other,
    30 => what_was_sent_before_the_end_is_still_read,
    30 => a_killed_process_is_the_end_for_the_other,
    60 => a_process_killed_while_sending_leaves_only_whole_messages,
    30 => sending_to_the_dead_is_an_error,
    30 => a_blocked_sender_is_released_by_the_end,
    30 => receiving_gives_up_in_time_and_loses_nothing,
    30 => sending_gives_up_in_time_and_loses_nothing,
    30 => any_duration_is_accepted,
    30 => poll_sees_a_message_and_the_end,
    60 => unread_large_messages_do_not_fill_the_memory,
    30 => garbage_is_an_error_and_the_next_message_arrives,
    30 => descriptors_that_do_not_fit_are_an_error,
    30 => a_value_that_is_not_bytes_is_refused_and_the_channel_goes_on,
    30 => threads_share_one_side,
    30 => two_processes_share_one_side,
    30 => connections_travel_with_tasks_and_come_back,
    30 => a_kept_copy_hides_the_end,
}

fn each_side_has_its_own_types() {
    let (ours, theirs) = pipe::<u32, String>().unwrap();
    let process = Process::start(
        |side: Connection<String, u32>| {
            while let Ok(x) = side.recv() {
                side.send(&format!("recebi {x}")).unwrap();
            }
        },
        theirs,
    )
    .unwrap();
    for x in [1, 2, 3] {
        ours.send(&x).unwrap();
        assert_eq!(ours.recv().unwrap(), format!("recebi {x}"));
    }
    drop(ours);
    process.join().unwrap();
}

fn messages_arrive_in_order() {
    let (ours, theirs) = pipe::<(), u64>().unwrap();
    let count = |side: Connection<u64, ()>| (0..20_000).for_each(|x| side.send(&x).unwrap());
    let process = Process::start(count, theirs).unwrap();
    for x in 0..20_000 {
        assert_eq!(ours.recv().unwrap(), x);
    }
    assert!(matches!(ours.recv(), Err(Error::Disconnected)));
    process.join().unwrap();
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Photo {
    name: String,
    pixels: Vec<u32>,
    notes: BTreeMap<u16, String>,
}

fn large_messages_arrive_whole() {
    let photo = Photo {
        name: "pôr do sol".to_owned(),
        pixels: (0..1_250_000).map(|x| x | 0xff00_0000).collect(),
        notes: (0..100).map(|x| (x, x.to_string())).collect(),
    };
    let (ours, theirs) = pipe::<Photo, Photo>().unwrap();
    let echo = |side: Connection<Photo, Photo>| side.send(&side.recv().unwrap()).unwrap();
    let process = Process::start(echo, theirs).unwrap();
    ours.send(&photo).unwrap();
    assert_eq!(ours.recv().unwrap(), photo);
    process.join().unwrap();
}

fn echo_bytes(side: Connection<Vec<u8>, Vec<u8>>) {
    while let Ok(block) = side.recv() {
        side.send(&block).unwrap();
    }
}

fn sixty_four_megabytes_go_and_come_back() {
    let (ours, theirs) = pipe().unwrap();
    let process = Process::start(echo_bytes, theirs).unwrap();
    let block: Vec<u8> = (0..64 << 20).map(|i: u32| (i >> 3) as u8).collect();
    for _ in 0..3 {
        let start = Instant::now();
        ours.send(&block).unwrap();
        assert!(ours.recv().unwrap() == block);
        println!("64 MiB, ida e volta: {:?}", start.elapsed());
    }
    drop(ours);
    process.join().unwrap();
}

fn every_size_around_the_limit_survives() {
    let limit = 64 << 10;
    let sizes = [0, 1, 100 << 10, limit - 6, limit - 3, limit - 1, limit, limit + 1, limit + 2, 3 * limit];
    let (bytes, bytes_back) = pipe::<Vec<u8>, ()>().unwrap();
    let (text, text_back) = pipe::<String, ()>().unwrap();
    for size in sizes {
        bytes.send(&vec![7; size]).unwrap();
        assert!(bytes_back.recv().unwrap() == vec![7; size], "{size}");
        text.send(&"x".repeat(size)).unwrap();
        assert!(text_back.recv().unwrap() == "x".repeat(size), "{size}");
    }
}

fn a_connection_goes_through_a_connection() {
    let (ours, theirs) = pipe::<Connection<u8, u8>, ()>().unwrap();
    let serve = |side: Connection<(), Connection<u8, u8>>| {
        while let Ok(client) = side.recv() {
            client.send(&(client.recv().unwrap() + 1)).unwrap();
        }
    };
    let process = Process::start(serve, theirs).unwrap();
    for x in 0..50 {
        let (mine, yours) = pipe::<u8, u8>().unwrap();
        ours.send(&yours).unwrap();
        drop(yours);
        mine.send(&x).unwrap();
        assert_eq!(mine.recv().unwrap(), x + 1);
        assert!(matches!(mine.recv(), Err(Error::Disconnected)));
    }
    drop(ours);
    process.join().unwrap();
}

fn a_large_value_takes_its_connections_along() {
    type Luggage = (Vec<u64>, Vec<Connection<u32, ()>>);
    let (ours, theirs) = pipe::<Luggage, ()>().unwrap();
    let (first, first_back) = pipe::<u32, ()>().unwrap();
    let (second, second_back) = pipe::<u32, ()>().unwrap();
    ours.send(&((0..100_000).collect(), vec![first, second])).unwrap();
    let (numbers, sides) = theirs.recv().unwrap();
    assert!(numbers.into_iter().eq(0..100_000));
    sides[0].send(&1).unwrap();
    sides[1].send(&2).unwrap();
    assert_eq!((first_back.recv().unwrap(), second_back.recv().unwrap()), (1, 2));
}

fn more_connections_than_a_message_takes_are_refused() {
    type Sides = (String, Vec<Connection<(), ()>>);
    let (ours, theirs) = pipe::<Sides, ()>().unwrap();
    let sides = |count: usize| (0..count).map(|_| pipe().unwrap().0).collect();
    ours.send(&(String::new(), sides(253))).unwrap();
    assert_eq!(theirs.recv().unwrap().1.len(), 253);
    assert!(matches!(ours.send(&(String::new(), sides(254))), Err(Error::Encode(_))));
    let large = "x".repeat(100_000);
    ours.send(&(large.clone(), sides(252))).unwrap();
    assert_eq!(theirs.recv().unwrap().1.len(), 252);
    assert!(matches!(ours.send(&(large, sides(253))), Err(Error::Encode(_))));
}

fn a_closed_side_is_the_end_for_the_other() {
    let (ours, theirs) = pipe::<u8, u8>().unwrap();
    drop(theirs);
    for _ in 0..2 {
        assert!(matches!(ours.recv(), Err(Error::Disconnected)));
        assert!(matches!(ours.recv_timeout(Duration::from_secs(9)), Err(Error::Disconnected)));
        assert!(matches!(ours.send(&1), Err(Error::Disconnected)));
        assert!(matches!(ours.send_timeout(&1, Duration::from_secs(9)), Err(Error::Disconnected)));
    }
}

/// Quem fecha sem ler o que lhe mandaram: o sistema avisa com um erro antes de entregar o que ele enviou.
fn what_was_sent_before_the_end_is_still_read() {
    for limit in [None, Some(Duration::from_secs(9))] {
        let (ours, theirs) = pipe::<u8, u8>().unwrap();
        let receive = || limit.map_or_else(|| ours.recv(), |limit| ours.recv_timeout(limit));
        theirs.send(&1).unwrap();
        theirs.send(&2).unwrap();
        ours.send(&3).unwrap();
        drop(theirs);
        assert_eq!((receive().unwrap(), receive().unwrap()), (1, 2));
        assert!(matches!(receive(), Err(Error::Disconnected)));
    }
}

fn a_killed_process_is_the_end_for_the_other() {
    let (ours, theirs) = pipe::<(), u32>().unwrap();
    let idle = |side: Connection<u32, ()>| {
        side.send(&std::process::id()).unwrap();
        let _ = side.recv();
    };
    let process = Process::start(idle, theirs).unwrap();
    assert_eq!(ours.recv().unwrap(), process.pid());
    process.kill();
    assert!(matches!(ours.recv(), Err(Error::Disconnected)));
    assert!(matches!(process.join(), Err(Error::WorkerDied { .. })));
}

fn a_process_killed_while_sending_leaves_only_whole_messages() {
    for round in 0..10u64 {
        let (ours, theirs) = pipe::<(), Vec<u8>>().unwrap();
        let flood = |side: Connection<Vec<u8>, ()>| {
            (0u8..200).for_each(|byte| side.send(&vec![byte; 8 << 20]).unwrap());
        };
        let process = Process::start(flood, theirs).unwrap();
        let mut expected = 0u8;
        let mut check = |block: Vec<u8>| {
            assert!(block.len() == 8 << 20 && block.iter().all(|&byte| byte == expected));
            expected += 1;
        };
        check(ours.recv().unwrap());
        std::thread::sleep(Duration::from_millis(round));
        process.kill();
        let end = loop {
            match ours.recv() {
                Ok(block) => check(block),
                Err(error) => break error,
            }
        };
        assert!(matches!(end, Error::Disconnected), "{end:?}");
    }
}

fn sending_to_the_dead_is_an_error() {
    let (ours, theirs) = pipe::<Vec<u8>, ()>().unwrap();
    let process = Process::start(|side: Connection<(), Vec<u8>>| drop(side), theirs).unwrap();
    process.join().unwrap();
    assert!(matches!(ours.send(&vec![1]), Err(Error::Disconnected)));
    assert!(matches!(ours.send(&vec![1; 1 << 20]), Err(Error::Disconnected)));
}

fn a_blocked_sender_is_released_by_the_end() {
    for size in [10, 1 << 20] {
        let (ours, theirs) = pipe::<Vec<u8>, ()>().unwrap();
        let sender = std::thread::spawn(move || {
            let block = vec![7; size];
            loop {
                if let Err(error) = ours.send(&block) {
                    return error;
                }
            }
        });
        assert!(theirs.poll(Duration::from_secs(9)).unwrap());
        std::thread::sleep(Duration::from_millis(50));
        assert!(!sender.is_finished(), "cheio, o canal faz esperar");
        drop(theirs);
        assert!(matches!(sender.join().unwrap(), Error::Disconnected));
    }
}

fn receiving_gives_up_in_time_and_loses_nothing() {
    let (ours, theirs) = pipe::<u64, u64>().unwrap();
    for x in 0..20 {
        let start = Instant::now();
        let outcome = ours.recv_timeout(Duration::from_millis(20));
        assert!(matches!(outcome, Err(Error::TimedOut(_))), "{outcome:?}");
        assert!(start.elapsed() >= Duration::from_millis(20));
        theirs.send(&x).unwrap();
        assert_eq!(ours.recv_timeout(Duration::ZERO).unwrap(), x);
    }
}

fn sending_gives_up_in_time_and_loses_nothing() {
    for size in [8, 50_000, 4 << 20] {
        let (ours, theirs) = pipe::<(u32, String), (u32, String)>().unwrap();
        let message = |x| (x, "x".repeat(size));
        // Os dois lados escrevem e ninguém lê: sem limite, seria para sempre.
        let mut sent = [0, 0];
        for (side, sent) in [&ours, &theirs].into_iter().zip(&mut sent) {
            loop {
                match side.send_timeout(&message(*sent), Duration::from_millis(30)) {
                    Ok(()) => *sent += 1,
                    Err(error) => break assert!(matches!(error, Error::TimedOut(_)), "{error:?}"),
                }
            }
        }
        println!("{size} bytes: couberam {sent:?}");
        for (side, sent) in [&theirs, &ours].into_iter().zip(sent) {
            for x in 0..sent {
                assert!(side.recv_timeout(Duration::ZERO).unwrap() == message(x));
            }
            assert!(matches!(side.recv_timeout(Duration::ZERO), Err(Error::TimedOut(_))));
        }
        ours.send_timeout(&message(7), Duration::ZERO).unwrap();
        assert!(theirs.recv().unwrap() == message(7));
    }
}

fn any_duration_is_accepted() {
    let (ours, theirs) = pipe::<u8, u8>().unwrap();
    ours.send_timeout(&1, Duration::MAX).unwrap();
    assert!(theirs.poll(Duration::MAX).unwrap());
    assert_eq!(theirs.recv_timeout(Duration::MAX).unwrap(), 1);
}

fn poll_sees_a_message_and_the_end() {
    let (ours, theirs) = pipe::<u8, u8>().unwrap();
    assert!(!ours.poll(Duration::ZERO).unwrap());
    assert!(!ours.poll(Duration::from_millis(20)).unwrap());
    theirs.send(&1).unwrap();
    assert!(ours.poll(Duration::ZERO).unwrap());
    assert!(ours.poll(Duration::ZERO).unwrap(), "perguntar não consome");
    assert_eq!(ours.recv().unwrap(), 1);
    assert!(!ours.poll(Duration::ZERO).unwrap());
    drop(theirs);
    assert!(ours.poll(Duration::from_secs(9)).unwrap(), "o fim também é algo a ler");
    assert!(matches!(ours.recv(), Err(Error::Disconnected)));
}

/// O sistema não conta os arquivos de memória que viajam; quem envia depressa tem de esperar assim mesmo.
fn unread_large_messages_do_not_fill_the_memory() {
    let block = vec![1u8; 16 << 20];
    let (ours, _theirs) = pipe::<Vec<u8>, ()>().unwrap();
    let sent = (0..100).take_while(|_| ours.send_timeout(&block, Duration::from_millis(30)).is_ok()).count();
    assert!((1..=8).contains(&sent), "couberam {sent} mensagens de 16 MiB");
}

fn garbage_is_an_error_and_the_next_message_arrives() {
    fn check<T: Serialize + serde::de::DeserializeOwned + PartialEq + 'static>(value: T) {
        let (ours, theirs) = pipe::<T, T>().unwrap();
        let mut random = Random::new(0xbad);
        for round in 0..2000 {
            let size = if round % 100 == 0 { 65_530 + random.below(30) } else { 1 + random.below(40) };
            let mut garbage: Vec<u8> = (0..size).map(|_| random.below(256) as u8).collect();
            // Metade chega até o corpo; as outras se perdem no cabeçalho.
            if round % 2 == 0 {
                garbage[0] %= 3;
                garbage.iter_mut().skip(1).take(1).for_each(|count| *count = 0);
            }
            send(&ours, &garbage, SendFlags::empty()).unwrap();
            match theirs.recv() {
                Ok(_) | Err(Error::Decode(_)) => {}
                Err(other) => panic!("{garbage:?}: {other:?}"),
            }
        }
        ours.send(&value).unwrap();
        assert!(theirs.recv().unwrap() == value);
    }
    check::<(u8, String, Vec<u64>)>((1, "a".to_owned(), vec![2]));
    check::<Vec<u8>>(vec![1, 2, 3]);
}

fn descriptors_that_do_not_fit_are_an_error() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let (ours, theirs) = pipe::<Vec<Connection<u8, u8>>, ()>().unwrap();
    let pairs: Vec<_> = (0..20).map(|_| pipe::<u8, u8>().unwrap()).collect();
    let sides: Vec<_> = pairs.into_iter().map(|(side, _)| side).collect();
    ours.send(&sides).unwrap();
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(35), maximum: before.maximum }).unwrap();
    let outcome = theirs.recv();
    setrlimit(Resource::Nofile, before).unwrap();
    assert!(matches!(outcome, Err(Error::Decode(_))));
    ours.send(&sides).unwrap();
    assert_eq!(theirs.recv().unwrap().len(), 20);
}

fn a_value_that_is_not_bytes_is_refused_and_the_channel_goes_on() {
    #[derive(Deserialize)]
    struct Stubborn(bool);
    impl Serialize for Stubborn {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 { self.0.serialize(serializer) } else { Err(serde::ser::Error::custom("não")) }
        }
    }
    let (ours, theirs) = pipe::<Stubborn, ()>().unwrap();
    assert!(matches!(ours.send(&Stubborn(false)), Err(Error::Encode(_))));
    ours.send(&Stubborn(true)).unwrap();
    assert!(theirs.recv().unwrap().0);
}

fn threads_share_one_side() {
    let (ours, theirs) = pipe::<u64, ()>().unwrap();
    let total: u64 = std::thread::scope(|scope| {
        let (ours, theirs) = (&ours, &theirs);
        let senders: Vec<_> = (0..4)
            .map(|thread| scope.spawn(move || (0..500).for_each(|x| ours.send(&(thread * 500 + x)).unwrap())))
            .collect();
        let receivers: Vec<_> = (0..4)
            .map(|_| scope.spawn(move || (0..500).map(|_| theirs.recv().unwrap()).sum::<u64>()))
            .collect();
        senders.into_iter().for_each(|thread| thread.join().unwrap());
        receivers.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, (0..2000).sum::<u64>());
}

fn two_processes_share_one_side() {
    let (ours, theirs) = pipe::<Option<u64>, u64>().unwrap();
    let work = |side: Connection<u64, Option<u64>>| {
        while let Ok(Some(x)) = side.recv() {
            side.send(&(x * x)).unwrap();
        }
    };
    let processes = [theirs.clone(), theirs].map(|side| Process::start(work, side).unwrap());
    (0..100).for_each(|x| ours.send(&Some(x)).unwrap());
    let total: u64 = (0..100).map(|_| ours.recv().unwrap()).sum();
    assert_eq!(total, (0..100).map(|x| x * x).sum::<u64>());
    ours.send(&None).unwrap();
    ours.send(&None).unwrap();
    processes.into_iter().for_each(|process| process.join().unwrap());
}

fn connections_travel_with_tasks_and_come_back() {
    let pool = Pool::new(2).unwrap();
    let pairs: Vec<_> = (0..50).map(|_| pipe::<u64, u64>().unwrap()).collect();
    let (ours, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let task = |(x, side): (u64, Connection<u64, u64>)| {
        side.send(&x).unwrap();
        side
    };
    let back = pool.map(task, (0..).zip(theirs)).unwrap();
    for (x, (mine, returned)) in (0..).zip(ours.iter().zip(&back)) {
        assert_eq!(mine.recv().unwrap(), x);
        mine.send(&(x + 1)).unwrap();
        assert_eq!(returned.recv().unwrap(), x + 1);
    }
    drop(back);
    for mine in ours {
        // O trabalhador solta o que devolveu quando passa ao próximo pedido, ou antes.
        assert!(matches!(mine.recv_timeout(Duration::from_secs(9)), Err(Error::Disconnected)));
    }
}

fn a_kept_copy_hides_the_end() {
    let (ours, theirs) = pipe::<u8, u8>().unwrap();
    let (carrier, _other) = pipe::<Connection<u8, u8>, ()>().unwrap();
    carrier.send(&theirs).unwrap();
    drop((carrier, _other));
    assert!(!ours.poll(Duration::from_millis(50)).unwrap(), "o nosso `theirs` ainda está aberto");
    drop(theirs);
    assert!(ours.poll(Duration::from_secs(9)).unwrap());

    let dir = folder();
    let (ours, theirs) = pipe::<u8, u8>().unwrap();
    let hold = |(side, gate): (Connection<u8, u8>, PathBuf)| {
        wait_for(gate);
        drop(side);
    };
    let process = Process::start(hold, (theirs, dir.path().join("nunca"))).unwrap();
    kill(process.pid(), Signal::KILL);
    assert!(matches!(ours.recv(), Err(Error::Disconnected)));
}

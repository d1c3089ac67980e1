//! `Manager`: objetos divididos entre processos, e quem morre ou para no meio.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use multiprocessamento::{
    Connection, Error, ManagedCounter, ManagedDict, ManagedList, Manager, Pool, Process, pipe,
};
use rustix::process::Signal;

use crate::support::*;

crate::cases! {
    30 => a_dict_does_what_a_dict_does,
    30 => a_list_does_what_a_list_does,
    30 => a_counter_counts_and_wraps,
    30 => keys_and_values_of_any_type_and_size,
    30 => several_processes_see_the_same_objects,
    60 => updates_from_four_processes_lose_nothing,
    30 => an_update_sees_a_key_that_left_and_came_back,
    30 => an_update_may_use_the_object_it_updates,
    30 => an_item_that_left_during_an_update_is_out_of_range,
    30 => a_panicking_update_leaves_the_value,
    60 => a_process_killed_in_the_middle_of_updates_loses_only_itself,
    60 => a_stopped_client_with_a_large_reply_stops_nobody,
    30 => a_killed_server_disconnects_everyone_at_once,
    30 => a_dropped_manager_leaves_no_process,
    60 => proxies_travel_inside_tuples_of_many_tasks,
    30 => threads_share_the_channel_of_their_process,
    30 => a_child_may_create_a_manager_and_hand_its_proxies_over,
    30 => values_that_cannot_be_kept_are_refused,
    30 => two_managers_do_not_mix,
    30 => a_manager_outlives_the_thread_that_created_it,
    30 => a_manager_dies_with_its_creator,
    60 => an_idle_manager_sleeps,
}

fn a_dict_does_what_a_dict_does() {
    let manager = Manager::start().unwrap();
    assert_eq!(children(), [manager.pid()]);
    let dict = manager.dict::<String, u32>().unwrap();
    assert!(dict.is_empty().unwrap());
    for (key, value) in [("c", 3), ("a", 1), ("b", 2)] {
        dict.insert(key.to_owned(), value).unwrap();
    }
    dict.insert("c".to_owned(), 30).unwrap();
    assert_eq!(dict.len().unwrap(), 3);
    assert_eq!(dict.get("c").unwrap(), Some(30));
    assert_eq!(dict.get("z").unwrap(), None);
    assert!(dict.contains_key("a").unwrap() && !dict.contains_key("z").unwrap());
    // Como em Python: trocar o valor não muda a ordem; sair e voltar muda.
    assert_eq!(dict.keys().unwrap(), ["c", "a", "b"]);
    assert_eq!(dict.remove("c").unwrap(), Some(30));
    assert_eq!(dict.remove("c").unwrap(), None);
    dict.insert("c".to_owned(), 4).unwrap();
    let items = [("a".to_owned(), 1), ("b".to_owned(), 2), ("c".to_owned(), 4)];
    assert_eq!(dict.items().unwrap(), items);
    assert_eq!(dict.update("a", |a| a.unwrap() + 10).unwrap(), 11);
    assert_eq!(dict.update("novo", |none| none.map_or(5, |_| 0)).unwrap(), 5);
    assert_eq!((dict.get("a").unwrap(), dict.get("novo").unwrap()), (Some(11), Some(5)));
    let same = dict.clone();
    same.clear().unwrap();
    assert!(dict.is_empty().unwrap() && dict.keys().unwrap().is_empty());
}

fn a_list_does_what_a_list_does() {
    let manager = Manager::start().unwrap();
    let list = manager.list::<String>().unwrap();
    assert!(list.is_empty().unwrap());
    assert_eq!(list.pop().unwrap(), None);
    for item in ["a", "b", "c"] {
        list.push(item.to_owned()).unwrap();
    }
    assert_eq!(list.len().unwrap(), 3);
    assert_eq!((list.get(0).unwrap().as_deref(), list.get(3).unwrap()), (Some("a"), None));
    list.set(1, "B".to_owned()).unwrap();
    assert_eq!(list.update(2, |c| c + "!").unwrap(), "c!");
    assert_eq!(list.to_vec().unwrap(), ["a", "B", "c!"]);
    let error = list.set(3, String::new()).unwrap_err();
    assert_eq!(error.to_string(), "a posição 3 não existe: a lista tem 3 itens");
    let error = list.update(usize::MAX, |item| item).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { index: usize::MAX, len: 3 }), "{error:?}");
    assert_eq!(list.pop().unwrap().as_deref(), Some("c!"));
    list.clear().unwrap();
    assert!(list.to_vec().unwrap().is_empty());
}

fn a_counter_counts_and_wraps() {
    let manager = Manager::start().unwrap();
    let counter = manager.counter().unwrap();
    assert_eq!((counter.get().unwrap(), counter.add(5).unwrap(), counter.add(-7).unwrap()), (0, 5, -2));
    counter.set(i64::MAX).unwrap();
    assert_eq!(counter.add(1).unwrap(), i64::MIN);
}

fn keys_and_values_of_any_type_and_size() {
    let manager = Manager::start().unwrap();
    let dict = manager.dict::<(u8, Option<String>), BTreeMap<String, Vec<f64>>>().unwrap();
    let key = (7, Some("ção".to_owned()));
    let value: BTreeMap<_, _> = (0..50).map(|x| (x.to_string(), vec![f64::from(x); 12_000])).collect();
    dict.insert(key.clone(), value.clone()).unwrap();
    assert_eq!(dict.get(&key).unwrap(), Some(value));
    assert_eq!(dict.get(&(7, None)).unwrap(), None);

    let blocks = manager.list::<Vec<u8>>().unwrap();
    for byte in 0..3 {
        blocks.push(vec![byte; 10 << 20]).unwrap();
    }
    let sizes = |blocks: ManagedList<Vec<u8>>| -> Vec<usize> {
        blocks.to_vec().unwrap().iter().map(Vec::len).collect()
    };
    assert_eq!(Process::start(sizes, blocks).unwrap().join().unwrap(), [10 << 20; 3]);

    let numbers = manager.dict::<u64, ()>().unwrap();
    numbers.insert(3, ()).unwrap();
    assert!(numbers.contains_key(&3).unwrap());
}

fn several_processes_see_the_same_objects() {
    type Objects = (u32, ManagedDict<u32, u32>, ManagedList<u32>, ManagedCounter);
    let manager = Manager::start().unwrap();
    let (dict, list, counter) =
        (manager.dict().unwrap(), manager.list().unwrap(), manager.counter().unwrap());
    let work = |(mine, dict, list, counter): Objects| {
        dict.insert(mine, std::process::id()).unwrap();
        list.push(mine).unwrap();
        counter.add(mine.into()).unwrap();
        // O resultado também é um objeto dividido.
        (std::process::id(), list)
    };
    let start = |mine| Process::start(work, (mine, dict.clone(), list.clone(), counter.clone())).unwrap();
    let processes: Vec<_> = (0..4).map(start).collect();
    for (mine, process) in (0..).zip(processes) {
        let (pid, same) = process.join().unwrap();
        assert_eq!(dict.get(&mine).unwrap(), Some(pid));
        assert!(same.to_vec().unwrap().contains(&mine));
    }
    let mut items = list.to_vec().unwrap();
    items.sort_unstable();
    assert_eq!((items, counter.get().unwrap()), (vec![0, 1, 2, 3], 6));
}

fn updates_from_four_processes_lose_nothing() {
    const TIMES: u64 = 500;
    type Objects = (ManagedDict<String, u64>, ManagedList<u64>, ManagedCounter);
    fn work((dict, list, counter): Objects) {
        for _ in 0..TIMES {
            dict.update("certo", |n| n.unwrap_or(0) + 1).unwrap();
            list.update(1, |n| n + 1).unwrap();
            counter.add(1).unwrap();
            let naive = dict.get("ingênuo").unwrap().unwrap_or(0);
            dict.insert("ingênuo".to_owned(), naive + 1).unwrap();
        }
    }
    let manager = Manager::start().unwrap();
    let objects: Objects = (manager.dict().unwrap(), manager.list().unwrap(), manager.counter().unwrap());
    objects.1.push(0).unwrap();
    objects.1.push(0).unwrap();
    let processes: Vec<_> = (0..4).map(|_| Process::start(work, objects.clone()).unwrap()).collect();
    processes.into_iter().for_each(|process| process.join().unwrap());
    let (dict, list, counter) = objects;
    println!("get + insert: {:?} de {}", dict.get("ingênuo").unwrap(), 4 * TIMES);
    assert_eq!(dict.get("certo").unwrap(), Some(4 * TIMES));
    assert_eq!(list.to_vec().unwrap(), [0, 4 * TIMES]);
    assert_eq!(counter.get().unwrap(), 4 * TIMES as i64);
}

fn an_update_sees_a_key_that_left_and_came_back() {
    let manager = Manager::start().unwrap();
    let dict = manager.dict::<u8, u8>().unwrap();
    let list = manager.list::<u8>().unwrap();
    dict.insert(1, 10).unwrap();
    list.push(10).unwrap();
    let mut runs = 0;
    dict.update(&1, |value| {
        runs += 1;
        if runs == 1 {
            dict.remove(&1).unwrap();
            dict.insert(1, 10).unwrap();
        }
        value.unwrap() + 1
    })
    .unwrap();
    list.update(0, |value| {
        runs += 1;
        if runs == 3 {
            list.pop().unwrap();
            list.push(10).unwrap();
        }
        value + 1
    })
    .unwrap();
    assert_eq!(runs, 4, "cada conta rodou duas vezes: o valor era igual, mas era outro");
    assert_eq!((dict.get(&1).unwrap(), list.get(0).unwrap()), (Some(11), Some(11)));
}

fn an_update_may_use_the_object_it_updates() {
    let manager = Manager::start().unwrap();
    let dict = manager.dict::<String, u64>().unwrap();
    dict.insert("a".to_owned(), 1).unwrap();
    dict.insert("b".to_owned(), 2).unwrap();
    let sum = dict.update("a", |a| a.unwrap() + dict.get("b").unwrap().unwrap()).unwrap();
    assert_eq!(sum, 3);
}

fn an_item_that_left_during_an_update_is_out_of_range() {
    let manager = Manager::start().unwrap();
    let list = manager.list::<u8>().unwrap();
    list.push(1).unwrap();
    let outcome = list.update(0, |value| {
        list.pop().unwrap();
        value
    });
    assert!(matches!(outcome, Err(Error::OutOfRange { index: 0, len: 0 })), "{outcome:?}");
}

fn a_panicking_update_leaves_the_value() {
    fn fail(dict: ManagedDict<String, u8>) {
        dict.update("a", |_| panic!("desisti")).unwrap();
    }
    let manager = Manager::start().unwrap();
    let dict = manager.dict().unwrap();
    dict.insert("a".to_owned(), 1).unwrap();
    let outcome = Process::start(fail, dict.clone()).unwrap().join();
    assert!(matches!(outcome, Err(Error::Panicked { .. })), "{outcome:?}");
    let here = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fail(dict.clone())));
    assert!(here.is_err());
    assert_eq!(dict.get("a").unwrap(), Some(1));
    assert_eq!(dict.update("a", |a| a.unwrap() + 1).unwrap(), 2);
}

fn a_process_killed_in_the_middle_of_updates_loses_only_itself() {
    type Work = (ManagedDict<u8, u64>, Connection<u64, ()>, Option<u64>);
    fn work((dict, report, times): Work) {
        for done in 1..=times.unwrap_or(u64::MAX) {
            dict.update(&0, |n| n.unwrap_or(0) + 1).unwrap();
            report.send(&done).unwrap();
        }
    }
    fn last_of(reports: &Connection<(), u64>) -> u64 {
        std::iter::from_fn(|| reports.recv().ok()).last().unwrap_or(0)
    }
    for round in 0..6 {
        let manager = Manager::start().unwrap();
        let dict = manager.dict::<u8, u64>().unwrap();
        let start = |times| {
            let (ours, theirs) = pipe().unwrap();
            (Process::start(work, (dict.clone(), theirs, times)).unwrap(), ours)
        };
        let victim = start(None);
        let survivors = [start(Some(200)), start(Some(200))];
        assert_eq!(victim.1.recv().unwrap(), 1);
        std::thread::sleep(Duration::from_millis(round * 3));
        victim.0.kill();
        let reported = last_of(&victim.1).max(1);
        drop(victim);
        for (process, reports) in survivors {
            assert_eq!(last_of(&reports), 200);
            process.join().unwrap();
        }
        let total = dict.get(&0).unwrap().unwrap();
        let extra = total - 400 - reported;
        assert!(extra <= 1, "{extra} mudanças que ninguém contou");
    }
}

fn a_stopped_client_with_a_large_reply_stops_nobody() {
    fn read_forever((dict, announcement): (ManagedDict<u8, Vec<u8>>, PathBuf)) {
        announce_pid(&announcement);
        loop {
            assert_eq!(dict.get(&0).unwrap().unwrap().len(), 32 << 20);
        }
    }
    let (manager, dir) = (Manager::start().unwrap(), folder());
    let dict = manager.dict::<u8, Vec<u8>>().unwrap();
    let counter = manager.counter().unwrap();
    dict.insert(0, vec![1; 32 << 20]).unwrap();
    let announcement = dir.path().join("pid");
    let process = Process::start(read_forever, (dict.clone(), announcement.clone())).unwrap();
    let pid = announced_pid(&announcement);
    for round in 0..5 {
        std::thread::sleep(Duration::from_millis(7 * round));
        kill(pid, Signal::STOP);
        for _ in 0..100 {
            counter.add(1).unwrap();
        }
        assert_eq!(dict.get(&0).unwrap().unwrap().len(), 32 << 20);
        kill(pid, Signal::CONT);
    }
    kill(pid, Signal::STOP);
    drop(process);
    assert_eq!(counter.get().unwrap(), 500);
}

fn a_killed_server_disconnects_everyone_at_once() {
    fn wait_for_an_answer((counter, here): (ManagedCounter, Connection<(), ()>)) -> bool {
        here.send(&()).unwrap();
        matches!(counter.get(), Err(Error::Disconnected))
    }
    let manager = Manager::start().unwrap();
    let (dict, list, counter) =
        (manager.dict::<u8, u8>().unwrap(), manager.list::<u8>().unwrap(), manager.counter().unwrap());
    // Parado, o servidor segura todos no meio de uma chamada, até a morte.
    kill(manager.pid(), Signal::STOP);
    let processes: Vec<_> = (0..3)
        .map(|_| {
            let (ours, theirs) = pipe::<(), ()>().unwrap();
            let process = Process::start(wait_for_an_answer, (counter.clone(), theirs)).unwrap();
            ours.recv().unwrap();
            process
        })
        .collect();
    let waiting = std::thread::spawn({
        let counter = counter.clone();
        move || counter.add(1)
    });
    std::thread::sleep(Duration::from_millis(50));
    let start = Instant::now();
    kill(manager.pid(), Signal::KILL);
    assert!(matches!(waiting.join().unwrap(), Err(Error::Disconnected)));
    assert!(processes.into_iter().all(|process| process.join().unwrap()));
    for _ in 0..2 {
        assert!(matches!(dict.get(&1), Err(Error::Disconnected)));
        assert!(matches!(dict.insert(1, 1), Err(Error::Disconnected)));
        assert!(matches!(dict.update(&1, |_| 1), Err(Error::Disconnected)));
        assert!(matches!(list.push(1), Err(Error::Disconnected)));
        assert!(matches!(list.get(1), Err(Error::Disconnected)));
        assert!(matches!(counter.add(1), Err(Error::Disconnected)));
        assert!(matches!(manager.counter().map(|_| ()), Err(Error::Disconnected)));
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

fn a_dropped_manager_leaves_no_process() {
    let manager = Manager::start().unwrap();
    let list = manager.list::<u8>().unwrap();
    list.push(1).unwrap();
    let identity = Identity::of(manager.pid()).unwrap();
    let dir = folder();
    let gate = dir.path().join("portão");
    let late = |(list, gate): (ManagedList<u8>, PathBuf)| {
        wait_for(gate);
        matches!(list.len(), Err(Error::Disconnected))
    };
    let process = Process::start(late, (list.clone(), gate.clone())).unwrap();
    drop(manager);
    assert!(identity.is_gone());
    assert!(matches!(list.len(), Err(Error::Disconnected)));
    touch(gate);
    assert!(process.join().unwrap());
}

fn proxies_travel_inside_tuples_of_many_tasks() {
    type Task = (u64, ManagedDict<u64, u64>, ManagedCounter);
    let manager = Manager::start().unwrap();
    let pool = Pool::new(3).unwrap();
    let (dict, counter) = (manager.dict::<u64, u64>().unwrap(), manager.counter().unwrap());
    let work = |(x, dict, counter): Task| {
        dict.insert(x, x * x).unwrap();
        counter.add(1).unwrap()
    };
    let start = Instant::now();
    let mut order = pool.map(work, (0..500).map(|x| (x, dict.clone(), counter.clone()))).unwrap();
    println!("500 tarefas, 1000 idas e voltas: {:?}", start.elapsed());
    order.sort_unstable();
    assert!(order.into_iter().eq(1..=500));
    assert!((0..500).all(|x| dict.get(&x).unwrap() == Some(x * x)));
    let open = || fs::read_dir(format!("/proc/{}/fd", manager.pid())).unwrap().count();
    eventually("o servidor fechou os canais de quem terminou", || open() < 15);
}

fn threads_share_the_channel_of_their_process() {
    let manager = Manager::start().unwrap();
    let dict = manager.dict::<u8, u64>().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..250).for_each(|_| assert!(dict.update(&0, |n| n.unwrap_or(0) + 1).is_ok())));
        }
    });
    assert_eq!(dict.get(&0).unwrap(), Some(1000));
}

fn a_child_may_create_a_manager_and_hand_its_proxies_over() {
    fn host(parent: Connection<ManagedCounter, ()>) {
        let manager = Manager::start().unwrap();
        let counter = manager.counter().unwrap();
        counter.add(40).unwrap();
        parent.send(&counter).unwrap();
        parent.recv().unwrap();
        assert_eq!(counter.get().unwrap(), 42);
    }
    let (ours, theirs) = pipe().unwrap();
    let process = Process::start(host, theirs).unwrap();
    let counter: ManagedCounter = ours.recv().unwrap();
    assert_eq!(counter.add(2).unwrap(), 42);
    ours.send(&()).unwrap();
    process.join().unwrap();
    assert!(matches!(counter.get(), Err(Error::Disconnected)));
}

fn values_that_cannot_be_kept_are_refused() {
    let manager = Manager::start().unwrap();
    let list = manager.list::<Connection<u8, u8>>().unwrap();
    let error = list.push(pipe().unwrap().0).unwrap_err();
    assert!(matches!(&error, Error::Encode(reason) if reason.contains("canal")), "{error}");
    let dict = manager.dict::<u8, ManagedCounter>().unwrap();
    let counter = manager.counter().unwrap();
    assert!(matches!(dict.insert(1, counter.clone()), Err(Error::Encode(_))));
    assert!(matches!(dict.update(&1, |_| counter.clone()), Err(Error::Encode(_))));
    assert!(list.is_empty().unwrap() && dict.is_empty().unwrap());
}

fn two_managers_do_not_mix() {
    let (first, second) = (Manager::start().unwrap(), Manager::start().unwrap());
    let (one, two) = (first.counter().unwrap(), second.counter().unwrap());
    let task = |(one, two): (ManagedCounter, ManagedCounter)| (one.add(1).unwrap(), two.add(10).unwrap());
    let process = Process::start(task, (one.clone(), two.clone())).unwrap();
    assert_eq!(process.join().unwrap(), (1, 10));
    drop(first);
    assert!(matches!(one.get(), Err(Error::Disconnected)));
    assert_eq!(two.get().unwrap(), 10);
}

fn a_manager_outlives_the_thread_that_created_it() {
    let manager = std::thread::spawn(|| Manager::start().unwrap()).join().unwrap();
    let counter = manager.counter().unwrap();
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(5));
        counter.add(1).unwrap();
    }
    assert_eq!(counter.get().unwrap(), 20);
}

fn a_manager_dies_with_its_creator() {
    fn create((parent, gate): (Connection<(u32, ManagedCounter), ()>, PathBuf)) {
        let manager = Manager::start().unwrap();
        parent.send(&(manager.pid(), manager.counter().unwrap())).unwrap();
        wait_for(gate);
        kill_myself()
    }
    let dir = folder();
    let gate = dir.path().join("portão");
    let (ours, theirs) = pipe().unwrap();
    let process = Process::start(create, (theirs, gate.clone())).unwrap();
    let (pid, counter) = ours.recv().unwrap();
    let server = Identity::of(pid).unwrap();
    assert_eq!(counter.add(1).unwrap(), 1);
    touch(gate);
    eventually("o servidor se foi", || server.is_gone());
    assert!(matches!(counter.add(1), Err(Error::Disconnected)));
    assert!(process.join().is_err());
}

fn an_idle_manager_sleeps() {
    let manager = Manager::start().unwrap();
    let counter = manager.counter().unwrap();
    counter.add(1).unwrap();
    assert!(assert_everyone_sleeps() >= 2);
}

//! `Process`: um filho por tarefa, do começo ao fim.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use multiprocessamento::{Error, Process, StartMethod};
use rustix::process::{Signal, Uid, getpriority_process, getuid};
use rustix::thread::set_thread_uid;
use serde_bytes::ByteBuf;

use crate::support::*;

crate::cases! {
    for processes;
    30 => a_process_returns_the_result_of_its_function,
    30 => a_process_has_a_number_and_a_name,
    30 => a_name_the_system_refuses_is_an_error,
    30 => a_process_sees_the_variables_it_was_given,
    30 => a_nicer_process_passes_its_priority_on_to_its_threads,
    30 => a_priority_without_privilege_is_a_clear_error,
    30 => a_process_is_alive_until_its_task_ends,
    30 => join_timeout_may_be_called_again_and_delivers_once,
    30 => join_timeout_accepts_any_duration,
    30 => kill_and_terminate_are_told_apart,
    30 => a_process_killed_before_it_begins_is_an_error,
    30 => exit_status_says_how_it_ended,
    30 => a_dropped_process_leaves_nothing,
    30 => processes_may_be_joined_in_any_order,
    30 => an_unjoined_process_does_not_hold_the_others,
    30 => large_values_cross_both_ways,
    30 => a_result_larger_than_the_socket_waits_for_join,
    30 => a_process_may_start_another,
    30 => threads_may_start_processes_at_the_same_time,
    30 => a_process_may_be_joined_by_another_thread,
}

fn a_process_returns_the_result_of_its_function() {
    assert_eq!(new_process(square, 12).unwrap().join().unwrap(), 144);
    let shout = new_process(|text: String| text.to_uppercase(), "olá".to_owned()).unwrap();
    assert_eq!(shout.join().unwrap(), "OLÁ");
    new_process(|(): ()| (), ()).unwrap().join().unwrap();
}

fn a_process_has_a_number_and_a_name() {
    let dir = folder();
    let gate = dir.path().join("portão");
    let start = |name: &str| process_builder().name(name).start(wait_at_gate, gate.clone()).unwrap();
    let (named, other) = (start("forno"), start("balcão"));
    let unnamed = new_process(wait_at_gate, gate.clone()).unwrap();
    assert_eq!(named.name(), "forno");
    assert!(unnamed.name().starts_with("Process-"), "{}", unnamed.name());
    for process in [&named, &other, &unnamed] {
        // Um processo recém-criado ainda não tem nome: ele o recebe ao começar.
        eventually("o sistema mostra o nome", || {
            let read = |file| fs::read_to_string(format!("/proc/{}/{file}", process.pid())).unwrap();
            let executed = start_method() == StartMethod::Spawn;
            (!executed || read("cmdline").trim_end_matches('\0') == process.name())
                && process.name().starts_with(read("comm").trim_end())
        });
    }
    touch(&gate);
    for process in [named, other, unnamed] {
        let pid = process.pid();
        assert_ne!(pid, std::process::id());
        assert_eq!(process.join().unwrap(), pid);
    }
}

fn a_name_the_system_refuses_is_an_error() {
    let outcome = process_builder().name("com\0zero").start(square, 1);
    assert!(matches!(outcome, Err(Error::Spawn(_))));
}

fn a_process_sees_the_variables_it_was_given() {
    let read = |name: String| std::env::var(name).unwrap_or_default();
    let process = process_builder().env("CADERNO_COR", "azul").start(read, "CADERNO_COR".to_owned()).unwrap();
    assert_eq!(process.join().unwrap(), "azul");
    assert!(std::env::var("CADERNO_COR").is_err());
}

fn a_nicer_process_passes_its_priority_on_to_its_threads() {
    let nice = |(): ()| {
        let own = || getpriority_process(None).unwrap();
        (own(), std::thread::spawn(own).join().unwrap())
    };
    let own = getpriority_process(None).unwrap();
    for increment in [0, 5, 100, i32::MAX] {
        let expected = own.saturating_add(increment).min(19);
        let process = process_builder().nice(increment).start(nice, ()).unwrap();
        assert_eq!(process.join().unwrap(), (expected, expected), "nice({increment})");
    }
    assert_eq!(getpriority_process(None).unwrap(), own, "o pai continua como estava");
}

fn a_priority_without_privilege_is_a_clear_error() {
    // Um processo copiado de outro que deixou de ser administrador: executado de novo, ele não leria o próprio programa.
    let ask = |(): ()| {
        if getuid().is_root() {
            set_thread_uid(Uid::from_raw(65_534)).unwrap();
        }
        let vain = Process::builder().start_method(StartMethod::Fork).nice(-5).start(square, 3);
        (vain.map(drop).unwrap_err().to_string(), children().len())
    };
    let (error, left) = new_process(ask, ()).unwrap().join().unwrap();
    assert!(error.starts_with("o sistema recusou somar -5 ao nice do processo: "), "{error}");
    assert_eq!(left, 0, "nenhum processo fica");
}

fn a_process_is_alive_until_its_task_ends() {
    let dir = folder();
    let gate = dir.path().join("portão");
    let mut process = new_process(wait_at_gate, gate.clone()).unwrap();
    assert!(process.is_alive());
    assert!(process.exit_status().is_none());
    touch(&gate);
    eventually("o processo terminou", || !process.is_alive());
    assert!(process.exit_status().unwrap().success());
    let pid = process.pid();
    assert_eq!(process.join().unwrap(), pid, "o resultado espera quem o peça");
}

fn join_timeout_may_be_called_again_and_delivers_once() {
    let dir = folder();
    let gate = dir.path().join("portão");
    let mut process = new_process(wait_at_gate, gate.clone()).unwrap();
    for _ in 0..3 {
        assert!(matches!(process.join_timeout(Duration::from_millis(20)), Err(Error::TimedOut(_))));
    }
    touch(&gate);
    assert_eq!(process.join_timeout(Duration::from_secs(20)).unwrap(), process.pid());
    assert!(matches!(process.join_timeout(Duration::from_secs(20)), Err(Error::AlreadyTaken)));
    assert!(matches!(process.join(), Err(Error::AlreadyTaken)));
}

fn join_timeout_accepts_any_duration() {
    assert_eq!(new_process(square, 3).unwrap().join_timeout(Duration::MAX).unwrap(), 9);
}

fn kill_and_terminate_are_told_apart() {
    for (signal, expected) in [(Signal::KILL, "SIGKILL"), (Signal::TERM, "SIGTERM")] {
        let dir = folder();
        let announcement = dir.path().join("pid");
        let mut process = new_process(
            |announcement: PathBuf| {
                announce_pid(&announcement);
                loop {
                    std::thread::sleep(Duration::from_secs(1));
                }
            },
            announcement.clone(),
        )
        .unwrap();
        assert_eq!(announced_pid(&announcement), process.pid());
        if signal == Signal::KILL {
            process.kill()
        } else {
            process.terminate()
        }
        let outcome: Result<(), Error> = process.join_timeout(Duration::from_secs(20));
        let Err(Error::WorkerDied { pid, status }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((pid, status.signal_name()), (process.pid(), Some(expected)));
        assert_eq!(process.exit_status(), Some(status));
        // Um sinal a quem já se foi não é um erro, nem atinge ninguém.
        process.kill();
        process.terminate();
    }
}

fn a_process_killed_before_it_begins_is_an_error() {
    for _ in 0..50 {
        let process = new_process(square, 3).unwrap();
        process.kill();
        match process.join() {
            Ok(value) => assert_eq!(value, 9),
            Err(error) => assert!(matches!(error, Error::WorkerDied { .. }), "{error:?}"),
        }
    }
}

fn exit_status_says_how_it_ended() {
    let mut process = new_process(|code: i32| std::process::exit(code), 3).unwrap();
    let outcome: Result<(), Error> = process.join_timeout(Duration::from_secs(20));
    assert!(outcome.unwrap_err().to_string().ends_with("morreu durante a tarefa: saiu com código 3"));
    let status = process.exit_status().unwrap();
    assert_eq!((status.code(), status.signal(), status.success()), (Some(3), None, false));
    assert_eq!(status.to_string(), "saiu com código 3");
}

fn a_dropped_process_leaves_nothing() {
    let dir = folder();
    let never = dir.path().join("nunca");
    for _ in 0..10 {
        drop(new_process(wait_at_gate, never.clone()).unwrap());
        drop(new_process(square, 3).unwrap());
        assert_eq!(children(), Vec::<u32>::new());
    }
}

fn processes_may_be_joined_in_any_order() {
    for reverse in [false, true] {
        let mut processes: Vec<_> = (0..20).map(|x| (x, new_process(square, x).unwrap())).collect();
        if reverse {
            processes.reverse();
        }
        for (x, process) in processes {
            assert_eq!(process.join().unwrap(), x * x);
        }
    }
}

fn large(size: usize) -> ByteBuf {
    ByteBuf::from(vec![1; size])
}

fn an_unjoined_process_does_not_hold_the_others() {
    // O resultado de cada um enche o seu soquete; ninguém os lê enquanto o último é esperado.
    let waiting: Vec<_> = (0..4).map(|_| new_process(large, 8 << 20).unwrap()).collect();
    assert_eq!(new_process(square, 4).unwrap().join().unwrap(), 16);
    for process in waiting {
        assert_eq!(process.join().unwrap().len(), 8 << 20);
    }
}

fn large_values_cross_both_ways() {
    let block = ByteBuf::from((0..=255).cycle().take(32 << 20).collect::<Vec<u8>>());
    let process = new_process(|block: ByteBuf| block, block.clone()).unwrap();
    assert!(process.join().unwrap() == block);
}

fn a_result_larger_than_the_socket_waits_for_join() {
    let mut process = new_process(large, 8 << 20).unwrap();
    // Preso na escrita, o processo vive até que alguém leia.
    std::thread::sleep(Duration::from_millis(100));
    assert!(process.is_alive());
    assert_eq!(process.join_timeout(Duration::from_secs(20)).unwrap().len(), 8 << 20);
    assert!(!process.is_alive());
}

fn a_process_may_start_another() {
    fn tower(height: u32) -> u32 {
        if height == 0 { 0 } else { 1 + new_process(tower, height - 1).unwrap().join().unwrap() }
    }
    assert_eq!(new_process(tower, 5).unwrap().join().unwrap(), 5);
}

fn threads_may_start_processes_at_the_same_time() {
    if start_method() == StartMethod::Fork {
        let refused = std::thread::spawn(|| new_process(square, 1).map(drop)).join().unwrap();
        assert!(matches!(refused, Err(Error::ForkWithThreads { threads: 2 })), "{refused:?}");
        return;
    }
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            scope.spawn(move || {
                for x in 0..10 {
                    assert_eq!(new_process(square, thread + x).unwrap().join().unwrap(), (thread + x).pow(2));
                }
            });
        }
    });
}

fn a_process_may_be_joined_by_another_thread() {
    let process = new_process(square, 7).unwrap();
    assert_eq!(std::thread::spawn(move || process.join().unwrap()).join().unwrap(), 49);
}

//! O que só um dos métodos de início faz: o que a cópia leva, o que o forkserver promete.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use multiprocessamento::{
    Connection, Error, Lock, ManagedCounter, Manager, Pool, Process, Queue, StartMethod, Value, pipe,
};
use rustix::process::Signal;

use crate::programs;
use crate::support::*;

crate::cases! {
    30 => a_fork_sees_the_memory_of_its_parent,
    30 => the_other_methods_start_afresh,
    30 => a_fork_is_refused_while_there_are_threads,
    30 => a_fork_does_not_repeat_what_was_buffered,
    30 => a_fork_does_not_return_to_the_code_of_its_parent,
    30 => a_fork_may_fork_and_use_a_pool_of_its_own,
    30 => a_fork_talks_to_the_manager_by_a_channel_of_its_own,
    30 => channels_cross_into_a_fork,
    30 => the_forkserver_starts_once,
    30 => the_forkserver_works_while_there_are_threads,
    30 => a_killed_forkserver_is_replaced,
    30 => a_killed_forkserver_takes_its_workers_and_the_pool_goes_on,
    30 => a_fork_of_a_user_of_the_forkserver_gets_its_own,
    30 => the_forkserver_ignores_ctrl_c,
    30 => the_forkserver_ends_with_its_program,
    30 => a_variable_the_system_refuses_is_an_error,
}

const ALL: [StartMethod; 3] = [StartMethod::Spawn, StartMethod::Fork, StartMethod::ForkServer];

static VALUE: AtomicU64 = AtomicU64::new(1);

/// O endereço e o valor de `VALUE` em quem roda.
fn look(_: ()) -> (usize, u64) {
    (&raw const VALUE as usize, VALUE.load(Ordering::Relaxed))
}

fn run(method: StartMethod) -> (usize, u64) {
    Process::builder().start_method(method).start(look, ()).unwrap().join().unwrap()
}

fn a_fork_sees_the_memory_of_its_parent() {
    VALUE.store(42, Ordering::Relaxed);
    assert_eq!(run(StartMethod::Fork), look(()), "o mesmo endereço, com o valor de agora");
    let change = |(): ()| VALUE.store(7, Ordering::Relaxed);
    Process::builder().start_method(StartMethod::Fork).start(change, ()).unwrap().join().unwrap();
    assert_eq!(VALUE.load(Ordering::Relaxed), 42, "o que a cópia escreve é dela");
}

fn the_other_methods_start_afresh() {
    VALUE.store(42, Ordering::Relaxed);
    for method in [StartMethod::Spawn, StartMethod::ForkServer] {
        assert_eq!(run(method).1, 1, "{method:?}");
    }
}

fn a_fork_is_refused_while_there_are_threads() {
    let _pool = Pool::new(1).unwrap();
    let outcome = Process::builder().start_method(StartMethod::Fork).start(look, ());
    let error = outcome.map(drop).unwrap_err();
    assert!(matches!(error, Error::ForkWithThreads { threads: 2 }), "{error:?}");
    assert!(error.to_string().contains("este processo tem 2 threads"), "{error}");
}

fn a_fork_does_not_repeat_what_was_buffered() {
    let output = programs::run("imprime-e-se-copia");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "antes; na cópia; depois\n");
}

/// Um valor no caminho de volta seria descartado duas vezes: por este processo e pela cópia.
fn a_fork_does_not_return_to_the_code_of_its_parent() {
    struct Mark(std::path::PathBuf);
    impl Drop for Mark {
        fn drop(&mut self) {
            append_line(&self.0, &std::process::id().to_string());
        }
    }
    let dir = folder();
    let log = dir.path().join("registro");
    let mark = Mark(log.clone());
    for code in [0, 3] {
        let exit = |code: i32| {
            if code > 0 {
                std::process::exit(code)
            }
        };
        let _ = Process::builder().start_method(StartMethod::Fork).start(exit, code).unwrap().join();
    }
    let explode = |(): ()| -> u32 { panic!("dentro da cópia") };
    let _ = Process::builder().start_method(StartMethod::Fork).start(explode, ()).unwrap().join();
    drop(mark);
    assert_eq!(lines(&log), [std::process::id().to_string()]);
}

fn a_fork_may_fork_and_use_a_pool_of_its_own() {
    let nested = |x: u64| {
        let fork = Process::builder().start_method(StartMethod::Fork).start(square, x);
        let forked = fork.and_then(Process::join).expect("uma cópia da cópia");
        Pool::new(2).and_then(|pool| pool.map(square, 0..forked)).expect("um pool na cópia").len() as u64
    };
    let process = Process::builder().start_method(StartMethod::Fork).start(nested, 3).unwrap();
    assert_eq!(process.join().unwrap(), 9);
}

/// A cópia herda a memória do original, e nela o canal dele com o servidor: usá-lo misturaria as respostas.
fn a_fork_talks_to_the_manager_by_a_channel_of_its_own() {
    let manager = Manager::start().unwrap();
    let counter = manager.counter().unwrap();
    counter.add(1).unwrap();
    let add = |counter: ManagedCounter| (0..500).try_for_each(|_| counter.add(1).map(drop));
    let fork = Process::builder().start_method(StartMethod::Fork).start(add, counter.clone()).unwrap();
    for _ in 0..500 {
        counter.add(1).unwrap();
    }
    fork.join().unwrap().unwrap();
    assert_eq!(counter.get().unwrap(), 1001);
}

fn channels_cross_into_a_fork() {
    let (queue, lock, total) = (Queue::bounded(4).unwrap(), Lock::new().unwrap(), Value::new(0u64).unwrap());
    let (ours, theirs) = pipe::<u64, u64>().unwrap();
    type Channels = (Queue<u64>, Lock, Value<u64>, Connection<u64, u64>);
    let work = |(queue, lock, total, pipe): Channels| -> Result<(), Error> {
        for x in 0..100 {
            queue.put(&x)?;
            let _guard = lock.lock()?;
            total.set(total.get() + 1);
        }
        queue.close()?;
        pipe.send(&(pipe.recv()? + 1))
    };
    let argument = (queue.clone(), lock.clone(), total.clone(), theirs);
    let fork = Process::builder().start_method(StartMethod::Fork).start(work, argument).unwrap();
    let mut received = Vec::new();
    while let Ok(x) = queue.get() {
        received.push(x);
        let _guard = lock.lock().unwrap();
        total.set(total.get() + 1);
    }
    assert_eq!(received, (0..100).collect::<Vec<_>>());
    ours.send(&41).unwrap();
    assert_eq!(ours.recv().unwrap(), 42);
    fork.join().unwrap().unwrap();
    assert_eq!(total.get(), 200);
}

fn by_forkserver(x: u64) -> Result<u64, Error> {
    Process::builder().start_method(StartMethod::ForkServer).start(square, x)?.join()
}

fn server_pool() -> Pool {
    Pool::builder().workers(2).start_method(StartMethod::ForkServer).build().unwrap()
}

fn the_forkserver_starts_once() {
    assert_eq!(forkserver(), None, "só no primeiro uso");
    assert_eq!(by_forkserver(3).unwrap(), 9);
    let first = forkserver();
    assert!(first.is_some());
    drop(server_pool());
    for x in 0..20 {
        assert_eq!(by_forkserver(x).unwrap(), x * x);
    }
    assert_eq!(forkserver(), first);
}

fn the_forkserver_works_while_there_are_threads() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|x| assert_eq!(by_forkserver(x).unwrap(), x * x)));
        }
    });
}

fn a_killed_forkserver_is_replaced() {
    for _ in 0..3 {
        by_forkserver(1).unwrap();
        let old = forkserver().expect("um forkserver");
        kill(old, Signal::KILL);
        assert_eq!(by_forkserver(5).unwrap(), 25);
        assert_ne!(forkserver(), Some(old));
    }
}

fn a_killed_forkserver_takes_its_workers_and_the_pool_goes_on() {
    let pool = server_pool();
    let old = pool.pids();
    kill(forkserver().expect("um forkserver"), Signal::KILL);
    eventually("há dois trabalhadores novos", || {
        let now = pool.pids();
        now.len() == 2 && old.iter().all(|pid| !now.contains(pid))
    });
    assert_eq!(pool.chunk_size(1).unwrap().map(square, 0..100).unwrap().len(), 100);
}

fn a_fork_of_a_user_of_the_forkserver_gets_its_own() {
    by_forkserver(1).unwrap();
    let ours = forkserver();
    let fork = Process::builder().start_method(StartMethod::Fork);
    let theirs = fork.start(|x: u64| (by_forkserver(x).expect("no forkserver da cópia"), forkserver()), 6);
    let (result, theirs) = theirs.unwrap().join().unwrap();
    assert_eq!(result, 36);
    assert!(theirs.is_some() && theirs != ours);
    assert_eq!(by_forkserver(4).unwrap(), 16, "o nosso segue o mesmo");
    assert_eq!(forkserver(), ours);
}

fn the_forkserver_ignores_ctrl_c() {
    by_forkserver(1).unwrap();
    let server = forkserver().expect("um forkserver");
    kill(server, Signal::INT);
    assert_eq!(by_forkserver(2).unwrap(), 4);
    assert_eq!(forkserver(), Some(server));
}

fn the_forkserver_ends_with_its_program() {
    let output = programs::run("usa-o-forkserver");
    assert!(output.status.success(), "{output:?}");
    let server: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    eventually("o forkserver terminou", || Identity::of(server).is_none_or(|process| process.is_gone()));
}

fn a_variable_the_system_refuses_is_an_error() {
    for method in ALL {
        for (key, value) in [("", "v"), ("a=b", "v"), ("a\0b", "v"), ("a", "v\0")] {
            let outcome = Process::builder().start_method(method).env(key, value).start(look, ());
            assert!(matches!(outcome.map(drop), Err(Error::Spawn(_))), "{method:?}: {key:?}={value:?}");
        }
    }
}

/// O programa de apoio: usa o forkserver, diz quem ele é e termina como qualquer programa.
pub(crate) fn use_the_forkserver() -> Result<(), Error> {
    multiprocessamento::init();
    by_forkserver(3)?;
    println!("{}", forkserver().expect("um forkserver"));
    Ok(())
}

/// O programa de apoio: o que está no buffer da saída quando ele se copia sai uma vez só.
pub(crate) fn print_and_fork() -> Result<(), Error> {
    multiprocessamento::init();
    print!("antes; ");
    let speak = |(): ()| print!("na cópia; ");
    Process::builder().start_method(StartMethod::Fork).start(speak, ())?.join()?;
    println!("depois");
    std::io::stdout().flush().map_err(|error| Error::Encode(error.to_string()))
}

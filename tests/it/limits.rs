//! O sistema recusa: sem processos, sem descritores.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use multiprocessamento::{Error, Pool, Queue, SharedMemory, StartMethod, Transport, pipe};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use crate::harness;
use crate::programs;
use crate::support::*;

crate::cases! {
    for pools;
    60 => a_refused_process_is_an_error_and_the_others_are_reaped,
    30 => a_pool_without_descriptors_is_an_error_and_leaves_nothing,
    60 => a_pool_goes_on_with_fewer_workers_until_descriptors_return,
    30 => a_pool_left_with_no_worker_and_no_descriptor_is_an_error,
    30 => a_pool_without_shared_memory_works_by_socket_unless_asked_not_to,
    30 => a_file_size_limit_is_an_error_and_kills_nobody,
}

/// Um usuário que não existe, um para cada pool: só os processos deste teste contam no limite dele, e o mesmo teste, com outro
/// pool, pode rodar ao lado.
fn nobody_else() -> u32 {
    let variant = std::env::var(START_METHOD).unwrap_or_default();
    let place = harness::POOLS.iter().position(|pool| *pool == variant).expect("um dos pools");
    54_321 + place as u32
}

fn a_refused_process_is_an_error_and_the_others_are_reaped() {
    if !rustix::process::getuid().is_root() {
        harness::skip("só o root pode rodar o programa como outro usuário");
    }
    // O executável pode morar onde o outro usuário não entra.
    let dir = folder();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = dir.path().join("programa");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let mut command = programs::command_at(&copy, "poucos-processos");
    let output = match command.uid(nobody_else()).current_dir("/").output() {
        Ok(output) => output,
        Err(error) => harness::skip(&format!("não foi possível rodar como outro usuário: {error}")),
    };
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    println!("{text}");
    for limit in 1..=8 {
        let outcome = text.lines().find_map(|line| line.strip_prefix(&format!("{limit}: "))).unwrap();
        // O programa, quatro trabalhadores e a thread que cuida deles. O forkserver fica com o limite que havia
        // quando nasceu, que não dava para tantos.
        let enough = limit >= 6 && start_method() == StartMethod::Spawn;
        assert_eq!(outcome == "Ok([0, 1, 4])", enough, "{text}");
        assert_eq!(outcome.starts_with("Spawn("), !enough, "{text}");
    }
    assert_eq!(text.matches("sobraram 0").count(), 8, "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// O limite de descritores, que volta ao que era no fim.
struct Descriptors(Rlimit);

impl Descriptors {
    fn limit(current: u64) -> Self {
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..before }).expect("baixar o limite");
        Descriptors(before)
    }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.0).expect("repor o limite");
    }
}

fn a_pool_without_descriptors_is_an_error_and_leaves_nothing() {
    let open = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let mut made = 0;
    for spare in 0..24 {
        let limit = Descriptors::limit(open + spare);
        let outcome = new_pool(4);
        let process = new_process(square, 3);
        drop(limit);
        match outcome {
            Ok(pool) => {
                made += 1;
                assert_eq!(pool.map(square, 0..3).unwrap(), [0, 1, 4]);
            }
            Err(error) => assert!(matches!(error, Error::Spawn(_)), "{error:?}"),
        }
        match process {
            Ok(process) => assert_eq!(process.join().unwrap(), 9),
            Err(error) => assert!(matches!(error, Error::Spawn(_)), "{error:?}"),
        }
        assert_eq!(children(), Vec::<u32>::new(), "com {spare} descritores de sobra");
    }
    assert!((1..24).contains(&made), "nem sempre falta, nem sempre sobra");
}

/// Um pool cujos descritores têm números altos: baixar o limite não lhe tira os que tem, só os próximos.
fn pool_above(floor: usize, workers: usize) -> Pool {
    let padding: Vec<_> = (0..floor).map(|_| fs::File::open("/dev/null").unwrap()).collect();
    let pool = new_pool(workers).unwrap();
    drop(padding);
    pool
}

fn a_pool_goes_on_with_fewer_workers_until_descriptors_return() {
    let pool = pool_above(20, 2);
    let limit = Descriptors::limit(8);
    // O enchimento fechou; ocupam-se de novo os números que o limite ainda permite.
    let mut padding = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        padding.push(file);
    }
    let (dead, alive) = (pool.pids()[0], pool.pids()[1]);
    kill(dead, Signal::KILL);
    eventually("a morte foi notada", || pool.pids() == [alive]);
    let one_by_one = pool.chunk_size(1).unwrap();
    // Bem mais tempo do que um pool sem ninguém esperaria antes de desistir.
    for _ in 0..8 {
        let used = one_by_one.map(own_pid, 0..50).unwrap();
        assert!(used.iter().all(|&pid| pid == alive));
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    drop(padding);
    drop(limit);
    eventually("o pool voltou a ter dois", || pool.pids().len() == 2);
    assert_eq!(one_by_one.map(square, 0..50).unwrap().len(), 50);
}

fn a_pool_left_with_no_worker_and_no_descriptor_is_an_error() {
    let pool = pool_above(20, 2);
    let limit = Descriptors::limit(8);
    let mut padding = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        padding.push(file);
    }
    pool.pids().into_iter().for_each(|pid| kill(pid, Signal::KILL));
    eventually("as mortes foram notadas", || pool.pids().is_empty());
    let error = pool.map(square, 0..50).unwrap_err();
    assert!(matches!(error, Error::Spawn(_)), "{error:?}");
    println!("{error}");
    assert!(matches!(pool.apply(square, 1), Err(Error::Spawn(_))));
    drop(padding);
    drop(limit);
    pool.join();
}

fn a_pool_without_shared_memory_works_by_socket_unless_asked_not_to() {
    // Endereços para tudo, menos para as casas de um pool.
    let used = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = used.split(' ').next().unwrap().parse().unwrap();
    let before = getrlimit(Resource::As);
    let limit = pages * rustix::param::page_size() as u64 + (300 << 20);
    setrlimit(Resource::As, Rlimit { current: Some(limit), ..before }).unwrap();
    let pool = || Pool::builder().start_method(start_method()).workers(2);
    let refused = pool().transport(Transport::SharedMemory).build().err();
    assert!(matches!(refused, Some(Error::Spawn(_))), "{refused:?}");
    let pool = pool().build().unwrap();
    assert_eq!(pool.map(square, 0..1000).unwrap(), (0..1000).map(square).collect::<Vec<_>>());
    drop(pool);
    assert_eq!(children(), Vec::<u32>::new());
    setrlimit(Resource::As, before).unwrap();
}

/// O que `ulimit -f` limita é também a memória compartilhada, e quem passa dele morre, se ninguém olha antes.
fn a_file_size_limit_is_an_error_and_kills_nobody() {
    let before = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: Some(100 << 10), ..before }).unwrap();
    let pool = || Pool::builder().start_method(start_method()).workers(2);
    let refused = pool().transport(Transport::SharedMemory).build().err();
    assert!(matches!(refused, Some(Error::Spawn(_))), "{refused:?}");
    let pool = pool().build().unwrap();
    assert_eq!(pool.map(square, 0..1000).unwrap(), (0..1000).map(square).collect::<Vec<_>>());
    assert!(matches!(SharedMemory::new(1 << 20), Err(Error::Io(_))));
    let queue = Queue::bounded(10).unwrap();
    queue.put(&vec![7_u8; 1000]).unwrap();
    assert!(matches!(queue.put(&vec![7_u8; 200_000]), Err(Error::Io(_))));
    assert_eq!(queue.get().unwrap(), [7; 1000]);
    let (ours, theirs) = pipe::<Vec<u8>, Vec<u8>>().unwrap();
    assert!(matches!(ours.send(&vec![7; 200_000]), Err(Error::Io(_))));
    ours.send(&vec![7; 1000]).unwrap();
    assert_eq!(theirs.recv().unwrap(), [7; 1000]);
}

//! O que os tipos públicos deixam fazer: mudar de thread, ser vistos de várias, aparecer num `{:?}`, morar numa `struct`.

use std::fmt::Debug;
use std::ops::Range;

use multiprocessamento::*;

use crate::cases;

cases! {
    30 => a_pool_and_its_iterators_live_in_one_struct_and_move_to_a_thread,
    30 => an_iterator_outlives_its_pool_and_says_so,
    30 => every_public_type_can_be_shown,
}

/// De qualquer thread, e de várias ao mesmo tempo. Quem confere é o compilador.
const fn shared<T: Send + Sync + Debug>() {}

/// De uma thread de cada vez.
const fn movable<T: Send + Debug>() {}

const _: () = {
    shared::<Pool>();
    shared::<PoolBuilder>();
    shared::<PoolStats>();
    shared::<ThreadPool>();
    shared::<ThreadPoolBuilder>();
    shared::<Process<u8>>();
    shared::<ProcessBuilder>();
    shared::<Queue<u8>>();
    shared::<Connection<u8, u8>>();
    shared::<SharedMemory>();
    shared::<SharedArray<u64>>();
    shared::<Value<u64>>();
    shared::<Lock>();
    shared::<Semaphore>();
    shared::<Event>();
    shared::<Barrier>();
    shared::<Manager>();
    shared::<ManagedDict<String, u8>>();
    shared::<ManagedList<u8>>();
    shared::<ManagedCounter>();
    shared::<Error>();
    shared::<ExitStatus>();
    shared::<Chunked<'static, Pool>>();
    shared::<Chunked<'static, ThreadPool>>();
    movable::<AsyncResult<u8>>();
    movable::<Imap<Range<u64>, u64>>();
};

struct Factory {
    pool: Pool,
    by_processes: Imap<Range<u64>, u64>,
    by_threads: Imap<std::vec::IntoIter<u64>, u64>,
}

fn double(x: u64) -> u64 {
    2 * x
}

fn a_pool_and_its_iterators_live_in_one_struct_and_move_to_a_thread() {
    for transport in [Transport::SharedMemory, Transport::Socket] {
        let pool = Pool::builder().workers(2).transport(transport).build().unwrap();
        let threads = ThreadPool::new(2).unwrap();
        let by_threads = threads.chunk_size(3).unwrap().imap_unordered(double, (0..100).collect::<Vec<_>>());
        let factory = Factory { by_processes: pool.imap(double, 0..100), by_threads, pool };
        let moved = std::thread::spawn(move || {
            let Factory { pool, by_processes, by_threads } = factory;
            let by_processes: Result<Vec<u64>, Error> = by_processes.collect();
            let by_threads: Result<Vec<u64>, Error> = by_threads.collect();
            (pool.apply(double, 21), by_processes, by_threads)
        });
        let (one, by_processes, by_threads) = moved.join().unwrap();
        assert_eq!(one.unwrap(), 42);
        assert_eq!(by_processes.unwrap(), (0..100).map(double).collect::<Vec<_>>());
        assert_eq!(by_threads.unwrap().iter().sum::<u64>(), (0..100).map(double).sum::<u64>());
    }
}

fn an_iterator_outlives_its_pool_and_says_so() {
    for transport in [Transport::SharedMemory, Transport::Socket] {
        let pool = Pool::builder().workers(2).transport(transport).build().unwrap();
        let mut results = pool.imap(double, 0..);
        assert_eq!(results.next().unwrap().unwrap(), 0);
        pool.join();
        // O que já tinha sido entregue terminou; depois disso, nada mais é aceito.
        let refused = results.find_map(Result::err).expect("o fim do pool");
        assert!(matches!(refused, Error::Closed | Error::Terminated), "{refused:?}");
    }
    let pool = ThreadPool::new(2).unwrap();
    let mut results = pool.imap(double, 0..);
    assert_eq!(results.next().unwrap().unwrap(), 0);
    pool.join();
    let refused = results.find_map(Result::err).expect("o fim do pool");
    assert!(matches!(refused, Error::Closed | Error::Terminated), "{refused:?}");
}

fn every_public_type_can_be_shown() {
    let pool = Pool::new(1).unwrap();
    let shown = format!("{pool:?}");
    assert!(shown.contains("workers: 1") && shown.contains(&pool.pids()[0].to_string()), "{shown}");
    let process = Process::start(double, 3).unwrap();
    assert!(format!("{process:?}").contains(&process.pid().to_string()));
    assert_eq!(process.join().unwrap(), 6);
    let manager = Manager::start().unwrap();
    assert!(format!("{manager:?}").contains(&manager.pid().to_string()));
    let result = pool.apply_async(double, 3);
    assert!(format!("{result:?}").starts_with("AsyncResult"), "{result:?}");
    assert_eq!(result.get().unwrap(), 6);
}

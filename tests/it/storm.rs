//! Muito de uma vez: mortes em série, argumentos enormes, filas longas, memória contada.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use multiprocessamento::Error;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::*;

crate::cases! {
    for pools;
    120 => a_storm_of_kills_loses_nothing_with_retries,
    60 => large_arguments_wait_for_busy_workers,
    60 => two_thousand_queued_tasks_need_few_descriptors,
    30 => a_task_that_runs_out_of_memory_costs_only_itself,
    30 => a_task_that_runs_out_of_descriptors_costs_only_itself,
}

const TASKS: u64 = 10_000;
const KILLS: u64 = 200;

/// Dez mil tarefas, e duzentos tiros em trabalhadores quaisquer enquanto elas rodam.
fn a_storm_of_kills_loses_nothing_with_retries() {
    // Um bloco pode levar vários tiros seguidos, mas não tantos.
    let pool = pool_builder().workers(3).retries(20).build().unwrap();
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Um tiro a cada tantas tarefas prontas: os duzentos cabem em qualquer máquina.
            let is_time = |shot| done.load(Ordering::Relaxed) >= shot * TASKS / (KILLS + 20);
            let shot = shoot_workers(&pool, 0x57a6, KILLS, is_time, || over.load(Ordering::Relaxed));
            assert_eq!(shot, KILLS, "a tempestade acabou antes da hora");
        });
        let task = |x: u64| {
            std::thread::sleep(Duration::from_micros(100));
            x * x
        };
        for (x, result) in (0..TASKS).zip(pool.imap(task, 0..TASKS)) {
            assert_eq!(result.unwrap(), x * x);
            done.fetch_add(1, Ordering::Relaxed);
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(done.load(Ordering::Relaxed), TASKS, "nenhuma a menos");
    let stats = pool.stats();
    println!("{stats:?}");
    assert!(stats.restarts >= KILLS / 2 && stats.retries > 0, "{stats:?}");
    assert_eq!(pool.map(square, 0..100).unwrap().len(), 100);
}

fn large_arguments_wait_for_busy_workers() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let gate = dir.path().join("portão");
    let busy: Vec<_> = (0..2).map(|_| pool.apply_async(wait_at_gate, gate.clone())).collect();
    let size = |block: serde_bytes::ByteBuf| block.len();
    let large: Vec<_> =
        (0..20).map(|i| pool.apply_async(size, serde_bytes::ByteBuf::from(vec![i; 4 << 20]))).collect();
    assert!(matches!(large[0].get_timeout(Duration::from_millis(50)), Err(Error::TimedOut(_))));
    touch(&gate);
    assert!(busy.into_iter().all(|result| result.get().is_ok()));
    // De trás para a frente: ninguém precisa ler na ordem em que pediu.
    for result in large.into_iter().rev() {
        assert_eq!(result.get().unwrap(), 4 << 20);
    }
}

fn two_thousand_queued_tasks_need_few_descriptors() {
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(256), ..before }).expect("baixar o limite");
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let gate = dir.path().join("portão");
    let busy: Vec<_> = (0..2).map(|_| pool.apply_async(wait_at_gate, gate.clone())).collect();
    let queued: Vec<_> = (0..2000).map(|x| pool.apply_async(square, x)).collect();
    touch(&gate);
    assert!(busy.into_iter().all(|result| result.get().is_ok()));
    for (x, result) in (0..2000).zip(queued).collect::<Vec<_>>().into_iter().rev() {
        assert_eq!(result.get().unwrap(), x * x);
    }
    setrlimit(Resource::Nofile, before).expect("repor o limite");
}

fn a_task_that_runs_out_of_memory_costs_only_itself() {
    fn hoard(_: u64) -> u64 {
        let Rlimit { maximum, .. } = getrlimit(Resource::As);
        setrlimit(Resource::As, Rlimit { current: Some(512 << 20), maximum }).expect("limitar a memória");
        let mut hoard: Vec<Vec<u8>> = Vec::new();
        loop {
            hoard.push(vec![1; 16 << 20]);
        }
    }
    let pool = new_pool(2).unwrap();
    for _ in 0..3 {
        let error = pool.apply(hoard, 0).unwrap_err();
        assert!(error.to_string().ends_with("morto por SIGABRT (sinal 6)"), "{error}");
        assert_eq!(pool.map(square, 0..10).unwrap().len(), 10);
    }
    let error = new_process(hoard, 0).unwrap().join().unwrap_err();
    assert!(error.to_string().ends_with("morto por SIGABRT (sinal 6)"), "{error}");
}

fn a_task_that_runs_out_of_descriptors_costs_only_itself() {
    /// Gasta todos os descritores, e tenta um pool próprio: um erro, não uma trava.
    fn exhaust(path: PathBuf) -> String {
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..before }).expect("baixar o limite");
        let mut files = Vec::new();
        while let Ok(file) = std::fs::File::open(&path) {
            files.push(file);
        }
        let outcome = new_pool(1).map(drop);
        setrlimit(Resource::Nofile, before).expect("repor o limite");
        format!("{outcome:?}")
    }
    let pool = new_pool(1).unwrap();
    for _ in 0..3 {
        let told = pool.apply(exhaust, "/dev/null".into()).unwrap();
        assert!(told.starts_with("Err(Spawn("), "{told}");
        assert_eq!(pool.apply(square, 3).unwrap(), 9);
    }
}

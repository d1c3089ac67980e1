//! O pool de processos quando nada dá errado, e o que cada forma de encerrá-lo promete.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use multiprocessamento::{Error, Pool, StartMethod};
use serde::{Deserialize, Serialize};

use crate::support::*;

crate::cases! {
    for pools;
    30 => map_keeps_the_order,
    30 => every_chunk_size_gives_the_same_answer,
    30 => empty_input_gives_empty_output,
    30 => zero_workers_are_refused,
    30 => chunk_size_zero_is_refused,
    30 => tuples_play_the_part_of_starmap,
    30 => owned_values_cross_both_ways,
    30 => by_default_there_is_a_worker_for_each_core,
    30 => workers_are_other_processes_and_stay,
    30 => workers_carry_the_name_of_the_pool,
    30 => ten_thousand_empty_tasks_come_back,
    30 => a_long_task_does_not_hold_the_next_one_behind_it,
    30 => apply_returns_the_result,
    30 => async_result_tells_when_it_is_ready,
    30 => get_timeout_may_be_called_again_and_delivers_once,
    30 => get_timeout_accepts_any_duration,
    30 => async_results_may_be_read_in_any_order,
    30 => an_abandoned_async_result_does_not_cancel_its_task,
    30 => an_answered_async_result_outlives_the_pool,
    30 => an_unanswered_async_result_learns_that_the_pool_ended,
    30 => close_refuses_new_tasks_and_finishes_the_old_ones,
    30 => close_may_be_called_twice,
    30 => join_waits_for_what_was_submitted,
    30 => terminate_ends_busy_workers_and_fails_their_tasks,
    30 => terminate_after_close_does_not_wait,
    30 => a_dropped_pool_leaves_nothing_even_when_busy,
    30 => a_pool_that_never_worked_may_be_dropped_or_joined,
    30 => several_threads_share_a_pool,
    30 => two_pools_live_side_by_side,
    30 => a_worker_may_have_a_pool_of_its_own,
    30 => a_nested_pool_dies_with_its_worker,
    30 => a_worker_may_start_a_process,
    30 => tasks_read_an_empty_stdin_and_share_stdout,
    60 => an_idle_pool_never_wakes_up,
}

fn map_keeps_the_order() {
    let pool = new_pool(3).unwrap();
    let expected: Vec<u64> = (0..1000).map(square).collect();
    assert_eq!(pool.map(square, 0..1000).unwrap(), expected);
}

fn every_chunk_size_gives_the_same_answer() {
    let pool = new_pool(2).unwrap();
    let expected: Vec<u64> = (0..100).map(square).collect();
    for chunk_size in [1, 2, 3, 7, 50, 99, 100, 101, usize::MAX] {
        let chunked = pool.chunk_size(chunk_size).unwrap();
        assert_eq!(chunked.map(square, 0..100).unwrap(), expected, "blocos de {chunk_size}");
        let ordered: Result<Vec<u64>, _> = chunked.imap(square, 0..100).collect();
        assert_eq!(ordered.unwrap(), expected, "blocos de {chunk_size}");
        let mut unordered: Vec<u64> = chunked.imap_unordered(square, 0..100).map(Result::unwrap).collect();
        unordered.sort_unstable();
        assert_eq!(unordered, expected, "blocos de {chunk_size}");
    }
}

fn empty_input_gives_empty_output() {
    let pool = new_pool(2).unwrap();
    assert_eq!(pool.map(square, []).unwrap(), Vec::<u64>::new());
    assert_eq!(pool.chunk_size(5).unwrap().map(square, []).unwrap(), Vec::<u64>::new());
    assert_eq!(pool.imap(square, []).count(), 0);
    assert_eq!(pool.imap_unordered(square, []).count(), 0);
}

fn zero_workers_are_refused() {
    assert!(matches!(Pool::new(0), Err(Error::InvalidArgument { .. })));
    assert!(matches!(pool_builder().workers(0).build(), Err(Error::InvalidArgument { .. })));
}

fn chunk_size_zero_is_refused() {
    let pool = new_pool(1).unwrap();
    assert!(matches!(pool.chunk_size(0), Err(Error::InvalidArgument { .. })));
}

fn tuples_play_the_part_of_starmap() {
    let pool = new_pool(2).unwrap();
    let powers = pool.map(|(base, exponent): (u64, u32)| base.pow(exponent), [(2, 10), (3, 4), (10, 0)]);
    assert_eq!(powers.unwrap(), [1024, 81, 1]);
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Parcel {
    name: String,
    weights: Vec<Option<f64>>,
    inner: Option<Box<Parcel>>,
}

fn owned_values_cross_both_ways() {
    let inner = Parcel { name: "dentro".to_owned(), weights: vec![], inner: None };
    let parcel = Parcel {
        name: "pão de açúcar".to_owned(),
        weights: vec![Some(0.1), None],
        inner: Some(inner.into()),
    };
    let pool = new_pool(2).unwrap();
    let wrap = |parcel: Parcel| Parcel { inner: Some(parcel.clone().into()), ..parcel };
    let wrapped = pool.map(wrap, [parcel.clone(), parcel.clone()]).unwrap();
    assert_eq!(wrapped, [wrap(parcel.clone()), wrap(parcel)]);
}

fn by_default_there_is_a_worker_for_each_core() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let pool = pool_builder().build().unwrap();
    assert_eq!(pool.workers(), cores);
    assert_eq!(pool.pids().len(), cores);
}

fn workers_are_other_processes_and_stay() {
    let pool = new_pool(3).unwrap();
    let pids: HashSet<u32> = pool.pids().into_iter().collect();
    assert_eq!(pids.len(), 3);
    assert!(!pids.contains(&std::process::id()));
    for _ in 0..3 {
        let used: HashSet<u32> = pool.map(own_pid, 0..100).unwrap().into_iter().collect();
        assert!(used.is_subset(&pids), "{used:?} não está em {pids:?}");
    }
    assert_eq!(pool.pids().into_iter().collect::<HashSet<_>>(), pids);
}

fn workers_carry_the_name_of_the_pool() {
    let pool = pool_builder().workers(2).name("padaria").build().unwrap();
    // Uma cópia do forkserver tem a linha de comando dele.
    let copied = start_method() == StartMethod::ForkServer;
    for file in ["cmdline", "comm"].into_iter().skip(copied.into()) {
        let read = |pid| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
        let mut names: Vec<String> = pool.pids().into_iter().map(read).collect();
        names.iter_mut().for_each(|name| name.truncate("padaria-1".len()));
        names.sort();
        assert_eq!(names, ["padaria-1", "padaria-2"], "{file}");
    }
}

fn ten_thousand_empty_tasks_come_back() {
    let pool = new_pool(2).unwrap();
    let one_by_one = pool.chunk_size(1).unwrap();
    assert_eq!(one_by_one.map(square, 0..10_000).unwrap().len(), 10_000);
    assert_eq!(one_by_one.imap_unordered(square, 0..10_000).filter(Result::is_ok).count(), 10_000);
}

/// Três tarefas para dois trabalhadores, e a primeira só termina quando a terceira roda: um pool que
/// adiantasse a terceira para o trabalhador da primeira, com o outro livre, pararia aqui.
fn a_long_task_does_not_hold_the_next_one_behind_it() {
    fn step((step, gate): (u32, PathBuf)) {
        match step {
            1 => wait_for(gate),
            3 => touch(gate),
            _ => {}
        }
    }
    let pool = new_pool(2).unwrap();
    let one_by_one = pool.chunk_size(1).unwrap();
    for round in 0..20 {
        let dir = folder();
        let steps = |steps: &[u32]| {
            let gate = dir.path().join("portão");
            steps.iter().map(|&step| (step, gate.clone())).collect::<Vec<_>>()
        };
        // Tarefas curtas antes, noutra chamada ou na mesma: o ritmo delas não pode valer para as longas.
        let short = vec![0; 500 + round];
        if round % 2 == 0 {
            one_by_one.map(step, steps(&short)).unwrap();
            one_by_one.map(step, steps(&[1, 2, 3])).unwrap();
        } else {
            one_by_one.map(step, steps(&[&short[..], &[1, 2, 3]].concat())).unwrap();
        }
    }
}

fn apply_returns_the_result() {
    let pool = new_pool(2).unwrap();
    assert_eq!(pool.apply(square, 12).unwrap(), 144);
    assert_eq!(pool.apply(|text: String| text.len(), "três".to_owned()).unwrap(), 5);
    pool.apply(|(): ()| (), ()).unwrap();
}

fn async_result_tells_when_it_is_ready() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let gate = dir.path().join("portão");
    let result = pool.apply_async(wait_at_gate, gate.clone());
    assert!(!result.is_ready());
    assert!(matches!(result.get_timeout(Duration::from_millis(20)), Err(Error::TimedOut(_))));
    touch(&gate);
    eventually("o resultado chegou", || result.is_ready());
    assert_eq!(result.get().unwrap(), pool.pids()[0]);
}

fn get_timeout_may_be_called_again_and_delivers_once() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let gate = dir.path().join("portão");
    let result = pool.apply_async(wait_at_gate, gate.clone());
    for _ in 0..3 {
        let error = result.get_timeout(Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.to_string(), "o prazo de 0,05 s acabou");
    }
    touch(&gate);
    result.get_timeout(Duration::from_secs(20)).unwrap();
    assert!(matches!(result.get_timeout(Duration::ZERO), Err(Error::AlreadyTaken)));
    assert!(matches!(result.get(), Err(Error::AlreadyTaken)));
}

fn get_timeout_accepts_any_duration() {
    let pool = new_pool(1).unwrap();
    assert_eq!(pool.apply_async(square, 3).get_timeout(Duration::MAX).unwrap(), 9);
}

fn async_results_may_be_read_in_any_order() {
    let pool = new_pool(2).unwrap();
    let mut results: Vec<_> = (0..200).map(|i| (i, pool.apply_async(square, i))).collect();
    results.reverse();
    for (i, result) in results {
        assert_eq!(result.get().unwrap(), i * i);
    }
}

fn an_abandoned_async_result_does_not_cancel_its_task() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let mark = dir.path().join("feito");
    drop(pool.apply_async(|mark: PathBuf| touch(mark), mark.clone()));
    pool.join();
    assert!(mark.exists());
}

fn an_answered_async_result_outlives_the_pool() {
    let pool = new_pool(1).unwrap();
    let result = pool.apply_async(square, 5);
    eventually("o resultado chegou", || result.is_ready());
    drop(pool);
    assert_eq!(result.get().unwrap(), 25);
}

fn an_unanswered_async_result_learns_that_the_pool_ended() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let never = dir.path().join("nunca");
    // A primeira está com o trabalhador; as outras, na fila.
    let results: Vec<_> = (0..5).map(|_| pool.apply_async(wait_at_gate, never.clone())).collect();
    drop(pool);
    for result in results {
        assert!(matches!(result.get(), Err(Error::Terminated)));
    }
}

fn close_refuses_new_tasks_and_finishes_the_old_ones() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let gate = dir.path().join("portão");
    let old: Vec<_> = (0..3).map(|_| pool.apply_async(wait_at_gate, gate.clone())).collect();
    pool.close();
    assert!(matches!(pool.apply(square, 1), Err(Error::Closed)));
    assert!(matches!(pool.apply_async(square, 1).get(), Err(Error::Closed)));
    assert!(matches!(pool.map(square, 0..9), Err(Error::Closed)));
    assert!(pool.imap(square, 0..9).all(|result| matches!(result, Err(Error::Closed))));
    assert!(pool.imap_unordered(square, 0..9).all(|result| matches!(result, Err(Error::Closed))));
    touch(&gate);
    for result in old {
        result.get().unwrap();
    }
}

fn close_may_be_called_twice() {
    let pool = new_pool(2).unwrap();
    pool.close();
    pool.close();
    eventually("os trabalhadores saíram", || pool.pids().is_empty());
    assert_eq!(children(), Vec::<u32>::new());
    pool.join();
}

fn join_waits_for_what_was_submitted() {
    let pool = new_pool(2).unwrap();
    let results: Vec<_> = (0..500).map(|i| pool.apply_async(square, i)).collect();
    pool.join();
    assert!(results.iter().all(|result| result.is_ready()));
    for (i, result) in (0..).zip(results) {
        assert_eq!(result.get().unwrap(), i * i);
    }
}

fn terminate_ends_busy_workers_and_fails_their_tasks() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let never = dir.path().join("nunca");
    let results: Vec<_> = (0..6).map(|_| pool.apply_async(wait_at_gate, never.clone())).collect();
    let workers: Vec<_> = pool.pids().into_iter().filter_map(Identity::of).collect();
    assert_eq!(workers.len(), 2);
    pool.terminate();
    for result in results {
        assert!(matches!(result.get(), Err(Error::Terminated)));
    }
    assert!(matches!(pool.map(square, 0..3), Err(Error::Closed)));
    eventually("os trabalhadores foram recolhidos", || pool.pids().is_empty());
    assert!(workers.iter().all(Identity::is_gone));
    pool.join();
}

fn terminate_after_close_does_not_wait() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let result = pool.apply_async(wait_at_gate, dir.path().join("nunca"));
    pool.close();
    pool.terminate();
    assert!(matches!(result.get(), Err(Error::Terminated)));
    pool.join();
}

fn a_dropped_pool_leaves_nothing_even_when_busy() {
    let (pool, dir) = (new_pool(3).unwrap(), folder());
    let never = dir.path().join("nunca");
    let _results: Vec<_> = (0..9).map(|_| pool.apply_async(wait_at_gate, never.clone())).collect();
    drop(pool);
    assert_eq!(children(), Vec::<u32>::new());
}

fn a_pool_that_never_worked_may_be_dropped_or_joined() {
    for _ in 0..10 {
        drop(new_pool(2).unwrap());
        new_pool(2).unwrap().join();
        assert_eq!(children(), Vec::<u32>::new());
    }
}

fn several_threads_share_a_pool() {
    let pool = new_pool(2).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let pool = &pool;
            scope.spawn(move || {
                let range = thread * 1000..thread * 1000 + 300;
                let expected: Vec<u64> = range.clone().map(square).collect();
                assert_eq!(pool.chunk_size(1).unwrap().map(square, range.clone()).unwrap(), expected);
                let ordered: Result<Vec<u64>, _> = pool.imap(square, range.clone()).collect();
                assert_eq!(ordered.unwrap(), expected);
                for x in range.take(50) {
                    assert_eq!(pool.apply(square, x).unwrap(), x * x);
                }
            });
        }
    });
}

fn two_pools_live_side_by_side() {
    let (first, second) = (new_pool(2).unwrap(), new_pool(2).unwrap());
    let sums = first.imap(square, 0..500).zip(second.imap(square, 0..500));
    for (x, (a, b)) in sums.enumerate() {
        assert_eq!((a.unwrap(), b.unwrap()), (x as u64 * x as u64, x as u64 * x as u64));
    }
    drop(first);
    assert_eq!(second.apply(square, 9).unwrap(), 81);
}

fn sum_of_squares(limit: u64) -> u64 {
    let pool = new_pool(2).expect("um pool dentro do trabalhador");
    pool.map(square, 0..limit).expect("map dentro do trabalhador").into_iter().sum()
}

fn a_worker_may_have_a_pool_of_its_own() {
    let pool = new_pool(2).unwrap();
    let expected: Vec<u64> = (0..6).map(|limit| (0..limit).map(square).sum()).collect();
    assert_eq!(pool.map(sum_of_squares, 0..6).unwrap(), expected);
}

fn a_nested_pool_dies_with_its_worker() {
    fn keep_a_pool(announcement: PathBuf) {
        let pool = new_pool(2).expect("um pool dentro do trabalhador");
        announce_pid(&announcement);
        loop {
            let _ = pool.apply(square, 2);
        }
    }
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let announcement = dir.path().join("pid");
    let result = pool.apply_async(keep_a_pool, announcement.clone());
    let worker = announced_pid(&announcement);
    let grandchildren: Vec<_> = children_of(worker).into_iter().filter_map(Identity::of).collect();
    assert_eq!(grandchildren.len(), 2);
    kill(worker, rustix::process::Signal::KILL);
    assert!(matches!(result.get(), Err(Error::WorkerDied { .. })));
    eventually("os netos morreram", || grandchildren.iter().all(Identity::is_gone));
}

fn a_worker_may_start_a_process() {
    let pool = new_pool(2).unwrap();
    let squares = pool.map(|x: u64| new_process(square, x).unwrap().join().unwrap(), 0..6).unwrap();
    assert_eq!(squares, [0, 1, 4, 9, 16, 25]);
}

fn tasks_read_an_empty_stdin_and_share_stdout() {
    let output = crate::programs::run("tarefas-que-imprimem");
    assert!(output.status.success(), "{output:?}");
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    for name in ["um", "dois", "três"] {
        assert!(out.contains(&format!("{name} na saída padrão\n")), "{out}");
        assert!(err.contains(&format!("{name} na saída de erros\n")), "{err}");
    }
    let pool = new_pool(2).unwrap();
    let read = pool.map(crate::programs::talk, ["um".to_owned(), "dois".to_owned()]).unwrap();
    assert_eq!(read, ["", ""]);
}

fn an_idle_pool_never_wakes_up() {
    let pool = new_pool(2).unwrap();
    pool.chunk_size(1).unwrap().map(square, 0..1000).unwrap();
    assert_eq!(assert_everyone_sleeps(), 3, "o supervisor e dois trabalhadores");
}

//! Um contexto: um valor que todas as tarefas de uma chamada veem.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use multiprocessamento::{ContextItems, Error, Imap, Pool, SharedArray, ThreadPool, pipe};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use serde::{Deserialize, Deserializer, Serialize};
use serde_bytes::ByteBuf;

use crate::support::*;

crate::cases! {
    for pools;
    30 => every_call_sees_the_context,
    30 => the_context_arrives_once_at_each_worker,
    60 => a_large_context_arrives_whole,
    30 => a_context_left_behind_makes_room_for_the_next,
    30 => contexts_in_use_are_read_once_however_small,
    30 => a_context_without_memory_for_it_is_an_error,
    30 => a_context_may_hold_shared_memory,
    30 => workers_born_later_find_the_context_too,
    30 => a_result_asked_for_outlives_the_context_in_the_program,
    30 => a_stream_keeps_its_context_after_the_input_ends,
    30 => a_stream_with_a_context_lives_in_a_struct,
    30 => many_contexts_at_once_are_told_apart,
    30 => a_context_that_does_not_arrive_is_an_error,
    30 => a_panic_with_a_context_brings_its_place,
}

fn scale(factor: &u64, item: u64) -> u64 {
    factor * item
}

fn every_call_sees_the_context() {
    let pool = new_pool(2).unwrap();
    let expected: Vec<u64> = (0..1000).map(|item| 3 * item).collect();
    let by_three = pool.with_context(&3).unwrap();
    assert_eq!(by_three.map(scale, 0..1000).unwrap(), expected);
    assert_eq!(by_three.imap(scale, 0..1000).collect::<Result<Vec<_>, _>>().unwrap(), expected);
    let mut unordered: Vec<u64> = by_three.imap_unordered(scale, 0..1000).map(Result::unwrap).collect();
    unordered.sort_unstable();
    assert_eq!(unordered, expected);
    let mut seen = 0;
    assert_eq!(by_three.map_with_progress(scale, 0..1000, |ready| seen = ready).unwrap(), expected);
    assert_eq!(seen, 1000);
    assert_eq!(by_three.apply(scale, 14).unwrap(), 42);
    assert_eq!(by_three.apply_async(scale, 14).get().unwrap(), 42);
    let in_chunks = by_three.clone().chunk_size(7).unwrap().window(3);
    assert_eq!(in_chunks.map(scale, 0..1000).unwrap(), expected);
    assert_eq!(in_chunks.imap(scale, 0..1000).collect::<Result<Vec<_>, _>>().unwrap(), expected);
    assert!(matches!(by_three.chunk_size(0), Err(Error::InvalidArgument { .. })));
    let threads = ThreadPool::new(2).unwrap();
    let by_three = threads.with_context(&3).unwrap();
    assert_eq!(by_three.map(scale, 0..1000).unwrap(), expected);
    assert_eq!(by_three.imap(scale, 0..1000).collect::<Result<Vec<_>, _>>().unwrap(), expected);
    assert_eq!(by_three.apply_async(scale, 14).get().unwrap(), 42);
}

/// Conta, num arquivo, cada vez que chega a um processo.
#[derive(Serialize)]
struct Counted {
    register: PathBuf,
    refuses: bool,
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Plain {
            register: PathBuf,
            refuses: bool,
        }
        let Plain { register, refuses } = Plain::deserialize(deserializer)?;
        append_line(&register, &std::process::id().to_string());
        if refuses {
            return Err(serde::de::Error::custom("recusa-se a entrar"));
        }
        Ok(Counted { register, refuses })
    }
}

fn the_context_arrives_once_at_each_worker() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let register = dir.path().join("registro");
    let context = pool.with_context(&Counted { register: register.clone(), refuses: false }).unwrap();
    for _ in 0..3 {
        assert_eq!(context.map(|_: &Counted, x: u64| x, 0..500).unwrap().len(), 500);
        assert_eq!(context.imap(|_: &Counted, x: u64| x, 0..50).count(), 50);
        context.apply(|_: &Counted, x: u64| x, 1).unwrap();
    }
    let mut arrived = lines(&register);
    arrived.sort_unstable();
    let times = arrived.len();
    arrived.dedup();
    assert!(times == arrived.len() && times <= 2, "{arrived:?}");
}

fn a_large_context_arrives_whole() {
    let pool = new_pool(2).unwrap();
    let large = ByteBuf::from((0..100 << 20).map(|place: u32| place as u8).collect::<Vec<u8>>());
    let at = |bytes: &ByteBuf, place: usize| (bytes[place], bytes.len());
    let context = pool.with_context(&large).unwrap();
    for (place, answer) in
        (0..large.len()).step_by(999_983).zip(context.imap(at, (0..large.len()).step_by(999_983)))
    {
        assert_eq!(answer.unwrap(), (large[place], large.len()));
    }
}

/// Um contexto que anota, num arquivo, quando um processo o deixa.
#[derive(Serialize, Deserialize)]
struct Noted(PathBuf);

impl Drop for Noted {
    fn drop(&mut self) {
        append_line(&self.0, &std::process::id().to_string());
    }
}

/// Um trabalhador não junta os contextos que no programa já se descartaram.
fn a_context_left_behind_makes_room_for_the_next() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let worker = pool.pids()[0].to_string();
    let left = |name: &str| {
        let notes = dir.path().join(name);
        notes.exists() && lines(&notes).contains(&worker)
    };
    let touch = |_: &Noted, (): ()| ();
    let noted = |name: &str| Noted(dir.path().join(name));
    pool.with_context(&noted("primeiro")).unwrap().apply(touch, ()).unwrap();
    assert!(!left("primeiro"), "enquanto não chega outro, ele fica");
    let second = pool.with_context(&noted("segundo")).unwrap();
    second.apply(touch, ()).unwrap();
    assert!(left("primeiro"));
    let third = pool.with_context(&noted("terceiro")).unwrap();
    third.apply(touch, ()).unwrap();
    second.apply(touch, ()).unwrap();
    assert!(!left("segundo") && !left("terceiro"), "os dois ainda interessam");
}

/// Quantos contextos vazios este processo leu.
static EMPTY_ONES: AtomicU32 = AtomicU32::new(0);

#[derive(Serialize)]
struct Empty;

impl<'de> Deserialize<'de> for Empty {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        EMPTY_ONES.fetch_add(1, Ordering::Relaxed);
        Ok(Empty)
    }
}

fn contexts_in_use_are_read_once_however_small() {
    let pool = new_pool(1).unwrap();
    let contexts: Vec<_> = (0..4).map(|_| pool.with_context(&Empty).unwrap()).collect();
    for _ in 0..3 {
        for context in &contexts {
            context.apply(|_: &Empty, (): ()| (), ()).unwrap();
        }
    }
    assert_eq!(pool.apply(|(): ()| EMPTY_ONES.load(Ordering::Relaxed), ()).unwrap(), 4);
}

fn a_context_without_memory_for_it_is_an_error() {
    let pool = new_pool(1).unwrap();
    let large = ByteBuf::from(vec![1; 64 << 20]);
    let now = memory_kib("VmSize") as u64 * 1024;
    let limit = Rlimit { current: Some(now + (32 << 20)), maximum: None };
    setrlimit(Resource::As, limit).unwrap();
    let error = pool.with_context(&large).map(drop).unwrap_err();
    assert!(matches!(&error, Error::Encode(reason) if reason.contains("falta memória")), "{error:?}");
    assert_eq!(pool.map(square, 0..3).unwrap(), [0, 1, 4]);
}

fn a_context_may_hold_shared_memory() {
    let pool = new_pool(2).unwrap();
    let squares = SharedArray::<u64>::new(1000).unwrap();
    let context = pool.with_context(&squares).unwrap();
    let write = |squares: &SharedArray<u64>, place: usize| squares.set(place, square(place as u64));
    context.map(write, 0..1000).unwrap();
    assert_eq!(squares.to_vec(), (0..1000).map(square).collect::<Vec<_>>());
}

fn workers_born_later_find_the_context_too() {
    let pool = pool_builder().workers(2).max_tasks_per_child(10).build().unwrap();
    let context = pool.with_context(&5).unwrap();
    assert_eq!(
        context.chunk_size(1).unwrap().map(scale, 0..100).unwrap(),
        (0..100).map(|x| 5 * x).collect::<Vec<_>>()
    );
    let pool = new_pool(2).unwrap();
    let context = pool.with_context(&5).unwrap();
    assert_eq!(context.apply(scale, 2).unwrap(), 10);
    let before = pool.pids();
    before.iter().for_each(|&pid| kill(pid, Signal::KILL));
    eventually("os dois foram repostos", || {
        pool.pids().iter().filter(|pid| !before.contains(pid)).count() == 2
    });
    assert_eq!(context.map(scale, 0..100).unwrap(), (0..100).map(|x| 5 * x).collect::<Vec<_>>());
}

fn a_result_asked_for_outlives_the_context_in_the_program() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let gate = dir.path().join("portão");
    let busy = pool.apply_async(wait_at_gate, gate.clone());
    let late = pool.with_context(&7).unwrap().apply_async(scale, 6);
    let mut stream = pool.with_context(&7).unwrap().imap(scale, 0..3);
    touch(&gate);
    busy.get().unwrap();
    assert_eq!(late.get().unwrap(), 42);
    assert_eq!(stream.next().unwrap().unwrap(), 0);
    assert_eq!(stream.last().unwrap().unwrap(), 14);
}

fn many_contexts_at_once_are_told_apart() {
    let pool = new_pool(2).unwrap();
    let contexts: Vec<_> = (0..20).map(|factor| pool.with_context(&factor).unwrap()).collect();
    for _ in 0..3 {
        let asked: Vec<_> = contexts.iter().map(|context| context.apply_async(scale, 10)).collect();
        let answers: Vec<u64> = asked.into_iter().map(|answer| answer.get().unwrap()).collect();
        assert_eq!(answers, (0..20).map(|factor| 10 * factor).collect::<Vec<_>>());
    }
    let words = pool.with_context(&"três".to_owned()).unwrap();
    assert_eq!(words.apply(|word: &String, times: usize| word.repeat(times), 2).unwrap(), "trêstrês");
}

fn a_context_that_does_not_arrive_is_an_error() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let refusing = Counted { register: dir.path().join("registro"), refuses: true };
    let context = pool.with_context(&refusing).unwrap();
    let error = context.map(|_: &Counted, x: u64| x, 0..3).unwrap_err();
    assert!(matches!(&error, Error::Decode(reason) if reason.contains("recusa-se a entrar")), "{error:?}");
    let (ours, _theirs) = pipe::<u8, u8>().unwrap();
    let error = pool.with_context(&ours).unwrap().apply(|_, x: u64| x, 1).unwrap_err();
    assert!(matches!(&error, Error::Decode(reason) if reason.contains("o contexto não chegou")), "{error:?}");
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
}

fn a_panic_with_a_context_brings_its_place() {
    let pool = new_pool(1).unwrap();
    let at = |list: &Vec<u64>, place: usize| list[place];
    let error = pool.with_context(&vec![1, 2]).unwrap().apply(at, 2).unwrap_err();
    assert!(
        matches!(&error, Error::Panicked { location, .. } if location.contains("context.rs:")),
        "{error:?}"
    );
}

/// O tipo de um `imap` com contexto também se escreve.
struct Search {
    results: Imap<ContextItems<std::ops::Range<usize>, Vec<u64>>, u64>,
    pool: Pool,
}

fn a_stream_with_a_context_lives_in_a_struct() {
    let pool = new_pool(2).unwrap();
    let list: Vec<u64> = (0..100).map(square).collect();
    let results = pool.with_context(&list).unwrap().imap(|list: &Vec<u64>, at: usize| list[at], 0..100);
    let search = Search { results, pool };
    assert_eq!(search.results.collect::<Result<Vec<_>, _>>().unwrap(), list);
    search.pool.join();
}

/// Um trabalhador que ainda não viu o contexto, e uma entrada que já acabou quando ele o procura.
fn a_stream_keeps_its_context_after_the_input_ends() {
    for _ in 0..20 {
        let pool = new_pool(2).unwrap();
        let mut stream =
            pool.with_context(&vec![7_u64; 1000]).unwrap().imap(|list: &Vec<u64>, at: usize| list[at], [3]);
        assert_eq!(stream.next().unwrap().unwrap(), 7);
        assert!(stream.next().is_none());
    }
}

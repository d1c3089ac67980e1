//! Valores grandes: chegam inteiros em qualquer forma, sobrevivem a mortes, e a memória deles volta ao sistema.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use multiprocessamento::Error;
use rustix::process::{Pid, Signal, getpid, kill_process};
use serde::{Deserialize, Deserializer, Serialize};
use serde_bytes::ByteBuf;

use crate::support::*;

crate::cases! {
    for pools;
    30 => large_values_cross_whole_in_every_shape,
    30 => more_large_arguments_than_the_memory_holds,
    30 => the_memory_of_large_values_goes_back_to_the_system,
    30 => a_large_answer_that_nobody_wants_goes_back_to_the_system,
    30 => a_worker_does_not_keep_the_memory_of_a_large_answer,
    30 => a_task_killed_while_it_reads_a_large_argument_loses_only_itself,
    60 => a_worker_killed_while_it_writes_a_large_result_leaves_nothing,
    60 => a_small_answer_after_a_large_one_cut_short_leaves_nothing,
    60 => kills_among_large_values_lose_nothing_and_leave_nothing,
}

const MIB: usize = 1 << 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Picture {
    name: String,
    pixels: Vec<u16>,
    weights: Option<Vec<f64>>,
}

fn large_values_cross_whole_in_every_shape() {
    let pool = new_pool(2).unwrap();
    // Cada tamanho de um lado de onde algo muda: uma folha, um pedaço, as páginas grandes.
    for size in [60 << 10, 130 << 10, 3 * MIB, 9 * MIB] {
        let bytes = ByteBuf::from(vec![7; size]);
        assert_eq!(pool.apply(|bytes: ByteBuf| bytes, bytes.clone()).unwrap(), bytes);
        let numbers = vec![u64::MAX - 5; size / 8];
        assert_eq!(pool.apply(|numbers: Vec<u64>| numbers, numbers.clone()).unwrap(), numbers);
        let pair = (3_u8, vec![-0.5_f64; size / 8], "fim".to_owned());
        assert_eq!(pool.apply(|pair: (u8, Vec<f64>, String)| pair, pair.clone()).unwrap(), pair);
        let pixels = vec![513; size / 2];
        let picture = Picture { name: "x".to_owned(), pixels, weights: Some(vec![0.25; 700]) };
        let three = vec![picture; 3];
        assert_eq!(pool.map(|picture: Picture| picture, three.clone()).unwrap(), three);
        let back: Result<Vec<_>, _> = pool.imap(|picture: Picture| picture, three.clone()).collect();
        assert_eq!(back.unwrap(), three);
    }
}

fn more_large_arguments_than_the_memory_holds() {
    let pool = new_pool(2).unwrap();
    let size = |block: ByteBuf| block.len();
    let block = ByteBuf::from(vec![1; 8 * MIB]);
    let asked: Vec<_> = (0..40).map(|_| pool.apply_async(size, block.clone())).collect();
    for result in asked {
        assert_eq!(result.get().unwrap(), 8 * MIB);
    }
    let blocks = (0..40).map(|_| block.clone());
    assert_eq!(pool.chunk_size(1).unwrap().map(size, blocks).unwrap(), [8 * MIB; 40]);
}

/// Quantos bytes existem na memória dividida do pool, quem quer que os tenha tocado.
fn shared_memory() -> usize {
    let descriptors = std::fs::read_dir("/proc/self/fd").expect("/proc");
    let arenas = descriptors.flatten().map(|entry| entry.path()).filter(|path| {
        std::fs::read_link(path).is_ok_and(|file| file.to_string_lossy().starts_with("/memfd:mural"))
    });
    // Um descritor que se fechou entre a lista e a pergunta não é o do pool.
    arenas.filter_map(|path| path.metadata().ok()).map(|file| file.blocks() as usize * 512).sum()
}

/// Dos valores grandes, não sobra quase nada.
fn expect_memory_back(before: usize) {
    eventually("a memória voltou", || shared_memory() < before + MIB);
}

fn the_memory_of_large_values_goes_back_to_the_system() {
    let pool = new_pool(2).unwrap();
    pool.map(square, 0..10_000).unwrap();
    let before = shared_memory();
    for _ in 0..2 {
        let block = ByteBuf::from(vec![1; 64 * MIB]);
        assert_eq!(pool.apply(|block: ByteBuf| block, block).unwrap().len(), 64 * MIB);
        let blocks = vec![ByteBuf::from(vec![1; MIB]); 50];
        pool.map(|block: ByteBuf| block, blocks).unwrap();
        // O que ninguém busca também.
        drop(pool.apply_async(|block: ByteBuf| block, ByteBuf::from(vec![1; 4 * MIB])));
        expect_memory_back(before);
    }
}

fn a_large_answer_that_nobody_wants_goes_back_to_the_system() {
    let pool = new_pool(1).unwrap();
    pool.map(square, 0..10_000).unwrap();
    let before = shared_memory();
    let dir = folder();
    let answer = |gate: PathBuf| {
        wait_for(gate);
        ByteBuf::from(vec![1; 64 * MIB])
    };
    // Um se descarta antes de a resposta existir, e o outro depois; os fluxos também.
    drop(pool.apply_async(answer, dir.path().join("antes")));
    touch(dir.path().join("antes"));
    let late = pool.apply_async(answer, dir.path().join("antes"));
    eventually("a resposta chegou", || late.is_ready());
    drop(late);
    let mut stream = pool.imap(answer, vec![dir.path().join("antes"); 3]);
    stream.next().unwrap().unwrap();
    drop(stream);
    eventually("tudo terminou", || !pool.apply(|(): ()| false, ()).unwrap());
    expect_memory_back(before);
    // E a que só vem depois que a memória já foi devolvida uma vez.
    let gate = dir.path().join("tarde");
    assert_eq!(pool.apply(|block: ByteBuf| block.len(), ByteBuf::from(vec![1; 64 * MIB])).unwrap(), 64 * MIB);
    drop(pool.apply_async(answer, gate.clone()));
    expect_memory_back(before);
    touch(gate);
    pool.apply(square, 3).unwrap();
    expect_memory_back(before);
}

fn a_worker_does_not_keep_the_memory_of_a_large_answer() {
    let pool = new_pool(1).unwrap();
    let pid = pool.pids()[0];
    let heap = || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("/proc");
        let line =
            status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("um campo do proc(5)");
        line.split_whitespace().next().and_then(|kib| kib.parse::<usize>().ok()).expect("um número") << 10
    };
    pool.apply(square, 3).unwrap();
    let before = heap();
    pool.apply(|size: usize| ByteBuf::from(vec![1; size]), 64 * MIB).unwrap();
    pool.map(|size: usize| ByteBuf::from(vec![1; size]), [64 * MIB; 2]).unwrap();
    pool.apply(square, 3).unwrap();
    eventually("o trabalhador soltou a memória", || heap() < before + 8 * MIB);
}

/// Bytes que, lidos até o fim, matam quem os leu.
#[derive(Serialize)]
struct Deadly(ByteBuf);

impl<'de> Deserialize<'de> for Deadly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(deserializer)?;
        if bytes[0] == 1 {
            let _ = kill_process(getpid(), Signal::KILL);
        }
        Ok(Deadly(bytes))
    }
}

fn a_task_killed_while_it_reads_a_large_argument_loses_only_itself() {
    let pool = new_pool(2).unwrap();
    pool.map(square, 0..10_000).unwrap();
    let before = shared_memory();
    let size = |Deadly(bytes): Deadly| bytes.len();
    let block = |deadly: bool| Deadly(ByteBuf::from(vec![u8::from(deadly); 2 * MIB]));
    let results: Vec<_> = pool.imap(size, (0..30).map(|i| block(i % 10 == 3))).collect();
    for (i, result) in results.into_iter().enumerate() {
        match result {
            Ok(len) => assert!(len == 2 * MIB && i % 10 != 3, "{i}"),
            Err(error) => assert!(matches!(error, Error::WorkerDied { .. }) && i % 10 == 3, "{i}: {error:?}"),
        }
    }
    expect_memory_back(before);
}

/// Mata o próprio processo quando a memória dividida começa a se encher da resposta.
fn kill_me_when_copying(size: usize) -> ByteBuf {
    let before = shared_memory();
    std::thread::spawn(move || {
        while shared_memory() < before + 8 * MIB {
            std::hint::spin_loop();
        }
        let _ = kill_process(getpid(), Signal::KILL);
    });
    ByteBuf::from(vec![7; size])
}

fn a_worker_killed_while_it_writes_a_large_result_leaves_nothing() {
    let pool = new_pool(1).unwrap();
    pool.map(square, 0..10_000).unwrap();
    let before = shared_memory();
    let mut died = 0;
    for _ in 0..5 {
        match pool.apply(kill_me_when_copying, 128 * MIB) {
            Err(error) => {
                assert!(matches!(error, Error::WorkerDied { .. }), "{error:?}");
                died += 1;
            }
            // A cópia pode ter acabado antes; e pelo soquete não há o que se encha.
            Ok(block) => assert_eq!(block.len(), 128 * MIB),
        }
        // A thread que sobrou de uma cópia bem-sucedida ainda olha, e ainda pode matar este.
        let _ = pool.apply(|(): ()| kill_process(getpid(), Signal::KILL).is_ok(), ());
        assert_eq!(pool.apply(square, 3).unwrap(), 9);
        expect_memory_back(before);
    }
    assert!(died > 0 || by_socket(), "nenhuma morte caiu no meio da cópia");
}

/// Quem morreu copiava uma resposta grande; quem fez a tarefa de novo respondeu pouco.
fn a_small_answer_after_a_large_one_cut_short_leaves_nothing() {
    let pool = pool_builder().workers(1).retries(1).build().unwrap();
    pool.map(square, 0..10_000).unwrap();
    let before = shared_memory();
    let task = |mark: PathBuf| {
        let is_first = !mark.exists();
        touch(&mark);
        if is_first { kill_me_when_copying(128 * MIB) } else { ByteBuf::new() }
    };
    let dir = folder();
    let mut retried = 0;
    for round in 0..5 {
        let answer = pool.apply(task, dir.path().join(round.to_string())).unwrap();
        if answer.is_empty() {
            retried += 1;
            expect_memory_back(before);
        }
        // A thread que sobrou de uma cópia bem-sucedida ainda olha, e ainda pode matar este.
        let _ = pool.apply(|(): ()| kill_process(getpid(), Signal::KILL).is_ok(), ());
        expect_memory_back(before);
    }
    assert!(retried > 0 || by_socket(), "nenhuma morte caiu no meio da cópia");
}

fn kills_among_large_values_lose_nothing_and_leave_nothing() {
    let pool = pool_builder().workers(2).retries(50).build().unwrap();
    pool.map(square, 0..10_000).unwrap();
    let before = shared_memory();
    let mut random = Random::new(0xb01d);
    let back = |(index, block): (u8, ByteBuf)| {
        assert!(block.iter().step_by(997).all(|&byte| byte == index));
        (index, block)
    };
    let asked = || (0..20).map(|index| (index, ByteBuf::from(vec![index; MIB + usize::from(index)])));
    for _ in 0..40 {
        let (victim, pause) = (random.below(2), random.below(2000));
        std::thread::scope(|scope| {
            // Um tiro em cada rodada, no meio do que estiver sendo copiado.
            scope.spawn(|| {
                (0..pause).for_each(|_| std::thread::yield_now());
                if let Some(pid) = pool.pids().get(victim).and_then(|pid| Pid::from_raw(pid.cast_signed())) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            });
            let answers = pool.chunk_size(1).unwrap().map(back, asked()).unwrap();
            assert!(asked().eq(answers), "o que foi não é o que voltou");
        });
    }
    assert!(pool.stats().restarts >= 20, "{:?}", pool.stats());
    assert_eq!(pool.map(square, 0..100).unwrap().len(), 100);
    expect_memory_back(before);
}

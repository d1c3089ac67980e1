//! Processos que morrem de verdade, de todas as maneiras, e o que quem esperava fica sabendo.

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use multiprocessamento::Error;
use rustix::process::Signal;
use serde_bytes::ByteBuf;

use crate::support::*;

crate::cases! {
    for pools;
    30 => each_way_to_die_is_told_apart,
    30 => map_returns_the_death_and_the_pool_goes_on,
    30 => map_returns_the_failure_of_lowest_index_among_those_seen,
    30 => killed_idle_worker_is_replaced,
    30 => killed_busy_worker_fails_only_its_own_task,
    60 => worker_killed_while_writing_a_large_result_does_not_hang,
    30 => tasks_sent_ahead_to_a_dead_worker_are_run,
    30 => no_task_runs_twice,
    30 => every_worker_killed_at_once_is_replaced,
    60 => forty_workers_killed_at_once_are_replaced,
    60 => a_storm_of_kills_costs_only_the_tasks_it_hits,
    60 => a_pool_whose_tasks_all_kill_gives_up,
    30 => a_pool_that_gave_up_lets_the_others_finish,
    30 => a_death_while_closing_does_not_hang,
    30 => a_death_is_seen_while_a_grandchild_holds_the_socket,
    60 => garbage_from_a_worker_costs_only_that_worker,
}

/// As maneiras de morrer no meio de uma tarefa.
fn die(how: String) -> String {
    match how.as_str() {
        "SIGKILL" => kill_myself(),
        "SIGTERM" => kill(std::process::id(), Signal::TERM),
        "abort" => std::process::abort(),
        "exit(0)" => std::process::exit(0),
        "exit(3)" => std::process::exit(3),
        "pilha" => return recurse(0).to_string(),
        _ => return how,
    }
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Enche a pilha de verdade; `black_box` impede o compilador de a trocar por um laço.
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if std::hint::black_box(depth) == u64::MAX { 0 } else { 1 + recurse(depth + 1) + frame[3] }
}

const WAYS: [(&str, &str); 6] = [
    ("SIGKILL", "morto por SIGKILL (sinal 9)"),
    ("SIGTERM", "morto por SIGTERM (sinal 15)"),
    ("abort", "morto por SIGABRT (sinal 6)"),
    ("exit(0)", "saiu com código 0"),
    ("exit(3)", "saiu com código 3"),
    ("pilha", "morto por SIGABRT (sinal 6)"),
];

fn assert_died(error: &Error, expected: &str) {
    assert!(matches!(error, Error::WorkerDied { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.ends_with(expected), "{text:?} não diz {expected:?}");
    assert!(text.contains("morreu durante a tarefa"), "{text}");
}

fn each_way_to_die_is_told_apart() {
    let pool = new_pool(2).unwrap();
    for (how, expected) in WAYS {
        assert_died(&pool.apply(die, how.to_owned()).unwrap_err(), expected);
        assert_died(&new_process(die, how.to_owned()).unwrap().join().unwrap_err(), expected);
        assert_eq!(pool.map(die, ["a".to_owned(), "b".to_owned()]).unwrap(), ["a", "b"]);
    }
}

fn map_returns_the_death_and_the_pool_goes_on() {
    let pool = new_pool(2).unwrap();
    for chunk_size in [1, 4, 100] {
        let chunked = pool.chunk_size(chunk_size).unwrap();
        let input = (0..40).map(|i| if i == 13 { "SIGKILL".to_owned() } else { i.to_string() });
        assert_died(&chunked.map(die, input).unwrap_err(), "morto por SIGKILL (sinal 9)");
        assert_eq!(chunked.map(square, 0..5).unwrap(), [0, 1, 4, 9, 16]);
    }
}

/// Dois itens falham, o segundo primeiro; quando `map` olha, as duas falhas já chegaram.
fn map_returns_the_failure_of_lowest_index_among_those_seen() {
    fn fail((index, dir): (u32, PathBuf)) {
        if index == 0 {
            wait_for(dir.join("1"));
        }
        touch(dir.join(index.to_string()));
        panic!("falhou {index}");
    }
    fn meet((mine, other): (PathBuf, PathBuf)) {
        touch(mine);
        wait_for(other);
    }
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let path = |name: &str| dir.path().join(name);
    let input = (0..3).map(|index| {
        if index == 2 {
            // Cada trabalhador responde na ordem: se os dois se encontraram depois, os dois já falharam.
            wait_for(path("0"));
            let (a, b) = (path("a"), path("b"));
            let both = [(a.clone(), b.clone()), (b, a)].map(|pair| pool.apply_async(meet, pair));
            both.into_iter().for_each(|result| result.get().unwrap());
        }
        (index, dir.path().to_owned())
    });
    // `map` leria a entrada toda antes; com uma janela, ela é lida aos poucos.
    let error = pool.chunk_size(1).unwrap().window(3).map(fail, input).unwrap_err();
    assert!(matches!(&error, Error::Panicked { message, .. } if message == "falhou 0"), "{error}");
}

fn killed_idle_worker_is_replaced() {
    let pool = new_pool(2).unwrap();
    for _ in 0..5 {
        let old = pool.pids();
        kill(old[0], Signal::KILL);
        eventually("há dois trabalhadores, um deles novo", || {
            let now = pool.pids();
            now.len() == 2 && !now.contains(&old[0]) && now.contains(&old[1])
        });
        assert_eq!(pool.chunk_size(1).unwrap().map(square, 0..100).unwrap().len(), 100);
    }
}

fn killed_busy_worker_fails_only_its_own_task() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let (victim, gate) = (dir.path().join("vítima"), dir.path().join("portão"));
    let lost = pool.apply_async(
        |victim: PathBuf| {
            announce_pid(&victim);
            loop {
                std::hint::spin_loop();
            }
        },
        victim.clone(),
    );
    let other = pool.apply_async(wait_at_gate, gate.clone());
    let queued: Vec<_> = (0..20).map(|x| pool.apply_async(square, x)).collect();
    let pid = announced_pid(&victim);
    kill(pid, Signal::KILL);
    let error: Error = lost.get().map(|(): ()| ()).unwrap_err();
    assert!(
        matches!(error, Error::WorkerDied { pid: dead, status } if dead == pid && status.signal() == Some(9))
    );
    for (x, result) in (0..).zip(queued) {
        assert_eq!(result.get().unwrap(), x * x);
    }
    assert!(!other.is_ready());
    touch(&gate);
    other.get().unwrap();
}

/// Mata o próprio processo assim que a thread principal dormir: com tanto a enviar, ela espera que o pai leia.
fn kill_me_when_writing(size: usize) -> ByteBuf {
    let block = ByteBuf::from(vec![7; size]);
    std::thread::spawn(|| {
        while !main_thread_sleeps() {
            std::hint::spin_loop();
        }
        kill_myself();
    });
    block
}

/// Maior do que cabe na memória dividida: vai pelo soquete.
const BY_SOCKET: usize = 260 << 20;

fn worker_killed_while_writing_a_large_result_does_not_hang() {
    let pool = new_pool(1).unwrap();
    let mut died = 0;
    for _ in 0..5 {
        match pool.apply(kill_me_when_writing, BY_SOCKET) {
            Err(error) => {
                assert_died(&error, "morto por SIGKILL (sinal 9)");
                died += 1;
            }
            // A escrita pode ter acabado antes de a outra thread olhar.
            Ok(block) => assert_eq!(block.len(), BY_SOCKET),
        }
        // Sempre com folga: a thread que sobrou de uma escrita bem-sucedida ainda pode matar este.
        let _ = pool.apply(die, "SIGKILL".to_owned());
        assert_eq!(pool.apply(square, 3).unwrap(), 9);
    }
    assert!(died > 0, "nenhuma morte caiu no meio da escrita");
}

fn tasks_sent_ahead_to_a_dead_worker_are_run() {
    // Um trabalhador e tarefas vazias: há dezenas adiantadas quando ele morre.
    let pool = new_pool(1).unwrap();
    let task = |x: u64| if x % 100 == 50 { kill_myself() } else { x };
    let mut results = 0;
    for (index, result) in pool.imap(task, 0..2000).enumerate() {
        match result {
            Ok(x) => assert_eq!(x, index as u64),
            Err(error) => {
                assert_eq!(index % 100, 50, "a tarefa {index} não matava ninguém: {error}");
                assert_died(&error, "morto por SIGKILL (sinal 9)");
            }
        }
        results += 1;
    }
    assert_eq!(results, 2000);
}

fn no_task_runs_twice() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let log = dir.path().join("registro");
    let task = |(index, log): (u32, PathBuf)| {
        append_line(&log, &index.to_string());
        if index % 50 == 25 {
            kill_myself();
        }
    };
    let dead = pool.imap_unordered(task, (0..500).map(|i| (i, log.clone()))).filter(Result::is_err).count();
    assert_eq!(dead, 10);
    let mut times: HashMap<String, u32> = HashMap::new();
    for line in lines(&log) {
        *times.entry(line).or_default() += 1;
    }
    assert_eq!(times.len(), 500);
    assert!(times.values().all(|&times| times == 1));
}

fn every_worker_killed_at_once_is_replaced() {
    let pool = new_pool(4).unwrap();
    for _ in 0..10 {
        let old = pool.pids();
        old.iter().for_each(|&pid| kill(pid, Signal::KILL));
        // O `map` pode pegar um moribundo e perder um bloco; depois da reposição, não mais.
        eventually("há quatro trabalhadores novos", || {
            let now = pool.pids();
            now.len() == 4 && old.iter().all(|pid| !now.contains(pid))
        });
        assert_eq!(pool.chunk_size(1).unwrap().map(square, 0..100).unwrap().len(), 100);
    }
}

/// Mais mortes de uma vez do que um pool pequeno aguentaria seguidas.
fn forty_workers_killed_at_once_are_replaced() {
    let pool = new_pool(40).unwrap();
    let old = pool.pids();
    old.iter().for_each(|&pid| kill(pid, Signal::KILL));
    eventually("há quarenta trabalhadores novos", || {
        let now = pool.pids();
        now.len() == 40 && old.iter().all(|pid| !now.contains(pid))
    });
    assert_eq!(pool.map(square, 0..1000).unwrap().len(), 1000);
}

fn a_storm_of_kills_costs_only_the_tasks_it_hits() {
    let pool = new_pool(3).unwrap();
    let over = AtomicBool::new(false);
    let mut failed = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random::new(7);
            let mut kills = 0;
            while kills < 60 && !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(5));
                let pids = pool.pids();
                if let Some(&pid) = pids.get(random.below(3)) {
                    // Entre a lista e o sinal o processo pode ter sido recolhido.
                    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).expect("um pid");
                    let _ = rustix::process::kill_process(pid, Signal::KILL);
                    kills += 1;
                }
            }
        });
        let task = |x: u64| {
            std::thread::sleep(Duration::from_micros(200));
            x
        };
        for (index, result) in pool.imap(task, 0..3000).enumerate() {
            match result {
                Ok(x) => assert_eq!(x, index as u64),
                Err(error) => {
                    assert_died(&error, "morto por SIGKILL (sinal 9)");
                    failed += 1;
                }
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(failed <= 60, "{failed} tarefas perdidas em 60 mortes");
    println!("{failed} tarefas perdidas");
    eventually("o pool voltou a ter três", || pool.pids().len() == 3);
    // Uma última morte pode ainda estar a caminho.
    eventually("o pool trabalha", || pool.map(square, 0..100).is_ok());
}

fn a_pool_whose_tasks_all_kill_gives_up() {
    let pool = new_pool(2).unwrap();
    let errors: Vec<Error> =
        pool.imap(|_: u32| -> u32 { kill_myself() }, 0..200).map(Result::unwrap_err).collect();
    let died = errors.iter().take_while(|error| matches!(error, Error::WorkerDied { .. })).count();
    println!("desistiu depois de {died} mortes");
    assert!((2..200).contains(&died));
    for error in &errors[died..] {
        assert!(matches!(error, Error::TooManyDeaths { .. } | Error::WorkerDied { .. }), "{error}");
    }
    // Quem chega depois fica sabendo na hora, e o fim é como o de qualquer pool.
    let error = pool.apply(square, 2).unwrap_err();
    assert!(error.to_string().contains("morto por SIGKILL (sinal 9)"), "{error}");
    assert!(matches!(pool.map(square, 0..9), Err(Error::TooManyDeaths { .. })));
    eventually("a lista de processos diz a verdade", || pool.pids().len() == children().len());
    assert_everyone_sleeps();
    pool.join();
}

/// Um pool que desistiu ainda deixa terminar o que estava em andamento, e não perde ninguém de vista.
fn a_pool_that_gave_up_lets_the_others_finish() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let gate = dir.path().join("portão");
    let slow = pool.apply_async(wait_at_gate, gate.clone());
    for result in pool.imap(|_: u32| -> u32 { kill_myself() }, 0..100) {
        assert!(result.is_err());
    }
    assert!(matches!(pool.apply(square, 2), Err(Error::TooManyDeaths { .. })));
    touch(&gate);
    let survivor = slow.get().unwrap();
    // O último de pé morre: quem pedir depois não pode ficar esperando.
    kill(survivor, Signal::KILL);
    for _ in 0..20 {
        assert!(matches!(pool.apply(square, 2), Err(Error::TooManyDeaths { .. })));
    }
    pool.join();
}

fn a_death_while_closing_does_not_hang() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let victim = dir.path().join("vítima");
    let lost = pool.apply_async(
        |victim: PathBuf| {
            announce_pid(&victim);
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        },
        victim.clone(),
    );
    let others: Vec<_> = (0..50).map(|x| pool.apply_async(square, x)).collect();
    pool.close();
    kill(announced_pid(&victim), Signal::KILL);
    let error: Error = lost.get().map(|(): ()| ()).unwrap_err();
    assert_died(&error, "morto por SIGKILL (sinal 9)");
    pool.join();
    assert!(others.into_iter().all(|result| result.get().is_ok()));
}

fn a_death_is_seen_while_a_grandchild_holds_the_socket() {
    fn leave_a_grandchild(announcement: PathBuf) {
        let mut sleeper = std::process::Command::new("sleep");
        let grandchild = sleeper.arg("60").stdin(own_socket()).spawn().expect("sleep");
        std::fs::write(&announcement, grandchild.id().to_string()).expect("anunciar o neto");
        std::process::exit(3);
    }
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let (first, second) = (dir.path().join("primeiro"), dir.path().join("segundo"));
    assert_died(&pool.apply(leave_a_grandchild, first.clone()).unwrap_err(), "saiu com código 3");
    let process = new_process(leave_a_grandchild, second.clone()).unwrap();
    assert_died(&process.join().unwrap_err(), "saiu com código 3");
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    for grandchild in [first, second] {
        kill(announced_pid(&grandchild), Signal::KILL);
    }
}

fn garbage_from_a_worker_costs_only_that_worker() {
    let pool = new_pool(2).unwrap();
    let write_garbage = |seed: u64| {
        let mut random = Random::new(seed);
        let garbage: Vec<u8> = match seed % 5 {
            // Um tamanho impossível; um quadro que não é resposta; bytes quaisquer; um quadro que não acaba;
            // canais que não vieram.
            0 => [u32::MAX.to_le_bytes(), [0; 4]].concat(),
            1 => vec![3, 0, 0, 0, 0, 0, 0, 0, 250, 250, 250],
            2 => (0..random.below(200)).map(|_| random.below(256) as u8).collect(),
            3 => vec![255, 255, 0, 0, 0, 0, 0, 0, 1, 2, 3],
            _ => vec![1, 0, 0, 0, 2, 0, 0, 0, 0],
        };
        let _ = UnixStream::from(own_socket()).write_all(&garbage);
        std::process::exit(3);
    };
    for seed in 0..60 {
        // O que a tarefa responde é o que o lixo disser, ou a morte; nunca o silêncio.
        let answer: Result<(), Error> = pool.apply(write_garbage, seed);
        if seed % 5 != 2 {
            assert!(answer.is_err(), "semente {seed}");
        }
        assert_eq!(pool.apply(square, 5).unwrap(), 25, "semente {seed}");
    }
}

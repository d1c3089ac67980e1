//! Fluxos de tarefas tão curtas que vão juntas: cada uma ainda responde por si, seja qual for o destino das vizinhas.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use multiprocessamento::Error;
use serde_bytes::ByteBuf;

use crate::support::*;

crate::cases! {
    for pools;
    30 => each_answer_comes_once_and_in_order_around_panics,
    30 => stuck_tasks_hold_only_their_own_answers,
    30 => answers_before_a_slow_stretch_do_not_wait_for_it,
    60 => an_answer_wakes_who_waits_for_it_even_with_its_neighbours_stuck,
    30 => dropping_a_fast_stream_cancels_what_nobody_began,
    30 => a_death_takes_only_what_was_in_hand,
    30 => a_lost_task_comes_back_among_fast_ones,
    30 => a_late_task_loses_only_itself,
    60 => workers_of_few_tasks_serve_a_fast_stream,
    60 => large_answers_come_whole_out_of_a_fast_stream,
    30 => every_item_of_a_closed_pool_has_an_answer,
    30 => what_was_never_sent_is_not_counted,
    30 => every_window_and_every_number_of_workers_answers_all,
    60 => streams_dropped_midway_leave_the_pool_as_it_was,
    120 => kills_in_a_fast_stream_lose_nothing_with_retries,
}

/// O bastante para que os blocos passem a ir juntos, e para que haja vários grupos deles.
const MANY: u64 = 40_000;

fn each_answer_comes_once_and_in_order_around_panics() {
    let pool = new_pool(2).unwrap();
    let task = |x: u64| {
        assert!(x % 4999 != 7, "o item {x}");
        x * x
    };
    let mut seen = 0;
    for (x, result) in (0..).zip(pool.imap(task, 0..MANY)) {
        seen += 1;
        match result {
            Err(Error::Panicked { message, .. }) => {
                assert_eq!((message, x % 4999), (format!("o item {x}"), 7))
            }
            other => assert_eq!((other.unwrap(), x % 4999 != 7), (x * x, true)),
        }
    }
    assert_eq!(seen, MANY);
    assert_eq!(pool.stats().tasks, MANY, "o pânico também é uma resposta");
    let mut all: Vec<u64> = pool.imap_unordered(|x: u64| x, 0..MANY).map(Result::unwrap).collect();
    all.sort_unstable();
    assert_eq!(all, (0..MANY).collect::<Vec<_>>());
}

/// Uma tarefa que espera o portão se `x` é um dos que esperam.
fn wait_if(waits: bool, gate: &str) {
    if waits {
        wait_for(gate);
    }
}

fn stuck_tasks_hold_only_their_own_answers() {
    // Longe umas das outras, para que não vão juntas; e um trabalhador a mais do que elas.
    const STUCK: [u64; 3] = [MANY / 2, MANY / 2 + 3000, MANY / 2 + 7000];
    if by_socket() {
        // Por ali, as que já foram entregues a quem parou esperam com ele.
        return;
    }
    let (pool, dir) = (new_pool(STUCK.len() + 1).unwrap(), folder());
    let gate = dir.path().join("portão").to_str().unwrap().to_owned();
    let task = |(x, gate): (u64, String)| {
        wait_if(STUCK.contains(&x), &gate);
        x
    };
    let mut results = pool.imap_unordered(task, (0..MANY).map(|x| (x, gate.clone())));
    let others = results.by_ref().take(MANY as usize - STUCK.len());
    let mut others: Vec<u64> = others.map(Result::unwrap).collect();
    others.sort_unstable();
    assert!(others.into_iter().eq((0..MANY).filter(|x| !STUCK.contains(x))));
    touch(&gate);
    let mut last: Vec<u64> = results.map(Result::unwrap).collect();
    last.sort_unstable();
    assert_eq!(last, STUCK);
}

/// De certo ponto em diante, nenhuma acaba: as de antes, que foram juntas com elas, chegam assim mesmo.
fn answers_before_a_slow_stretch_do_not_wait_for_it() {
    const SLOW: u64 = MANY / 2 + 13;
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let gate = dir.path().join("portão").to_str().unwrap().to_owned();
    let task = |(x, gate): (u64, String)| {
        wait_if(x >= SLOW, &gate);
        x
    };
    let mut results = pool.imap(task, (0..MANY).map(|x| (x, gate.clone())));
    assert!(results.by_ref().take(SLOW as usize).map(Result::unwrap).eq(0..SLOW));
    touch(&gate);
    assert!(results.map(Result::unwrap).eq(SLOW..MANY));
}

/// De certo ponto em diante, cada uma diz que começou e espera um portão só dela. Quem consome dorme; cada portão que se abre, entre
/// os de quem começou, traz a resposta dele, sem que nenhuma outra acabe.
fn an_answer_wakes_who_waits_for_it_even_with_its_neighbours_stuck() {
    const SLOW: u64 = MANY / 2 + 13;
    const ROUNDS: u64 = 10;
    // Poucas depois dela: sem mais nada na fila, só a resposta acorda quem a espera.
    const ALL: u64 = SLOW + ROUNDS + 2;
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let path = dir.path().to_str().unwrap().to_owned();
    let task = |(x, path): (u64, String)| {
        if x >= SLOW {
            let path = PathBuf::from(path);
            touch(path.join(format!("começou-{x}")));
            wait_if(!path.join("todos").exists(), path.join(format!("portão-{x}")).to_str().unwrap());
        }
        x
    };
    let mut results = pool.imap_unordered(task, (0..ALL).map(|x| (x, path.clone())));
    let mut answers: Vec<u64> = results.by_ref().take(SLOW as usize).map(Result::unwrap).collect();
    answers.sort_unstable();
    assert!(answers.into_iter().eq(0..SLOW));
    let has = |what: &str, x: u64| dir.path().join(format!("{what}-{x}")).exists();
    let open = |x: u64| touch(dir.path().join(format!("portão-{x}")));
    let waiting = || (SLOW..ALL).take_while(|&x| has("começou", x)).filter(|&x| !has("portão", x)).max();
    for _ in 0..ROUNDS {
        std::thread::scope(|scope| {
            let opener = scope.spawn(|| {
                eventually("quem consome dorme, e alguém começou", || {
                    main_thread_sleeps() && waiting().is_some()
                });
                // Ele ainda espera um pouco por tudo o que foi junto; depois é que só um aviso o acorda.
                std::thread::sleep(Duration::from_millis(10));
                let next = waiting().unwrap();
                open(next);
                next
            });
            let answer = results.next().unwrap().unwrap();
            assert_eq!(answer, opener.join().unwrap());
        });
    }
    touch(dir.path().join("todos"));
    (SLOW..ALL).filter(|&x| has("começou", x)).for_each(open);
    assert_eq!(results.map(Result::unwrap).count() as u64, ALL - SLOW - ROUNDS);
}

fn dropping_a_fast_stream_cancels_what_nobody_began() {
    const SLOW: u64 = MANY / 2 + 13;
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let (gate, log) = (dir.path().join("portão"), dir.path().join("registro"));
    let names = (gate.to_str().unwrap().to_owned(), log.to_str().unwrap().to_owned());
    let task = |(x, (gate, log)): (u64, (String, String))| {
        if x >= SLOW {
            append_line(&PathBuf::from(log), "comecei");
            wait_for(gate);
        }
    };
    let mut results = pool.imap(task, (0..MANY).map(|x| (x, names.clone())));
    assert_eq!(results.by_ref().take(SLOW as usize).filter(Result::is_ok).count() as u64, SLOW);
    eventually("os dois esperam", || lines(&log).len() == 2);
    drop(results);
    touch(&gate);
    pool.join();
    if !by_socket() {
        assert_eq!(lines(&log).len(), 2);
    }
}

fn a_death_takes_only_what_was_in_hand() {
    let pool = new_pool(2).unwrap();
    let task = |x: u64| {
        if x % 9001 == 8888 {
            kill_myself();
        }
        x
    };
    for (x, result) in (0..MANY).zip(pool.imap(task, 0..MANY)) {
        let dies = x % 9001 == 8888;
        assert!(dies == matches!(result, Err(Error::WorkerDied { .. })), "{x}: {result:?}");
        assert!(dies || result.is_ok_and(|answer| answer == x));
    }
    let deaths = (0..MANY).filter(|x| x % 9001 == 8888).count() as u64;
    let stats = pool.stats();
    assert_eq!((stats.tasks, stats.restarts, stats.retries), (MANY - deaths, deaths, 0));
}

fn a_lost_task_comes_back_among_fast_ones() {
    let (pool, dir) = (pool_builder().workers(2).retries(1).build().unwrap(), folder());
    let folder = dir.path().to_str().unwrap().to_owned();
    // A primeira tentativa deixa uma marca e mata o processo.
    let task = |(x, folder): (u64, String)| {
        if x % 9001 == 8888 {
            let mark = PathBuf::from(folder).join(x.to_string());
            if !mark.exists() {
                touch(&mark);
                kill_myself();
            }
        }
        x
    };
    let results = pool.imap(task, (0..MANY).map(|x| (x, folder.clone())));
    assert!(results.map(Result::unwrap).eq(0..MANY));
    let stats = pool.stats();
    assert_eq!((stats.retries, stats.restarts), (4, 4));
}

fn a_late_task_loses_only_itself() {
    const LATE: u64 = MANY / 2;
    let pool = pool_builder().workers(2).task_timeout(Duration::from_millis(500)).build().unwrap();
    let task = |x: u64| {
        if x == LATE {
            loop {
                std::thread::park();
            }
        }
        x
    };
    for (x, result) in (0..MANY).zip(pool.imap(task, 0..MANY)) {
        assert!((x == LATE) == matches!(result, Err(Error::TaskTimedOut { .. })), "{x}: {result:?}");
    }
}

fn workers_of_few_tasks_serve_a_fast_stream() {
    let pool = pool_builder().workers(2).max_tasks_per_child(3000).build().unwrap();
    assert!(pool.imap(square, 0..MANY).map(Result::unwrap).eq((0..MANY).map(square)));
    assert_eq!(pool.stats().restarts, 0, "fazer a sua parte não é morrer");
}

/// As respostas de um grupo não cabem todas no lugar delas.
fn large_answers_come_whole_out_of_a_fast_stream() {
    let pool = new_pool(2).unwrap();
    // Quase todas mínimas, para que vão juntas; e, entre elas, de todos os tamanhos.
    let len = |x: u64| if x.is_multiple_of(50) { (x as usize * 7) % (700 << 10) } else { 3 };
    let task = move |(x, len): (u64, usize)| ByteBuf::from(vec![x as u8; len]);
    for (x, answer) in (0..).zip(pool.imap(task, (0..MANY / 2).map(|x| (x, len(x))))) {
        let answer = answer.unwrap();
        assert_eq!(answer.len(), len(x));
        assert!(answer.iter().all(|&byte| byte == x as u8));
    }
}

fn every_item_of_a_closed_pool_has_an_answer() {
    let task = |x: u64| {
        assert!(x % 1000 != 7, "o item {x}");
        if x == MANY / 2 + 500 {
            kill_myself();
        }
        x * x
    };
    for end in [multiprocessamento::Pool::close, multiprocessamento::Pool::terminate] {
        let pool = new_pool(2).unwrap();
        let mut results = pool.imap(task, 0..MANY);
        assert_eq!(
            results.by_ref().take(MANY as usize / 2).filter(Result::is_err).count() as u64,
            MANY / 2000
        );
        end(&pool);
        let mut left = 0;
        for (x, result) in (MANY / 2..).zip(results) {
            left += 1;
            let fits = match result {
                Ok(answer) => answer == x * x,
                Err(Error::Panicked { .. }) => x % 1000 == 7,
                // Uma morte é só de quem a teve.
                Err(Error::WorkerDied { .. }) => x == MANY / 2 + 500,
                Err(Error::Closed | Error::Terminated) => true,
                Err(_) => false,
            };
            assert!(fits, "o item {x}");
        }
        assert_eq!(left, MANY / 2);
    }
}

/// Não vira bytes: nunca chega a ser mandado.
#[derive(serde::Deserialize)]
struct Refuses;

impl serde::Serialize for Refuses {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("de propósito"))
    }
}

fn what_was_never_sent_is_not_counted() {
    let pool = new_pool(2).unwrap();
    let results = pool.imap(|_: Refuses| (), (0..5).map(|_| Refuses));
    assert_eq!(results.filter(|result| matches!(result, Err(Error::Encode(_)))).count(), 5);
    assert_eq!(pool.stats().tasks, 0);
}

/// Muito mais fluxos do que cabem juntos, largados no meio; e os do fim vão como os do começo.
fn streams_dropped_midway_leave_the_pool_as_it_was() {
    let pool = new_pool(2).unwrap();
    for round in 0..60 {
        let mut first = pool.imap(square, 0..);
        let mut second = pool.imap_unordered(square, 0..);
        assert!(first.by_ref().take(3000 + round).all(|result| result.is_ok()));
        assert!(second.by_ref().take(3000 - round).all(|result| result.is_ok()));
    }
    assert!(pool.imap(square, 0..MANY).map(Result::unwrap).eq((0..MANY).map(square)));
    assert_eq!(pool.map(square, 0..1000).unwrap().len(), 1000);
}

fn kills_in_a_fast_stream_lose_nothing_with_retries() {
    const TASKS: u64 = 300_000;
    const KILLS: u64 = 60;
    // Um bloco pode levar vários tiros seguidos, mas não tantos.
    let pool = pool_builder().workers(3).retries(20).build().unwrap();
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let is_time = |shot| done.load(Ordering::Relaxed) >= shot * TASKS / (KILLS + 20);
            let shot = shoot_workers(&pool, 0xfa57, KILLS, is_time, || over.load(Ordering::Relaxed));
            assert_eq!(shot, KILLS, "a tempestade acabou antes da hora");
        });
        for (x, result) in (0..TASKS).zip(pool.imap(square, 0..TASKS)) {
            assert_eq!(result.unwrap(), square(x));
            done.fetch_add(1, Ordering::Relaxed);
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(done.load(Ordering::Relaxed), TASKS, "nenhuma a menos");
    println!("{:?}", pool.stats());
}

/// Janelas em que um maço não vale a pena, ou não cabe.
fn every_window_and_every_number_of_workers_answers_all() {
    for workers in [1, 3] {
        let pool = new_pool(workers).unwrap();
        for window in [1, 2, 7, 100, 5000] {
            let chunked = pool.chunk_size(3).unwrap().window(window);
            assert!(chunked.imap(square, 0..6000).map(Result::unwrap).eq((0..6000).map(square)));
        }
    }
}

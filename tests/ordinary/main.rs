//! Testes comuns, como os de quem usa a biblioteca: `#[test]`, com o arcabouço do Rust e nada mais.
//!
//! Os outros testes daqui têm um `main` próprio. Estes não: o filho é o executável dos testes, e não pode rodá-los outra vez.

use std::collections::HashSet;
use std::io::Write;
use std::process::Command;

use multiprocessamento::{Manager, Pool, Process, StartMethod, ThreadPool, Transport, init};

fn square(x: u64) -> u64 {
    x * x
}

/// Anota que este teste rodou, e em que processo, se alguém quer saber.
fn sign_in(test: &str) {
    let Some(path) = std::env::var_os(REGISTER) else { return };
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("o registro");
    let line = format!("{} {test}\n", std::process::id());
    file.write_all(line.as_bytes()).expect("anotar");
}

const REGISTER: &str = "CADERNO_REGISTRO";

#[test]
fn a_pool_works_in_a_test() {
    init();
    sign_in("pool");
    for transport in [Transport::SharedMemory, Transport::Socket] {
        let pool = Pool::builder().workers(2).transport(transport).build().expect("um pool");
        assert_eq!(pool.map(square, 0..100).expect("os quadrados"), (0..100).map(square).collect::<Vec<_>>());
    }
}

#[test]
fn another_pool_works_beside_it() {
    init();
    sign_in("outro pool");
    let pool = Pool::builder().workers(2).start_method(StartMethod::ForkServer).build().expect("um pool");
    assert_eq!(pool.apply(square, 12).expect("um quadrado"), 144);
}

#[test]
fn a_process_and_its_own_children_work() {
    init();
    sign_in("processo");
    let sum = |count: u64| -> u64 {
        let pool = Pool::new(2).expect("um pool dentro do filho");
        pool.map(square, 0..count).expect("os quadrados").iter().sum()
    };
    assert_eq!(Process::start(sum, 4).and_then(Process::join).expect("a soma"), 14);
}

#[test]
fn a_task_finds_the_world_as_main_would_leave_it() {
    init();
    sign_in("mundo");
    // Escrever num pipe sem leitor é um erro: sem o que a biblioteca padrão faz antes de `main`, seria a morte.
    let write = |(): ()| {
        let (reader, mut writer) = std::io::pipe().expect("um pipe");
        drop(reader);
        writer.write_all(b"x").map_err(|error| error.kind().to_string())
    };
    let refused = Process::start(write, ()).and_then(Process::join).expect("uma resposta");
    assert_eq!(refused.expect_err("um pipe fechado"), std::io::ErrorKind::BrokenPipe.to_string());
    let arguments = |(): ()| std::env::args().count();
    assert_eq!(Process::start(arguments, ()).and_then(Process::join).expect("os argumentos"), 1);
}

#[test]
fn a_manager_and_threads_work() {
    init();
    sign_in("manager");
    let manager = Manager::start().expect("um manager");
    let counter = manager.counter().expect("um contador");
    let pool = ThreadPool::new(2).expect("um pool de threads");
    pool.map(square, 0..10).expect("os quadrados");
    counter.add(2).expect("somar");
    assert_eq!(counter.get().expect("o total"), 2);
}

/// Um futuro, no executor de quem o espera.
#[tokio::test]
async fn a_result_is_a_future_in_tokio() {
    init();
    sign_in("tokio");
    for transport in [Transport::SharedMemory, Transport::Socket] {
        let pool = Pool::builder().workers(2).transport(transport).build().expect("um pool");
        let (first, second) = tokio::join!(pool.apply_async(square, 3), pool.apply_async(square, 4));
        assert_eq!((first.expect("9"), second.expect("16")), (9, 16));
        let many: Vec<_> = (0..200).map(|x| tokio::spawn(pool.apply_async(square, x))).collect();
        for (x, answer) in (0..).zip(many) {
            assert_eq!(answer.await.expect("a tarefa").expect("o quadrado"), square(x));
        }
    }
}

/// O que se teme de um teste que roda também nos filhos.
#[test]
fn a_test_that_erases_the_database() {
    sign_in("apaga");
}

#[test]
fn no_test_runs_in_a_child() {
    if std::env::var_os(REGISTER).is_some() {
        return;
    }
    for threads in ["1", "4"] {
        let dir = tempfile::tempdir().expect("uma pasta");
        let path = dir.path().join("registro");
        let status = Command::new(std::env::current_exe().expect("este executável"))
            .args(["--test-threads", threads])
            .env(REGISTER, &path)
            .output()
            .expect("os testes");
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
        let register = std::fs::read_to_string(&path).expect("o registro");
        let signed: Vec<(&str, &str)> = register.lines().filter_map(|line| line.split_once(' ')).collect();
        let processes: HashSet<&str> = signed.iter().map(|(process, _)| *process).collect();
        let tests: HashSet<&str> = signed.iter().map(|(_, test)| *test).collect();
        assert_eq!((processes.len(), tests.len(), signed.len()), (1, 7, 7), "{register}");
    }
}

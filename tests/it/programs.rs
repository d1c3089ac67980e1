//! Os programas de apoio dos testes da biblioteca.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use multiprocessamento::{Error, Process, ThreadPool, init};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::helper::{Program, is_child};
pub(crate) use crate::helper::{command, command_at, run, run_inheriting};
use crate::support::*;

/// Um arquivo que o programa pode usar.
pub(crate) const FILE: &str = "CADERNO_ARQUIVO";

pub(crate) const PROGRAMS: &[Program] = &[
    ("tarefas-que-imprimem", tasks_that_print),
    ("pânicos-calados", quiet_panics),
    ("esqueceu-init", forgot_init),
    ("filhos-sem-init", children_without_init),
    ("filhos-trocam-a-entrada", children_replace_stdin),
    ("filhos-saem-com-0", children_exit_0),
    ("filhos-saem-com-7", children_exit_7),
    ("filhos-são-mortos", children_are_killed),
    ("filhos-nunca-chegam", children_never_arrive),
    ("principal", plain_program),
    ("executável-apagado", deleted_executable),
    ("como-se-deve", well_behaved),
    ("ocioso", idle_tree),
    ("ocupado", busy_tree),
    ("aninhado", nested_tree),
    ("poucos-processos", few_processes),
    ("surdos", crate::tampering::deaf_tree),
    ("um-processo", crate::tampering::one_process),
    ("segura-pânicos", crate::panics::catching),
    ("imprime-e-se-copia", crate::start_methods::print_and_fork),
    ("usa-o-forkserver", crate::start_methods::use_the_forkserver),
];

/// Anota que mais um processo chegou ao `main`: é assim que se conta uma multiplicação.
fn sign_in() {
    append_line(&file(), &std::process::id().to_string());
}

fn file() -> PathBuf {
    std::env::var_os(FILE).expect("o arquivo do programa").into()
}

/// Tenta criar um pool e um processo, e mostra o que aconteceu, uma linha cada.
fn show_attempts() -> Result<(), Error> {
    match new_pool(2) {
        Ok(pool) => println!("pool: {:?}", pool.map(square, 0..3)),
        Err(error) => println!("pool: {error}"),
    }
    match new_process(square, 3).and_then(Process::join) {
        Ok(value) => println!("processo: {value}"),
        Err(error) => println!("processo: {error}"),
    }
    Ok(())
}

pub(crate) fn talk(name: String) -> String {
    let mut read = String::new();
    std::io::stdin().read_line(&mut read).expect("ler a entrada padrão");
    println!("{name} na saída padrão");
    // De uma vez só: a saída de erros não junta os pedaços, e os de dois processos se misturariam.
    let line = format!("{name} na saída de erros\n");
    std::io::stderr().write_all(line.as_bytes()).expect("escrever");
    read
}

fn tasks_that_print() -> Result<(), Error> {
    init();
    let pool = new_pool(2)?;
    pool.map(talk, ["um".to_owned(), "dois".to_owned()])?;
    new_process(talk, "três".to_owned())?.join()?;
    pool.join();
    Ok(())
}

fn quiet_panics() -> Result<(), Error> {
    init();
    let panic = |(): ()| panic!("ninguém deve ler isto no terminal");
    let (pool, threads) = (new_pool(2)?, ThreadPool::new(2)?);
    for _ in 0..5 {
        let outcomes = [pool.apply(panic, ()), threads.apply(panic, ()), new_process(panic, ())?.join()];
        assert!(
            outcomes.iter().all(|outcome: &Result<(), _>| matches!(outcome, Err(Error::Panicked { .. })))
        );
    }
    Ok(())
}

fn forgot_init() -> Result<(), Error> {
    show_attempts()
}

fn children_without_init() -> Result<(), Error> {
    sign_in();
    if !is_child() {
        init();
    }
    show_attempts()
}

fn children_replace_stdin() -> Result<(), Error> {
    sign_in();
    if is_child() {
        let null = fs::File::open("/dev/null").expect("/dev/null");
        rustix::stdio::dup2_stdin(null).expect("trocar a entrada padrão");
    }
    init();
    show_attempts()
}

fn children_exit_0() -> Result<(), Error> {
    if is_child() {
        return Ok(());
    }
    init();
    show_attempts()
}

fn children_exit_7() -> Result<(), Error> {
    if is_child() {
        std::process::exit(7);
    }
    init();
    show_attempts()
}

fn children_are_killed() -> Result<(), Error> {
    if is_child() {
        kill_myself();
    }
    init();
    show_attempts()
}

fn children_never_arrive() -> Result<(), Error> {
    if is_child() {
        std::thread::sleep(Duration::from_secs(3600));
    }
    init();
    show_attempts()
}

/// Um programa qualquer, que por acaso usa a biblioteca e foi executado por uma tarefa.
fn plain_program() -> Result<(), Error> {
    init();
    println!("sou o programa principal: {}", new_pool(1)?.apply(square, 4)?);
    Ok(())
}

fn deleted_executable() -> Result<(), Error> {
    init();
    if let Ok(path) = std::env::current_exe() {
        fs::remove_file(path).map_err(|error| Error::Encode(error.to_string()))?;
    }
    show_attempts()
}

fn well_behaved() -> Result<(), Error> {
    init();
    show_attempts()
}

fn idle_tree() -> Result<(), Error> {
    init();
    let pool = new_pool(3)?;
    pool.map(square, 0..100)?;
    print_tree_and_wait(pool.pids().into_iter().chain(forkserver()))
}

/// Doze segundos de conta, sem uma chamada ao sistema no meio.
fn twelve_seconds(announcement: PathBuf) {
    announce_pid(&announcement);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(12) {
        std::hint::black_box((0..100_000).map(square).fold(0, u64::wrapping_add));
    }
}

fn busy_tree() -> Result<(), Error> {
    init();
    let dir = folder();
    let paths: Vec<PathBuf> = (0..3).map(|i| dir.path().join(i.to_string())).collect();
    let pool = new_pool(2)?;
    let _results = [0, 1].map(|i: usize| pool.apply_async(twelve_seconds, paths[i].clone()));
    let _process = new_process(twelve_seconds, paths[2].clone())?;
    let pids: Vec<u32> = paths.iter().map(|path| announced_pid(path)).collect();
    // A pasta não pode depender do fim deste programa, que será morto.
    drop(dir);
    print_tree_and_wait(pids.into_iter().chain(forkserver()))
}

fn nested_tree() -> Result<(), Error> {
    fn keep_a_pool(folder: PathBuf) {
        let pool = new_pool(2).expect("um pool dentro do trabalhador");
        let _results = ["a", "b"].map(|name| pool.apply_async(twelve_seconds, folder.join(name)));
        announced_pid(&folder.join("a"));
        announced_pid(&folder.join("b"));
        twelve_seconds(folder.join("c"));
    }
    init();
    let dir = folder();
    let pool = new_pool(1)?;
    let _result = pool.apply_async(keep_a_pool, dir.path().to_owned());
    let pids: Vec<u32> = ["a", "b", "c"].iter().map(|name| announced_pid(&dir.path().join(name))).collect();
    drop(dir);
    print_tree_and_wait(pids.into_iter().chain(forkserver()))
}

/// Tenta criar pools sob um limite de processos cada vez maior; de nenhum pode sobrar um filho.
fn few_processes() -> Result<(), Error> {
    init();
    let Rlimit { maximum, .. } = getrlimit(Resource::Nproc);
    for limit in 1..=8 {
        setrlimit(Resource::Nproc, Rlimit { current: Some(limit), maximum }).expect("baixar o limite");
        match new_pool(4) {
            Ok(pool) => println!("{limit}: {:?}", pool.map(square, 0..3)),
            Err(error) => println!("{limit}: {error:?}"),
        }
        println!("{limit}: sobraram {}", children().len());
        std::io::stdout().flush().expect("escrever");
    }
    Ok(())
}

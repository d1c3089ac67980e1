//! Programas que usam a biblioteca do jeito errado: cada um termina com um erro claro, sem travar e sem
//! se multiplicar.

use std::path::PathBuf;
use std::process::Output;

use multiprocessamento::{Error, Pool, Process, init};

use crate::harness;
use crate::programs;
use crate::support::*;

crate::cases! {
    30 => a_program_without_init_gets_an_error_and_no_child,
    30 => children_that_skip_init_end_with_one_line_each,
    30 => children_whose_stdin_was_replaced_do_not_multiply,
    30 => children_that_end_before_init_are_an_error,
    120 => a_child_that_never_reaches_init_is_an_error_in_thirty_seconds,
    30 => a_program_run_by_a_task_is_not_a_child,
    30 => init_may_be_called_again,
    30 => a_deleted_executable_still_starts_children,
    30 => a_parent_that_ignores_the_death_of_children_still_gets_results,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("texto")
}

/// As duas linhas que um programa mostra: a do pool e a do processo.
fn attempts(output: &Output) -> [String; 2] {
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    lines.try_into().expect("duas linhas")
}

const CALL_INIT: &str =
    "chame multiprocessamento::init() na primeira linha de main (ou do #[test]), antes de criar processos";

fn a_program_without_init_gets_an_error_and_no_child() {
    let output = programs::run("esqueceu-init");
    assert_eq!(attempts(&output), [format!("pool: {CALL_INIT}"), format!("processo: {CALL_INIT}")]);
    assert_eq!(text(&output.stderr), "");
}

/// Quantos processos chegaram ao `main` do programa, e o que ele escreveu.
///
/// Os que podem chegar são o programa, dois trabalhadores e um processo; o primeiro trabalhador a falhar
/// faz o pool matar o segundo, que então talvez não chegue. Multiplicando-se, seriam sem conta.
fn count_mains(name: &str) -> (usize, Output) {
    let dir = folder();
    let register = dir.path().join("registro");
    let output = programs::command(name).env(programs::FILE, &register).output().unwrap();
    (lines(&register).len(), output)
}

fn children_that_skip_init_end_with_one_line_each() {
    let (mains, output) = count_mains("filhos-sem-init");
    assert!((3..=4).contains(&mains), "{mains} chegaram ao main");
    for attempt in attempts(&output) {
        assert!(attempt.contains("não se apresentou: saiu com código 2"), "{attempt}");
    }
    let errors = text(&output.stderr);
    assert!(errors.lines().count() < mains, "{errors}");
    for line in errors.lines() {
        assert_eq!(line, format!("erro: um processo filho chegou ao meio do programa: {CALL_INIT}"));
    }
}

fn children_whose_stdin_was_replaced_do_not_multiply() {
    let (mains, output) = count_mains("filhos-trocam-a-entrada");
    assert!((3..=4).contains(&mains), "{mains} chegaram ao main");
    for attempt in attempts(&output) {
        assert!(attempt.contains("não se apresentou: saiu com código 2"), "{attempt}");
    }
    for line in text(&output.stderr).lines() {
        assert!(line.contains("a entrada padrão dele foi trocada antes"), "{line}");
    }
}

fn children_that_end_before_init_are_an_error() {
    let [pool, process] = attempts(&programs::run("filhos-saem-com-0"));
    assert!(pool.contains("não se apresentou: saiu com código 0 antes de chegar a init()"), "{pool}");
    assert!(process.contains("não se apresentou: saiu com código 0 sem passar por init()"), "{process}");
    let [pool, process] = attempts(&programs::run("filhos-saem-com-7"));
    assert!(pool.contains("não se apresentou: saiu com código 7 antes de chegar a init()"), "{pool}");
    assert!(process.contains("não se apresentou: saiu com código 7 sem passar por init()"), "{process}");
    let [pool, process] = attempts(&programs::run("filhos-são-mortos"));
    assert!(pool.contains("não se apresentou: morto por SIGKILL"), "{pool}");
    assert!(process.contains("morto por SIGKILL"), "{process}");
}

fn a_child_that_never_reaches_init_is_an_error_in_thirty_seconds() {
    if std::env::var_os("CADERNO_DEMORADOS").is_none() {
        harness::skip("leva um minuto; para rodar, CADERNO_DEMORADOS=1");
    }
    let [pool, process] = attempts(&programs::run("filhos-nunca-chegam"));
    assert!(pool.contains("não chegou a init() em 30 s"), "{pool}");
    assert!(process.contains("não passou por init() em 30 s"), "{process}");
}

fn a_program_run_by_a_task_is_not_a_child() {
    fn run_program((): ()) -> (String, String) {
        let output = programs::run_inheriting("principal");
        (text(&output.stdout), text(&output.stderr))
    }
    let expected = ("sou o programa principal: 16\n".to_owned(), String::new());
    assert_eq!(Pool::new(1).unwrap().apply(run_program, ()).unwrap(), expected);
    assert_eq!(Process::start(run_program, ()).unwrap().join().unwrap(), expected);
}

fn init_may_be_called_again() {
    init();
    let pool = Pool::new(1).unwrap();
    let again = |x: u64| {
        init();
        Process::start(square, x).unwrap().join().unwrap()
    };
    assert_eq!(pool.apply(again, 5).unwrap(), 25);
}

fn a_deleted_executable_still_starts_children() {
    let dir = folder();
    let copy: PathBuf = dir.path().join("programa");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let output = programs::command_at(&copy, "executável-apagado").output().unwrap();
    assert!(!copy.exists());
    assert_eq!(attempts(&output), ["pool: Ok([0, 1, 4])", "processo: 9"]);
    // E o erro de sempre continua sendo o de sempre.
    assert!(matches!(Pool::new(0), Err(Error::InvalidArgument { .. })));
}

/// Quem nasce ignorando SIGCHLD não tem filhos a recolher: o sistema os recolhe sozinho.
fn a_parent_that_ignores_the_death_of_children_still_gets_results() {
    if !env_accepts("--ignore-signal=CHLD") {
        harness::skip("o `env` desta máquina não sabe ignorar sinais");
    }
    let mut command = programs::command_at("env".as_ref(), "como-se-deve");
    let output = command.arg("--ignore-signal=CHLD").arg(std::env::current_exe().unwrap()).output().unwrap();
    assert_eq!(attempts(&output), ["pool: Ok([0, 1, 4])", "processo: 9"]);
}

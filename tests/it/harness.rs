//! Cada teste roda num processo só dele, com um limite de tempo, e no fim não pode ter deixado nada:
//! nem filho, nem zumbi, nem neto, nem descritor; e a suíte toda, nada em /dev/shm.
//!
//! Assim um teste que trava é uma falha em segundos, e um que vaza não culpa o vizinho.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use rustix::process::{Pid, Signal, getpgrp, getpid, kill_process_group};

use multiprocessamento::{Process, StartMethod};

use crate::support::{
    SOCKET, START_METHOD, children, env_accepts, eventually, forkserver, new_process, others_in_my_group,
    start_method,
};

/// Um teste: o nome, o que roda, até quando, e com os processos nascendo de que maneiras.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
    pub(crate) limit: Duration,
    pub(crate) start_methods: &'static [&'static str],
}

/// Os pools que há: as maneiras de nascer que um pool aceita, com a memória compartilhada, e o soquete.
pub(crate) const POOLS: &[&str] = &["spawn", "forkserver", SOCKET];
pub(crate) const PROCESSES: &[&str] = &["spawn", "fork", "forkserver"];
pub(crate) const DEFAULT: &[&str] = &["spawn"];

/// Declara os testes de um módulo: `cases! { limite_em_segundos => funcao, … }`.
///
/// O limite existe para que uma trava vire uma falha; é largo, porque a máquina pode estar ocupada. Com `for
/// pools;` ou `for processes;` na frente, cada teste roda uma vez para cada maneira de nascer.
#[macro_export]
macro_rules! cases {
    (for pools; $($cases:tt)*) => { $crate::cases!(@ $crate::harness::POOLS; $($cases)*); };
    (for processes; $($cases:tt)*) => { $crate::cases!(@ $crate::harness::PROCESSES; $($cases)*); };
    ($limit:expr => $($cases:tt)*) => { $crate::cases!(@ $crate::harness::DEFAULT; $limit => $($cases)*); };
    (@ $start_methods:expr; $($limit:expr => $test:ident),* $(,)?) => {
        pub(crate) fn cases() -> Vec<$crate::harness::Case> {
            vec![$($crate::harness::Case {
                name: concat!(module_path!(), "::", stringify!($test)),
                run: $test,
                limit: std::time::Duration::from_secs($limit),
                start_methods: $start_methods,
            }),*]
        }
    };
}

/// O processo de um teste o reconhece por aqui.
pub(crate) const ONLY: &str = "CADERNO_TESTE";

const SKIPPED: i32 = 77;
const SKIP_MARK: &str = "pulado: ";

/// Termina o teste sem passar nem falhar: nesta máquina ele não é possível.
pub(crate) fn skip(reason: &str) -> ! {
    println!("{SKIP_MARK}{reason}");
    std::process::exit(SKIPPED)
}

/// Roda os testes, `per_core` por núcleo ao mesmo tempo, ou, no processo de um deles, só esse.
pub(crate) fn main<const MODULES: usize>(per_core: usize, modules: [Vec<Case>; MODULES]) -> ExitCode {
    let cases: Vec<Case> = modules.into_iter().flatten().collect();
    if let Ok(name) = std::env::var(ONLY) {
        let case = cases.iter().find(|case| case.name == name).expect("teste conhecido");
        if start_method() == StartMethod::ForkServer {
            // Ele nasce uma vez e fica: não é um resto deste teste.
            new_process(|(): ()| (), ()).and_then(Process::join).expect("o forkserver");
        }
        let (before, had_forkserver) = (open_descriptors(), forkserver().is_some());
        (case.run)();
        assert_nothing_left(&before, had_forkserver);
        return ExitCode::SUCCESS;
    }
    let before = shared_memory();
    let mut trials = Vec::new();
    for case in cases {
        for start_method in case.start_methods {
            let name = case.name.split_once("::").map_or(case.name, |(_, name)| name);
            let name =
                if case.start_methods == DEFAULT { name.into() } else { format!("{name}[{start_method}]") };
            let (run, limit) = (case.name, case.limit);
            trials.push(Trial::ignorable_test(name, move || run_alone(run, limit, start_method)));
        }
    }
    let mut arguments = Arguments::from_args();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(per_core * cores);
    let conclusion = libtest_mimic::run(&arguments, trials);
    let left: Vec<_> = shared_memory().difference(&before).cloned().collect();
    if !left.is_empty() {
        eprintln!("sobrou em /dev/shm: {left:?}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn run_alone(name: &str, limit: Duration, start_method: &str) -> Result<Completion, Failed> {
    let (mut output, writer) = std::io::pipe()?;
    let mut child = this_program()?
        .env(ONLY, name)
        .env(START_METHOD, start_method)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .spawn()?;
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        output.read_to_end(&mut text).map(|_| String::from_utf8_lossy(&text).into_owned())
    });
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if Instant::now() > deadline {
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // O que o teste tiver deixado no seu grupo morre aqui, passe ele ou não.
    if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    child.wait()?;
    let text = reader.join().map_err(|_| "a leitura da saída falhou")??;
    match status {
        Some(status) if status.success() => Ok(Completion::Completed),
        Some(status) if status.code() == Some(SKIPPED) => {
            let reason = text.lines().find_map(|line| line.strip_prefix(SKIP_MARK)).unwrap_or(&text);
            Ok(Completion::ignored_with(reason))
        }
        Some(status) => Err(format!("{status}\n{text}").into()),
        None => Err(format!("passou de {limit:?}\n{text}").into()),
    }
}

/// O comando que executa este programa de novo.
///
/// Quem roda a suíte em segundo plano (`cargo test &`) a faz nascer ignorando o SIGINT, o que passaria a
/// cada processo dela; o `env` desfaz isso, e dá lugar ao programa sem mudar de pid.
fn this_program() -> std::io::Result<Command> {
    const RESTORE: &str = "--default-signal=INT";
    static CAN_RESTORE: LazyLock<bool> = LazyLock::new(|| env_accepts(RESTORE));
    let program = std::env::current_exe()?;
    if !*CAN_RESTORE {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("env");
    command.arg(RESTORE).arg(program);
    Ok(command)
}

/// Os descritores abertos deste processo.
fn open_descriptors() -> BTreeSet<String> {
    let listed = fs::read_dir("/proc/self/fd").expect("/proc").flatten();
    // O descritor da própria listagem já fechou quando se pergunta para onde ele aponta.
    listed
        .filter_map(|entry| {
            let target = fs::read_link(entry.path()).ok()?;
            Some(format!("{} -> {}", entry.file_name().display(), target.display()))
        })
        .filter(|fd| !fd.contains("/proc/"))
        .collect()
}

/// O que há em /dev/shm, menos os arquivos ocultos: esses são de outros programas (navegadores).
fn shared_memory() -> BTreeSet<String> {
    let listed = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    listed
        .map(|entry| entry.file_name().display().to_string())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

fn assert_nothing_left(before: &BTreeSet<String>, had_forkserver: bool) {
    let started_forkserver = forkserver().is_some() && !had_forkserver;
    assert_eq!(children(), Vec::<u32>::new(), "sobraram filhos");
    let after = open_descriptors();
    let extra: Vec<_> = after.difference(before).collect();
    // Um forkserver que começou no meio do teste fica com este processo: o soquete e o pidfd dele.
    let expected = if started_forkserver { 2 } else { 0 };
    assert_eq!(extra.len(), expected, "sobraram descritores: {extra:?}");
    // Os filhos dos filhos não são recolhidos por este processo: têm um instante. Quem roda um teste à mão,
    // pela variável, divide o grupo com outros programas.
    if getpgrp() == getpid() {
        eventually("os netos se foram", || others_in_my_group().is_empty());
    }
}

//! Cada teste roda num processo só dele, com um limite de tempo, e no fim não pode ter deixado nada:
//! nem filho, nem zumbi, nem descritor.
//!
//! Assim um teste que trava é uma falha em segundos, e um que vaza não culpa o vizinho.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use rustix::process::{Pid, Signal, kill_process_group};

/// Um teste: o nome, o que roda e até quando.
pub struct Case {
    pub name: &'static str,
    pub run: fn(),
    pub limit: Duration,
}

/// Declara os testes de um módulo: `cases! { limite_em_segundos => funcao, … }`.
#[macro_export]
macro_rules! cases {
    ($($limit:expr => $test:ident),* $(,)?) => {
        pub fn cases() -> Vec<$crate::harness::Case> {
            vec![$($crate::harness::Case {
                name: concat!(module_path!(), "::", stringify!($test)),
                run: $test,
                limit: std::time::Duration::from_secs($limit),
            }),*]
        }
    };
}

const ONLY: &str = "CADERNO_TESTE";

/// Roda os testes, ou, no processo de um deles, só esse.
pub fn main(cases: Vec<Case>) {
    if let Ok(name) = std::env::var(ONLY) {
        let case = cases.iter().find(|case| case.name == name).expect("teste conhecido");
        let before = open_descriptors();
        (case.run)();
        assert_nothing_left(&before);
        return;
    }
    let trials = cases.into_iter().map(|case| {
        let name = case.name.strip_prefix("it::").unwrap_or(case.name);
        Trial::test(name, move || run_alone(&case))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn run_alone(case: &Case) -> Result<(), Failed> {
    let (mut output, writer) = std::io::pipe()?;
    let mut child = Command::new(std::env::current_exe()?)
        .env(ONLY, case.name)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .spawn()?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    });
    let deadline = Instant::now() + case.limit;
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
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("{status}\n{text}").into()),
        None => Err(format!("passou de {:?}\n{text}", case.limit).into()),
    }
}

/// Os filhos deste processo, vivos ou zumbis.
pub fn children() -> Vec<u32> {
    let mut pids = Vec::new();
    for task in fs::read_dir("/proc/self/task").expect("/proc").flatten() {
        let list = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        pids.extend(list.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    pids
}

/// Os descritores abertos deste processo.
pub fn open_descriptors() -> BTreeSet<String> {
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

fn assert_nothing_left(before: &BTreeSet<String>) {
    assert_eq!(children(), Vec::<u32>::new(), "sobraram filhos");
    let after = open_descriptors();
    let extra: Vec<_> = after.difference(before).collect();
    assert!(extra.is_empty(), "sobraram descritores: {extra:?}");
}

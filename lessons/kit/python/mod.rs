//! Um Python da máquina: achar um, rodar um programa nele e ler o que ele escreve.

pub mod twin;

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use multiprocessamento::ExitStatus;
use registro::system;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde::de::DeserializeOwned;

/// Onde se procura um Python quando o leitor não diz qual: o comum e os que foram feitos sem o GIL.
const USUAL: [&str; 3] = ["python3", "python3.14t", "python3.13t"];

/// A resposta a [`WHO_ARE_YOU`] vem em milissegundos; um programa que não responde não é um Python.
const ASKING: Duration = Duration::from_secs(10);

/// O programa já terminou; o que ele disse na saída de erros chega num instante.
const FAREWELL: Duration = Duration::from_millis(500);

/// Antes da 3.13 não havia Python sem GIL, e por isso nem o que perguntar.
const WHO_ARE_YOU: &str = "import sys; print('%d.%d.%d' % sys.version_info[:3], \
                           getattr(sys, '_is_gil_enabled', lambda: True)())";

/// Um interpretador Python que existe e respondeu.
#[derive(Clone, Debug, PartialEq)]
pub struct Python {
    pub(super) program: PathBuf,
    /// A versão, como `3.13.2`.
    pub version: String,
    /// Se este interpretador tem o GIL ligado.
    pub has_gil: bool,
}

impl Python {
    /// Pergunta a `program`, um caminho ou um nome do `PATH`, quem ele é.
    ///
    /// # Erros
    ///
    /// Uma linha que diz por que ele não serve.
    pub fn ask(program: &Path) -> Result<Python, String> {
        let mut answer = String::new();
        let mut command = Command::new(program);
        command.args(["-c", WHO_ARE_YOU]);
        let shown = program.display();
        let child = start(command).map_err(|error| format!("«{shown}» {error}"))?;
        let answered = stream(child, ASKING, |line| answer = line);
        match (answered, answer.split_once(' ')) {
            (Ok(()), Some((version, has_gil))) if version.starts_with("3.") => Ok(Python {
                program: program.to_owned(),
                version: version.to_owned(),
                has_gil: has_gil == "True",
            }),
            _ => Err(format!("«{shown}» não é um Python 3")),
        }
    }

    /// Os que o leitor pediu ou, se não pediu nenhum, os que há no `PATH`.
    pub fn all(asked_for: &[Python]) -> Vec<Python> {
        if !asked_for.is_empty() {
            return asked_for.to_vec();
        }
        USUAL.iter().filter_map(|name| Python::ask(Path::new(name)).ok()).collect()
    }

    /// Roda `script` com `arguments` e entrega a `each`, à medida que chegam, as linhas da saída que são objetos
    /// JSON. As outras são para quem roda o programa à mão, e ficam de fora.
    ///
    /// O Python e os processos dele terminam com este programa, qualquer que seja o fim.
    ///
    /// # Erros
    ///
    /// Uma linha que diz o que houve: o Python falhou, passou de `limit`, ou escreveu o que não se esperava.
    pub fn run<T: DeserializeOwned>(
        &self,
        script: &Path,
        arguments: &[impl AsRef<OsStr>],
        limit: Duration,
        mut each: impl FnMut(T),
    ) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        // Num grupo só dele, o que ele começar pode ser encerrado de uma vez, ao fim ou no meio.
        command.process_group(0).args(["-c", include_str!("follow.py")]);
        command.arg(std::process::id().to_string()).arg(script).args(arguments);
        let mut strange = None;
        let read = |line: String| {
            if line.starts_with('{') {
                match serde_json::from_str(&line) {
                    Ok(item) => each(item),
                    Err(error) => strange = Some(format!("{error} em «{line}»")),
                }
            }
        };
        start(command)
            .and_then(|child| stream(child, limit, read))
            .map_err(|error| format!("o Python {}: {error}", self.version))?;
        strange.map_or(Ok(()), |strange| Err(format!("o Python {} escreveu {strange}", self.version)))
    }
}

fn start(mut command: Command) -> Result<Child, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| describe(&error))
}

/// Entrega cada linha da saída de `child`; passado o limite, o encerra.
fn stream(mut child: Child, limit: Duration, mut each: impl FnMut(String)) -> Result<(), String> {
    let deadline = Instant::now() + limit;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // Quem lê são threads: assim a espera por uma linha pode ter um limite.
    let (sender, lines) = mpsc::sync_channel(1024);
    let reader = thread::spawn(move || send_lines(stdout, &sender));
    let complaint = thread::spawn(move || last_line(stderr));
    let in_time = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            // Um programa que escreve sem parar nunca faz ninguém esperar: o limite vale também para ele.
            Ok(line) if !left.is_zero() => each(line),
            Err(RecvTimeoutError::Disconnected) => break has_exited(&child, deadline),
            _ => break false,
        }
    };
    drop(lines);
    let status = end(child);
    wait_until(Instant::now() + FAREWELL, || reader.is_finished() && complaint.is_finished());
    let complaint = complaint.is_finished().then(|| complaint.join().ok().flatten()).flatten();
    match status {
        _ if !in_time => Err(format!("não terminou em {} s", limit.as_secs())),
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(complaint.unwrap_or_else(|| status.to_string())),
        None => Err("terminou sem dizer como".to_owned()),
    }
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "não pode ser executado".to_owned(),
        _ => system::reason(error),
    }
}

fn send_lines(pipe: Option<impl Read>, to: &mpsc::SyncSender<String>) {
    // Quem escutava pode ter desistido; então não há mais a quem ler.
    let _ = pipe.into_iter().flat_map(readable).map(|line| to.send(line)).find(Result::is_err);
}

/// A última linha que não está em branco: num traceback, é a que diz o erro.
fn last_line(pipe: Option<impl Read>) -> Option<String> {
    let last = pipe.into_iter().flat_map(readable).filter(|line| !line.trim().is_empty()).last();
    last.map(|line| line.trim().to_owned())
}

/// As linhas, uma a uma; o que não é UTF-8 vem com o sinal de que não era.
fn readable(pipe: impl Read) -> impl Iterator<Item = String> {
    let lines = BufReader::new(pipe).split(b'\n').map_while(Result::ok);
    lines.map(|line| String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Espera, até `deadline`, que o programa termine; ele continua por recolher.
fn has_exited(child: &Child, deadline: Instant) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let exited = || Some(waitid(WaitId::Pid(pid(child)?), look).ok()?.is_some());
    wait_until(deadline, || exited().unwrap_or(true))
}

/// Espera por uma condição que quase sempre já vale.
fn wait_until(deadline: Instant, condition: impl Fn() -> bool) -> bool {
    while !condition() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Encerra o programa, se ainda roda, e o que ele tiver deixado no seu grupo, e o recolhe.
fn end(mut child: Child) -> Option<ExitStatus> {
    // Enquanto não é recolhido, o PID e o grupo ainda são dele; quem não tem um grupo só seu não é atingido. Por que
    // SIGTERM, está em `follow.py`.
    let _ = pid(&child).map(|group| kill_process_group(group, Signal::TERM));
    let _ = child.kill();
    child.wait().ok().map(|status| ExitStatus::from(Some(status.into_raw())))
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(child.id().cast_signed())
}

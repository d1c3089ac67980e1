//! Um programa do projeto: rodar, e terminar com ele se ninguém mais quer saber.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::news::{Gone, Outlet};

/// Quanto um programa pode durar, e quanto pode escrever.
pub(super) struct Limits {
    time: Duration,
    bytes: usize,
    line: usize,
}

/// Muito mais do que uma lição pede, até na máquina mais lenta.
pub(super) const LIMITS: Limits = Limits { time: Duration::from_secs(600), bytes: 16 << 20, line: 1 << 20 };

/// De quanto em quanto tempo se olha se a página ainda está lá.
const PULSE: Duration = Duration::from_millis(100);

/// Por que um programa não chegou ao fim.
#[derive(Debug)]
pub(super) enum Stopped {
    /// A página foi embora.
    Abandoned,
    /// Uma linha que diz o que houve.
    Failed(String),
}

impl From<Gone> for Stopped {
    fn from(_: Gone) -> Self {
        Stopped::Abandoned
    }
}

/// Uma linha do programa.
pub(super) enum Line {
    /// Da saída padrão.
    Out(String),
    /// Da saída de erro.
    Error(String),
}

/// Roda o programa até o fim, entregando cada linha a `each`.
///
/// # Erros
///
/// A página foi embora, o programa demorou ou escreveu demais, ou o sistema o recusou. Qualquer que seja o fim, o que
/// ele criou termina com ele.
pub(super) fn run(
    mut command: Command,
    limits: &Limits,
    outlet: &Outlet,
    mut each: impl FnMut(Line) -> Result<(), Stopped>,
) -> Result<ExitStatus, Stopped> {
    let failed = |error: io::Error| Stopped::Failed(format!("não consegui rodar o programa: {error}"));
    let stopped = |why: &str| Err(Stopped::Failed(format!("{why} e foi interrompido")));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut group = Group { leader: command.spawn().map_err(failed)?, status: None };
    let lines = group.lines(limits.line);
    let (since, mut bytes) = (Instant::now(), 0);
    loop {
        outlet.check()?;
        if since.elapsed() > limits.time {
            return stopped(&format!("passou de {} minutos", limits.time.as_secs() / 60));
        }
        match lines.recv_timeout(PULSE) {
            Ok(Some(line)) => {
                bytes += match &line {
                    Line::Out(text) | Line::Error(text) => text.len() + 1,
                };
                if bytes > limits.bytes {
                    return stopped("escreveu demais");
                }
                each(line)?;
            }
            Ok(None) => return stopped("escreveu uma linha comprida demais"),
            // Terminou, mas um filho dele ainda segura a saída: sem o filho, ela se fecha.
            Err(RecvTimeoutError::Timeout) if group.has_ended() => group.kill(),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if group.has_ended() => return group.end().map_err(failed),
            // Fechou as duas saídas; falta um instante, ou ele segue calado.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Um programa num grupo só dele: quando isto some, o grupo inteiro termina.
struct Group {
    leader: Child,
    status: Option<ExitStatus>,
}

impl Group {
    /// As linhas das duas saídas; nada, no lugar de uma que passa de `longest`.
    fn lines(&mut self, longest: usize) -> Receiver<Option<Line>> {
        let (to, lines) = sync_channel(64);
        if let Some(out) = self.leader.stdout.take() {
            let to = to.clone();
            thread::spawn(move || forward(out, &to, longest, Line::Out));
        }
        if let Some(error) = self.leader.stderr.take() {
            thread::spawn(move || forward(error, &to, longest, Line::Error));
        }
        lines
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.leader.id().cast_signed())
    }

    /// Se o programa terminou; ele continua por recolher, e o número do grupo ainda não é de outro.
    fn has_ended(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let seen = self.pid().map(|pid| waitid(WaitId::Pid(pid), look));
        !matches!(seen, Some(Ok(None)))
    }

    fn kill(&self) {
        let _ = self.pid().map(|group| kill_process_group(group, Signal::KILL));
    }

    /// Encerra o que resta do grupo, e só então recolhe o programa.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        self.kill();
        let status = self.leader.wait()?;
        self.status = Some(status);
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Entrega cada linha; a barra de andamento do cargo se redesenha com `\r`, e cada desenho é uma.
fn forward(mut source: impl Read, to: &SyncSender<Option<Line>>, longest: usize, wrap: fn(String) -> Line) {
    let (mut buffer, mut line) = ([0; 8192], Vec::new());
    let send = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(&std::mem::take(line)).into_owned();
        text.trim().is_empty() || to.send(Some(wrap(text))).is_ok()
    };
    while let Ok(read @ 1..) = source.read(&mut buffer) {
        for &byte in &buffer[..read] {
            if line.len() == longest {
                let _ = to.send(None);
                return;
            }
            if !matches!(byte, b'\n' | b'\r') {
                line.push(byte);
            } else if !send(&mut line) {
                return;
            }
        }
    }
    send(&mut line);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Limits = Limits { time: Duration::from_secs(60), bytes: 1000, line: 100 };

    /// Roda um roteiro do shell, e devolve o que ele disse e como terminou.
    fn shell(script: &str, limits: &Limits, outlet: &Outlet) -> (Vec<String>, Result<ExitStatus, Stopped>) {
        let (mut command, mut said) = (Command::new("/bin/sh"), Vec::new());
        command.args(["-c", script]);
        let outcome = run(command, limits, outlet, |line| {
            let (Line::Out(text) | Line::Error(text)) = line;
            said.push(text);
            Ok(())
        });
        (said, outcome)
    }

    fn failure(script: &str, limits: &Limits) -> String {
        let (outlet, _news) = Outlet::new();
        match shell(script, limits, &outlet).1 {
            Err(Stopped::Failed(line)) => line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_limit_stops_the_program_and_says_which_it_was() {
        let brief = Limits { time: Duration::from_millis(300), ..SHORT };
        assert!(failure("sleep 600 & wait", &brief).contains("minutos"));
        assert!(failure("exec >&- 2>&-; sleep 600", &brief).contains("minutos"), "calado também");
        assert!(failure("while :; do echo linha; done", &SHORT).contains("escreveu demais"));
        assert!(failure("yes | tr -d '\\n'", &SHORT).contains("comprida demais"));
    }

    #[test]
    fn a_child_left_behind_ends_and_does_not_delay_the_answer() {
        let (outlet, _news) = Outlet::new();
        let (said, outcome) = shell("sleep 600 & echo $!", &SHORT, &outlet);
        assert!(outcome.expect("termina").success());
        let child = format!("/proc/{}", said[0]);
        let since = Instant::now();
        while std::path::Path::new(&child).exists() {
            assert!(since.elapsed() < Duration::from_secs(10), "{child} ficou");
            thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_page_that_left_ends_the_program() {
        let (outlet, news) = Outlet::new();
        drop(news);
        assert!(matches!(shell("sleep 600", &SHORT, &outlet).1, Err(Stopped::Abandoned)));
    }
}

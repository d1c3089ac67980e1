//! Ctrl-C: uma cópia desta lição, com um pool no meio de uma conta, recebe um SIGINT.

use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use licoes::measure::trace::now;
use multiprocessamento::{Error, Pool};
use registro::format::seconds;
use rustix::process::{
    Pid, Signal, getppid, kill_process_group, set_parent_process_death_signal,
};
use serde::Deserialize;

/// Quem a encontra no ambiente é a cópia; o valor é o PID da lição.
const LESSON: &str = "CADERNO_CTRL_C";

const WORKERS: usize = 2;

/// Entre nascer e ser interrompida, a cópia começa a trabalhar.
const WARM_UP: Duration = Duration::from_millis(50);

/// Uma conta que ninguém espera ver terminar.
const LONG: Duration = Duration::from_secs(60);

/// Quanto se espera por quem devia ter terminado, em segundos.
const PATIENCE: f64 = 3.0;

/// O que ficou depois do Ctrl-C.
#[derive(Clone, Debug, Deserialize)]
pub struct Interrupted {
    /// Quantos processos havia, e quantos sobraram.
    pub processes: usize,
    pub left: usize,
    /// O que um terminal mostraria como código de saída.
    pub code: i32,
    /// Linhas que o programa e os trabalhadores escreveram ao morrer.
    pub lines: usize,
    /// Quanto se esperou pelo fim, em segundos.
    pub seconds: f64,
}

// ANCHOR: victim
/// Se este processo é a cópia, trabalha até ser interrompido.
pub fn run_if_asked() -> Option<ExitCode> {
    let lesson = std::env::var(LESSON).ok()?.parse().ok()?;
    Some(if work_until_interrupted(lesson).is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn work_until_interrupted(lesson: i32) -> Result<(), Error> {
    // Num grupo só seu, o Ctrl-C de quem lê não a alcança: se a lição termina, ela termina também.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    if getppid().is_none_or(|parent| parent.as_raw_nonzero().get() != lesson) {
        return Ok(());
    }
    let pool = Pool::new(WORKERS)?;
    let pids: Vec<String> = pool.pids().iter().map(u32::to_string).collect();
    println!("{}", pids.join(" "));
    let _ = io::stdout().flush();
    pool.map(sleep, vec![LONG; WORKERS])?;
    Ok(())
}
// ANCHOR_END: victim

// ANCHOR: press
/// Roda a cópia num grupo de processos só dela, e manda ao grupo o que o terminal
/// manda no Ctrl-C.
pub fn press() -> io::Result<Option<Interrupted>> {
    if ignores_interrupts() {
        return Ok(None);
    }
    let mut command = Command::new(std::env::current_exe()?);
    command.env(LESSON, std::process::id().to_string()).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut victim = command.spawn()?;
    let seen = interrupt(&mut victim);
    // Aconteça o que acontecer, a cópia não fica.
    let _ = victim.kill();
    let _ = victim.wait();
    seen.map(Some)
}
// ANCHOR_END: press

fn interrupt(victim: &mut Child) -> io::Result<Interrupted> {
    let mut pids = String::new();
    if let Some(stdout) = victim.stdout.take() {
        BufReader::new(stdout).read_line(&mut pids)?;
    }
    let mut pids: Vec<u32> =
        pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
    pids.push(victim.id());
    sleep(WARM_UP);
    let group = Pid::from_raw(victim.id().cast_signed());
    let group = group.ok_or(io::ErrorKind::InvalidInput)?;
    let start = now();
    kill_process_group(group, Signal::INT)?;
    while pids.iter().any(|pid| is_alive(*pid)) && now() < start + PATIENCE {
        sleep(Duration::from_millis(1));
    }
    let seconds = now() - start;
    let left = pids.iter().filter(|pid| is_alive(**pid)).count();
    let _ = victim.kill();
    let status = victim.wait()?;
    let mut complaint = String::new();
    if let Some(mut stderr) = victim.stderr.take() {
        stderr.read_to_string(&mut complaint)?;
    }
    // Como um terminal: o código, ou 128 mais o número do sinal.
    let code =
        status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(0);
    Ok(Interrupted {
        processes: pids.len(),
        left,
        code,
        lines: complaint.lines().count(),
        seconds,
    })
}

/// Se quem rodou esta lição a fez ignorar o Ctrl-C, como um shell faz com o que roda em segundo plano: a cópia o
/// ignoraria também.
fn ignores_interrupts() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_some_and(|bits| bits & (1 << (Signal::INT.as_raw() - 1)) != 0)
}

/// Se o processo existe e não é um zumbi.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Interrupted { processes, left, code, lines, seconds: waited } = self;
        let waited = seconds(*waited);
        write!(
            f,
            "código {code}; {left} de {processes} processos de pé depois de {waited}; {lines} linhas na saída de erros"
        )
    }
}

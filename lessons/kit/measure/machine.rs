//! Onde se está medindo, e se mais alguém ocupa a máquina.

use std::fs;
use std::process::{Command, Stdio};

use registro::record::Machine;

use crate::measure::trace::now;

/// Núcleos que este processo pode usar.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A descrição desta máquina.
pub fn describe() -> Machine {
    let field = |text: &str, name: &str| {
        text.lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once([':', '=']))
            .map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let system = field(&release, "PRETTY_NAME").unwrap_or_else(|| "Linux".to_owned());
    Machine {
        cores: cores(),
        cpu: field(&cpuinfo, "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        os: format!("{system}, núcleo {}", kernel.trim()),
        rustc: env!("RUSTC_VERSION").to_owned(),
        profile: if cfg!(debug_assertions) { "dev" } else { "release" }.to_owned(),
        load: load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0),
    }
}

/// O commit do repositório, abreviado; vazio fora de um clone ou sem git.
pub fn commit() -> String {
    let output = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short", "HEAD"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => String::new(),
    }
}

/// Mede que parte da máquina esteve, durante um trecho do programa, em outras mãos.
pub struct Watch {
    start: f64,
    machine: f64,
    own: f64,
}

impl Watch {
    /// Começa a observar.
    pub fn start() -> Self {
        Watch { start: now(), machine: machine_ticks(), own: own_ticks() }
    }

    /// De 0 (a máquina foi só nossa) a 1 (não sobrou nada para nós), desde o começo.
    ///
    /// Os filhos deste processo contam como nossos depois de recolhidos, e os outros ranks de um programa do MPI, sempre.
    pub fn others(&self) -> f64 {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let wall = (now() - self.start) * ticks * cores() as f64;
        let others = (machine_ticks() - self.machine) - (own_ticks() - self.own);
        // Os contadores andam em passos de 10 ms: num trecho curto demais não dizem nada.
        if wall < 20.0 { 0.0 } else { (others / wall).clamp(0.0, 1.0) }
    }
}

/// Tempo ocupado de todos os núcleos desde o início do sistema, em passos do relógio.
fn machine_ticks() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default();
    // `user nice system idle iowait irq softirq steal`: tudo, menos os dois em que ninguém trabalha.
    let busy = fields.split_whitespace().skip(1).take(8).enumerate().filter(|(i, _)| ![3, 4].contains(i));
    busy.filter_map(|(_, ticks)| ticks.parse::<f64>().ok()).sum()
}

/// Tempo de processador deste programa, em passos do relógio: deste processo, dos filhos já recolhidos e, num programa do
/// MPI, dos outros ranks desta máquina.
fn own_ticks() -> f64 {
    let own = ["/proc/self/stat".to_owned()];
    own.into_iter().chain(other_ranks()).map(|path| ticks(&stat(&path))).sum()
}

/// O que o sistema diz de um processo, depois do nome do programa, que pode conter espaços.
fn stat(path: &str) -> String {
    let stat = fs::read_to_string(path).unwrap_or_default();
    stat.rsplit_once(") ").map_or_else(String::new, |(_, rest)| rest.to_owned())
}

fn ticks(stat: &str) -> f64 {
    stat.split_whitespace().skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum()
}

/// Os outros processos que o mesmo `mpirun` criou aqui.
#[cfg(feature = "mpi")]
fn other_ranks() -> Vec<String> {
    if !multiprocessamento::MpiPool::launched() {
        return Vec::new();
    }
    let (own, mpirun) = (std::process::id(), std::os::unix::process::parent_id().to_string());
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let stats = pids.filter(|pid| *pid != own).map(|pid| format!("/proc/{pid}/stat"));
    stats.filter(|path| stat(path).split_whitespace().nth(1) == Some(&mpirun)).collect()
}

#[cfg(not(feature = "mpi"))]
fn other_ranks() -> [String; 0] {
    []
}

/// A memória de um processo, em KiB, pela conta do PSS: uma página dividida por `n` processos entra com `1/n`.
///
/// Zero se o processo já se foi.
pub fn pss_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

//! O que os testes dividem: tarefas, sinais, arquivos como semáforos e o que /proc conta.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use multiprocessamento::{Error, Pool, PoolBuilder, Process, ProcessBuilder, StartMethod, Transport};
use rustix::process::{
    Pid, PidfdFlags, PidfdGetfdFlags, Signal, getpgrp, getpid, kill_process, pidfd_getfd, pidfd_open,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Como nascem os processos deste teste: a mesma suíte roda uma vez para cada maneira.
pub(crate) fn start_method() -> StartMethod {
    match std::env::var(START_METHOD).as_deref() {
        Ok("fork") => StartMethod::Fork,
        Ok("forkserver") => StartMethod::ForkServer,
        _ => StartMethod::Spawn,
    }
}

pub(crate) const START_METHOD: &str = "CADERNO_INICIO";

/// No lugar de uma maneira de nascer: `spawn`, com o outro transporte.
pub(crate) const SOCKET: &str = "soquete";

/// Se os pools deste teste levam os blocos por soquetes.
pub(crate) fn by_socket() -> bool {
    std::env::var(START_METHOD).is_ok_and(|variant| variant == SOCKET)
}

pub(crate) fn pool_builder() -> PoolBuilder {
    let transport = if by_socket() { Transport::Socket } else { Transport::SharedMemory };
    Pool::builder().start_method(start_method()).transport(transport)
}

pub(crate) fn new_pool(workers: usize) -> Result<Pool, Error> {
    pool_builder().workers(workers).build()
}

pub(crate) fn process_builder() -> ProcessBuilder {
    Process::builder().start_method(start_method())
}

pub(crate) fn new_process<F, A, R>(function: F, argument: A) -> Result<Process<R>, Error>
where
    F: Fn(A) -> R + Copy + Send + 'static,
    A: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    process_builder().start(function, argument)
}

pub(crate) fn square(x: u64) -> u64 {
    x * x
}

pub(crate) fn own_pid<T>(_: T) -> u32 {
    std::process::id()
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("uma pasta temporária")
}

/// Espera que `path` exista. É como uma tarefa, noutro processo, espera pelo teste, e o contrário.
pub(crate) fn wait_for(path: impl AsRef<Path>) {
    while !path.as_ref().exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(crate) fn touch(path: impl AsRef<Path>) {
    fs::write(path, "").expect("criar um arquivo");
}

/// Diz ao teste qual é o pid de quem roda a tarefa: escreve inteiro, depois põe no lugar.
pub(crate) fn announce_pid(path: &Path) {
    let draft = path.with_extension("rascunho");
    fs::write(&draft, std::process::id().to_string()).expect("anunciar o pid");
    fs::rename(draft, path).expect("anunciar o pid");
}

pub(crate) fn announced_pid(path: &Path) -> u32 {
    wait_for(path);
    fs::read_to_string(path).expect("pid anunciado").parse().expect("um número")
}

/// Uma linha curta, acrescentada de uma vez: vários processos podem escrever no mesmo arquivo.
pub(crate) fn append_line(path: &Path, line: &str) {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).expect("abrir o registro");
    file.write_all(format!("{line}\n").as_bytes()).expect("escrever no registro");
}

pub(crate) fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Uma tarefa que só termina quando o teste cria o arquivo; devolve o pid de quem esperou.
pub(crate) fn wait_at_gate(gate: PathBuf) -> u32 {
    wait_for(gate);
    std::process::id()
}

/// Se o `env` desta máquina conhece a opção; as que mexem com sinais são recentes.
pub(crate) fn env_accepts(option: &str) -> bool {
    let status = Command::new("env").args([option, "true"]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

pub(crate) fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("um pid");
    kill_process(pid, signal).expect("mandar um sinal");
}

pub(crate) fn kill_myself() -> ! {
    kill_process(getpid(), Signal::KILL).expect("mandar um sinal");
    unreachable!("SIGKILL não volta")
}

/// Espera por algo que acontece em outro processo; se não acontecer, o teste falha dizendo o quê.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    assert!(within(Duration::from_secs(10), &mut condition), "não aconteceu em 10 s: {what}");
}

/// Se `condition` chegou a valer antes de `limit`.
pub(crate) fn within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Um processo, sem confundi-lo com outro que receba o mesmo número mais tarde.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    start: u64,
}

impl Identity {
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Some(Identity { pid, start: Stat::read(pid)?.start })
    }

    /// Se o processo terminou. Um órfão zumbi já terminou: espera só pelo init do sistema.
    pub(crate) fn is_gone(&self) -> bool {
        Stat::read(self.pid).is_none_or(|stat| stat.start != self.start || stat.state == 'Z')
    }
}

/// Quantas vezes cada thread deste processo e dos filhos passou de rodando a parada, ou o contrário.
fn context_switches() -> Vec<(PathBuf, String)> {
    let processes = children().into_iter().chain([std::process::id()]);
    let threads = processes.flat_map(|pid| {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        tasks.map(|task| task.path())
    });
    // A thread que mede não conta.
    let me = PathBuf::from(format!("/proc/{0}/task/{0}", std::process::id()));
    let others = threads.filter(|path| *path != me);
    others
        .map(|path| {
            let status = fs::read_to_string(path.join("status")).unwrap_or_default();
            let counters: Vec<&str> = status.lines().filter(|line| line.contains("ctxt_switches")).collect();
            (path, counters.join(" "))
        })
        .collect()
}

/// As outras threads deste processo e as dos filhos dormem dois segundos seguidos sem acordar uma vez que
/// seja. Quem procura trabalho de tempos em tempos nunca passa por aqui. Devolve quantas são.
pub(crate) fn assert_everyone_sleeps() -> usize {
    let still = within(Duration::from_secs(30), || {
        let before = context_switches();
        std::thread::sleep(Duration::from_secs(2));
        before == context_switches()
    });
    assert!(still, "alguém acorda sem ter o que fazer: {:?}", context_switches());
    context_switches().len()
}

struct Stat {
    state: char,
    group: i32,
    start: u64,
}

/// Se a thread principal deste processo dorme, à espera do sistema.
pub(crate) fn main_thread_sleeps() -> bool {
    let main = std::process::id();
    Stat::read_at(&format!("/proc/self/task/{main}/stat")).is_some_and(|stat| stat.state == 'S')
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        Stat::read_at(&format!("/proc/{pid}/stat"))
    }

    fn read_at(path: &str) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        // O nome do programa, entre parênteses, pode ter espaços; os campos começam depois dele.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        Some(Stat {
            state: fields.first()?.chars().next()?,
            group: fields.get(2)?.parse().ok()?,
            start: fields.get(19)?.parse().ok()?,
        })
    }
}

/// Os filhos deste processo, vivos ou zumbis.
pub(crate) fn children() -> Vec<u32> {
    children_of(std::process::id())
}

/// Os filhos de `pid`. O forkserver não é um deles: é ele quem cria os que `pid` pede.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let (servers, mut children): (Vec<u32>, Vec<u32>) =
        direct_children_of(pid).into_iter().partition(|&child| is_forkserver(child));
    children.extend(servers.into_iter().flat_map(direct_children_of));
    children
}

fn direct_children_of(pid: u32) -> Vec<u32> {
    let mut pids = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let list = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        pids.extend(list.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    pids
}

pub(crate) fn is_forkserver(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "forkserver\n")
}

/// O forkserver deste processo, se já começou.
pub(crate) fn forkserver() -> Option<u32> {
    direct_children_of(std::process::id()).into_iter().find(|&child| is_forkserver(child))
}

/// Os outros processos vivos do grupo deste: filhos, netos e quem mais eles tenham criado.
pub(crate) fn others_in_my_group() -> Vec<u32> {
    let group = getpgrp().as_raw_nonzero().get();
    let (me, server) = (std::process::id(), forkserver());
    let pids = fs::read_dir("/proc").expect("/proc").flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|&pid| pid != me && Some(pid) != server)
        .filter(|&pid| Stat::read(pid).is_some_and(|stat| stat.group == group && stat.state != 'Z'))
        .collect()
}

/// Um campo de `/proc/self/status` em KiB, como `VmHWM` (o pico de memória) ou `VmRSS` (a de agora).
pub(crate) fn memory_kib(field: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).expect("um número de KiB")
}

/// Um gerador de números sem dependências: os testes são os mesmos a cada vez.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// O soquete deste trabalhador, que ele mesmo não vê: só um trabalhador mal-intencionado o procuraria.
pub(crate) fn own_socket() -> OwnedFd {
    let sockets = fs::read_dir("/proc/self/fd").expect("/proc").flatten().filter(|entry| {
        fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
    });
    let number = sockets.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).max();
    let me = pidfd_open(getpid(), PidfdFlags::empty()).expect("pidfd");
    pidfd_getfd(me, number.expect("um soquete"), PidfdGetfdFlags::empty()).expect("uma cópia do soquete")
}

/// Registra uma despedida do processo, como faria uma biblioteca em C.
#[allow(unsafe_code)]
pub(crate) fn at_exit(farewell: extern "C" fn()) {
    // SAFETY: `atexit` só guarda o ponteiro, que é de uma função.
    assert_eq!(unsafe { libc::atexit(farewell) }, 0);
}

const READY: &str = "pronto";

/// Um programa que já criou os seus processos e espera ser morto.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) output: BufReader<ChildStdout>,
    pub(crate) tree: Vec<Identity>,
}

/// Começa um programa e espera que ele diga quem são os seus processos.
pub(crate) fn start_program(mut command: Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("começar o programa");
    let mut output = BufReader::new(child.stdout.take().expect("a saída"));
    let mut tree = Vec::new();
    loop {
        let mut line = String::new();
        assert!(output.read_line(&mut line).expect("ler") > 0, "o programa terminou antes da hora");
        match line.trim() {
            READY => return Running { child, output, tree },
            pid => tree.push(Identity::of(pid.parse().expect("um pid")).expect("um processo vivo")),
        }
    }
}

/// O que um programa desses faz: diz quem são os seus processos, e espera.
pub(crate) fn print_tree_and_wait(pids: impl IntoIterator<Item = u32>) -> ! {
    pids.into_iter().for_each(|pid| println!("{pid}"));
    println!("{READY}");
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Mata `kills` trabalhadores quaisquer de `pool`, cada um quando `is_time` diz que já é hora do tiro daquele número; para antes, se
/// `is_over`. Diz quantos matou.
pub(crate) fn shoot_workers(
    pool: &Pool,
    seed: u64,
    kills: u64,
    is_time: impl Fn(u64) -> bool,
    is_over: impl Fn() -> bool,
) -> u64 {
    let mut random = Random::new(seed);
    let mut shot = 0;
    while shot < kills && !is_over() {
        if !is_time(shot) {
            std::thread::yield_now();
            continue;
        }
        let pids = pool.pids();
        let Some(&pid) = pids.get(random.below(pids.len().max(1))) else { continue };
        // Entre a lista e o tiro ele pode ter sido recolhido.
        let pid = Pid::from_raw(pid.cast_signed()).expect("um pid");
        shot += u64::from(kill_process(pid, Signal::KILL).is_ok());
    }
    shot
}

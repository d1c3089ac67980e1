//! Dois hosts numa máquina: falam-se, não aparecem fora, e não deixam nada.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use licoes::system::hosts::TwoHosts;
use multiprocessamento::Error;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::harness::skip;
use crate::helper;
use crate::support::*;
use crate::workspace::{stderr, stdout};

crate::cases! {
    30 => each_host_sees_its_own_name_and_network_and_the_machine_sees_neither,
    30 => one_host_calls_and_the_other_answers,
    30 => two_pairs_at_the_same_time_do_not_meet,
    30 => dropped_hosts_leave_nothing,
    30 => hosts_of_a_killed_program_leave_nothing,
    60 => an_ordinary_user_gets_two_hosts_or_one_line_that_says_why_not,
    10 => without_ip_the_error_names_the_package,
    180 => mpirun_starts_ranks_on_the_hosts_it_was_asked_to,
    120 => a_job_whose_cable_was_cut_ends_with_the_hosts,
}

/// Em qualquer máquina pode faltar um programa, menos onde a suíte os instala antes; o sistema pode recusar em todas.
fn missing(reason: &str) -> ! {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{reason}");
    skip(reason)
}

fn hosts() -> TwoHosts {
    match TwoHosts::build() {
        Ok(hosts) => hosts,
        Err(reason) if reason.starts_with("o sistema recusou") => skip(&reason),
        Err(reason) => missing(&reason),
    }
}

/// Um comando do shell, em cada host.
fn on_both(hosts: &TwoHosts, words: &str) -> [String; 2] {
    hosts.names().map(|name| {
        let output = hosts.command("sh").arg(hosts.agent()).args([name, words]).output().unwrap();
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        stdout(&output).trim().to_owned()
    })
}

fn networks(hosts: &TwoHosts) -> [String; 2] {
    on_both(hosts, "readlink /proc/self/ns/net")
}

/// Os processos vivos de uma rede. Sem nenhum, ela não existe mais: nada além deles a mantém.
fn inside(network: &str) -> Vec<u32> {
    let pids =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|link| link == Path::new(network))
    })
    .collect()
}

/// O que a rede da máquina tem.
fn machine() -> String {
    let listed = [&["-oneline", "link"][..], &["netns", "list"], &["route"]]
        .map(|arguments| stdout(&Command::new("ip").args(arguments).output().unwrap()));
    listed.concat()
}

fn each_host_sees_its_own_name_and_network_and_the_machine_sees_neither() {
    let name = || fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    if Command::new("ip").arg("-V").output().is_err() {
        missing("não há `ip` nesta máquina");
    }
    let before = (name(), machine());
    let hosts = hosts();
    assert_eq!(on_both(&hosts, "hostname"), hosts.names());
    assert_eq!(stdout(&hosts.command("hostname").output().unwrap()), "alfa\n");
    for interfaces in on_both(&hosts, "ip -oneline link") {
        let seen: Vec<&str> =
            interfaces.lines().filter_map(|line| line.split([' ', ':', '@']).nth(2)).collect();
        assert_eq!(seen, ["lo", "eth0"], "{interfaces}");
        assert_eq!(interfaces.matches("LOWER_UP").count(), 2, "{interfaces}");
    }
    assert_eq!(on_both(&hosts, "touch /dev/shm/anotado; ls /dev/shm"), ["anotado"; 2]);
    assert!(!Path::new("/dev/shm/anotado").exists());
    // Outro programa pode mexer na rede desta máquina enquanto se olha.
    eventually("a máquina está como antes", || (name(), machine()) == before);
}

const DOOR: &str = "198.18.0.2:7000";

/// Atende uma chamada e diz quem é.
pub(crate) fn answer_a_call() -> Result<(), Error> {
    let listener = TcpListener::bind(DOOR).expect("o endereço de beta");
    println!("atendo");
    let (mut caller, _) = listener.accept().expect("uma chamada");
    let network = fs::read_link("/proc/self/ns/net").expect("/proc");
    write!(caller, "{}", network.display()).expect("responder");
    Ok(())
}

pub(crate) fn make_a_call() -> Result<(), Error> {
    let mut answer = String::new();
    TcpStream::connect(DOOR).expect("ligar").read_to_string(&mut answer).expect("ouvir");
    print!("{answer}");
    Ok(())
}

/// Um programa de apoio num dos hosts.
fn program_on(hosts: &TwoHosts, name: &str, program: &str) -> Command {
    let own = helper::command(program);
    let mut command = hosts.command("sh");
    command.arg(hosts.agent()).args([name, &format!("exec '{}'", own.get_program().display())]);
    for (key, value) in own.get_envs() {
        match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// O que o primeiro host ouve quando liga para o segundo.
fn call(hosts: &TwoHosts) -> String {
    let [first, second] = hosts.names();
    let mut answering = program_on(hosts, second, "atende").spawn().unwrap();
    assert_eq!(first_lines::<1>(&mut answering), ["atendo"]);
    let calling = program_on(hosts, first, "liga").output().unwrap();
    assert!(answering.wait().unwrap().success());
    stdout(&calling)
}

fn first_lines<const COUNT: usize>(child: &mut Child) -> [String; COUNT] {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    std::array::from_fn(|_| lines.next().expect("uma linha").unwrap())
}

fn one_host_calls_and_the_other_answers() {
    let hosts = hosts();
    let [first, second] = networks(&hosts);
    assert_ne!(first, second);
    for _ in 0..3 {
        assert_eq!(call(&hosts), second);
    }
}

fn two_pairs_at_the_same_time_do_not_meet() {
    let (one, other) = (hosts(), hosts());
    assert_eq!(call(&one), networks(&one)[1]);
    assert_eq!(call(&other), networks(&other)[1]);
    assert_ne!(networks(&one), networks(&other));
    drop(one);
    assert_eq!(call(&other), networks(&other)[1]);
}

/// Deixa em cada host um processo de que ninguém cuida.
fn leave_someone_behind(hosts: &TwoHosts) {
    on_both(hosts, "setsid sleep 1000 </dev/null >/dev/null 2>&1 &");
}

fn dropped_hosts_leave_nothing() {
    let hosts = hosts();
    let (networks, folder) = (networks(&hosts), hosts.agent().parent().unwrap().to_owned());
    leave_someone_behind(&hosts);
    eventually("há alguém em cada host", || networks.iter().all(|network| inside(network).len() == 2));
    assert!(folder.exists());
    drop(hosts);
    assert_eq!(networks.map(|network| inside(&network)), [[0; 0]; 2]);
    assert!(!folder.exists());
}

/// Cria dois hosts, conta deles e espera ser morto; ou diz por que não os criou.
pub(crate) fn keep_two_hosts() -> Result<(), Error> {
    let hosts = match TwoHosts::build() {
        Ok(hosts) => hosts,
        Err(reason) => {
            println!("{reason}");
            return Ok(());
        }
    };
    leave_someone_behind(&hosts);
    println!("{}", hosts.agent().display());
    networks(&hosts).iter().for_each(|network| println!("{network}"));
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Mata o programa, que fez dois hosts; deles nada pode restar.
fn assert_hosts_die_with(program: &mut Child, agent: &str, networks: [String; 2], signal: Signal) {
    let folder = PathBuf::from(agent).parent().unwrap().to_owned();
    assert!(networks.iter().all(|network| inside(network).len() == 2) && folder.exists());
    kill_process_group(Pid::from_raw(program.id().cast_signed()).unwrap(), signal).unwrap();
    assert_eq!(program.wait().unwrap().signal(), Some(signal.as_raw()));
    eventually("os hosts se foram", || networks.iter().all(|network| inside(network).is_empty()));
    eventually("a pasta se foi", || !folder.exists());
}

fn hosts_of_a_killed_program_leave_nothing() {
    drop(hosts());
    for signal in [Signal::KILL, Signal::INT] {
        let mut command = helper::command("dois-hosts");
        let mut program = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let [agent, first, second] = first_lines(&mut program);
        assert_hosts_die_with(&mut program, &agent, [first, second], signal);
    }
}

fn an_ordinary_user_gets_two_hosts_or_one_line_that_says_why_not() {
    const ORDINARY: u32 = 54_330;
    if !rustix::process::getuid().is_root() {
        skip("só o root pode rodar o programa como outro usuário");
    }
    drop(hosts());
    // O executável pode morar onde o outro usuário não entra.
    let dir = folder();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = dir.path().join("programa");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let mut command = helper::command_at(&copy, "dois-hosts");
    command.uid(ORDINARY).gid(ORDINARY).current_dir("/").stdout(Stdio::piped()).process_group(0);
    let mut program = command.spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
    let agent = lines.next().unwrap();
    if agent.starts_with("o sistema recusou") {
        assert!(program.wait().unwrap().success());
        assert_eq!(lines.next(), None);
        return;
    }
    let networks = [lines.next().unwrap(), lines.next().unwrap()];
    assert_hosts_die_with(&mut program, &agent, networks, Signal::KILL);
}

fn without_ip_the_error_names_the_package() {
    let empty = folder();
    let output = helper::command("dois-hosts").env("PATH", empty.path()).output().unwrap();
    let reason = stdout(&output);
    assert_eq!(reason, "não foi possível rodar `ip`, que no Debian vem no pacote iproute2\n");
}

/// `mpirun`, com um limite: ele mesmo pode esperar para sempre.
fn mpirun(hosts: &TwoHosts, ranks: [usize; 2]) -> Command {
    if Command::new("mpirun").arg("--version").output().is_err() {
        missing("não há `mpirun` nesta máquina: no Debian, é do pacote openmpi-bin");
    }
    let mut command = hosts.command("timeout");
    command
        .args(["-k", "5", "50", "mpirun"])
        .args(hosts.mpirun_options(ranks[0], ranks[1]))
        .stdin(Stdio::null());
    command
}

fn mpirun_starts_ranks_on_the_hosts_it_was_asked_to() {
    let hosts = hosts();
    for ranks in [[1, 1], [2, 2], [0, 1]] {
        let output = mpirun(&hosts, ranks).arg("hostname").output().unwrap();
        let text = stdout(&output);
        let found = hosts.names().map(|name| text.lines().filter(|line| *line == name).count());
        assert_eq!((found, stderr(&output).as_str()), (ranks, ""), "{output:?}");
    }
    let left = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let left: Vec<_> =
        left.filter(|entry| entry.file_name().to_string_lossy().starts_with("ompi.alfa")).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn a_job_whose_cable_was_cut_ends_with_the_hosts() {
    let hosts = hosts();
    let (networks, dir) = (networks(&hosts), folder());
    let words = format!("touch '{}'/$(hostname); sleep 1000", dir.path().display());
    let mut job = mpirun(&hosts, [1, 1]).args(["sh", "-c", &words]).spawn().unwrap();
    hosts.names().iter().for_each(|name| wait_for(dir.path().join(name)));
    assert!(hosts.command("ip").args(["link", "set", "eth0", "down"]).status().unwrap().success());
    drop(hosts);
    assert_eq!(networks.map(|network| inside(&network)), [[0; 0]; 2]);
    assert_eq!(job.wait().unwrap().signal(), Some(Signal::KILL.as_raw()));
}

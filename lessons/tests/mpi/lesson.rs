//! A lição 18 e o MPI: num programa comandado por outro, num `mpirun` comum, e em dois hosts.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use licoes::load::workload::{count_primes, slices};
use licoes::system::hosts::TwoHosts;
use multiprocessamento::{Error, MpiJob, MpiPool};
use registro::record::Event;
use rustix::process::{Pid, Signal, kill_process};

use crate::harness;
use crate::support::*;
use crate::workspace::{events, program, stderr, stdout, undeclared};

crate::cases! {
    60 => without_mpirun_installed_the_error_says_so,
    120 => the_lesson_has_seven_agreeing_models,
    120 => the_lesson_under_mpirun_counts_with_its_ranks,
    60 => a_wrong_option_under_mpirun_is_one_line,
    120 => a_rank_killed_under_mpirun_is_one_line_and_leaves_nobody,
    120 => a_lesson_brought_back_to_the_terminal_ends_in_peace,
    120 => two_hosts_give_the_same_answers,
    120 => the_lesson_under_mpirun_on_two_hosts_counts_the_same,
}

const SMALL: [&str; 4] = ["--limite", "10.000", "--repeticoes", "3"];

/// A soma de cada modelo, na ordem em que vieram.
fn checksums(output: &Output) -> Vec<(String, u64)> {
    assert!(output.status.success(), "{}", stderr(output));
    let results = events(&stdout(output)).into_iter().filter_map(|event| match event {
        Event::Result(result) => Some((result.model, result.checksum)),
        _ => None,
    });
    results.collect()
}

fn assert_seven_agree(output: &Output) {
    let sums = checksums(output);
    assert_eq!(sums.len(), 7);
    assert_eq!(sums[6].0, "mpi");
    assert!(sums.iter().all(|(_, sum)| *sum == count_primes(0..10_000)), "{sums:?}");
}

fn the_lesson_has_seven_agreeing_models() {
    let records = tempfile::tempdir().unwrap();
    let output = program("lesson-18", records.path()).args(SMALL).arg("--json").output().unwrap();
    assert_seven_agree(&output);
    assert_eq!(stderr(&output), "");
    let events = events(&stdout(&output));
    assert_eq!(undeclared(&events), [""; 0], "falta em legend.rs");
    let claims = events.into_iter().filter(|event| matches!(event, Event::Claim(_)));
    assert_eq!(claims.count(), 5);
}

/// O que um leitor digita: `mpirun -n 3 lesson-18`.
fn mpirun(ranks: &str, records: &Path) -> Command {
    let mut mpirun = Command::new("mpirun");
    mpirun.args(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", ranks]);
    with_lesson(mpirun, records)
}

fn with_lesson(mut mpirun: Command, records: &Path) -> Command {
    let lesson = program("lesson-18", records);
    mpirun.arg(lesson.get_program()).env("CADERNO_REGISTROS", records).stdin(Stdio::null());
    mpirun
}

fn the_lesson_under_mpirun_counts_with_its_ranks() {
    let records = tempfile::tempdir().unwrap();
    let output = mpirun("3", records.path()).args(SMALL).arg("--json").output().unwrap();
    assert_seven_agree(&output);
    let starts: Vec<_> =
        events(&stdout(&output)).into_iter().filter(|e| matches!(e, Event::Start(_))).collect();
    let [Event::Start(start)] = starts.as_slice() else { panic!("um rank só conta a história") };
    assert_eq!(start.workers, 2, "os ranks além do 0");
}

fn a_wrong_option_under_mpirun_is_one_line() {
    let records = tempfile::tempdir().unwrap();
    let output = mpirun("3", records.path()).args(["--trabalhadores", "-1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert_eq!(told.lines().filter(|line| line.starts_with("erro: ")).count(), 1, "{told}");
    assert_eq!(fs::read_dir(records.path()).unwrap().count(), 0);
}

fn a_rank_killed_under_mpirun_is_one_line_and_leaves_nobody() {
    let records = tempfile::tempdir().unwrap();
    let mut lesson = mpirun("3", records.path());
    lesson.args(["--limite", "1000000000"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut lesson = lesson.spawn().unwrap();
    // O rank 0 só conta a história depois de conhecer os outros.
    let mut story = BufReader::new(lesson.stdout.take().unwrap());
    story.read_line(&mut String::new()).unwrap();
    let ranks: Vec<Identity> = children_of(lesson.id()).into_iter().filter_map(Identity::of).collect();
    assert_eq!(ranks.len(), 3);
    let is_last = |rank: &&Identity| {
        let environment = fs::read(format!("/proc/{}/environ", rank.pid)).unwrap();
        environment.split(|byte| *byte == 0).any(|variable| variable == b"OMPI_COMM_WORLD_RANK=2")
    };
    kill(ranks.iter().find(is_last).unwrap().pid, Signal::KILL);
    std::io::copy(&mut story, &mut std::io::sink()).unwrap();
    let output = lesson.wait_with_output().unwrap();
    assert_ne!(output.status.code(), Some(0));
    let told = stderr(&output);
    let lines = told.lines().filter(|line| line.starts_with("erro: este programa foi encerrado pelo mpirun"));
    assert_eq!(lines.count(), 1, "{told}");
    eventually("todos se foram", || ranks.iter().all(Identity::is_gone));
}

/// Um `SIGCONT` é o começo do fim, se vem do `mpirun`; mas também é o que o `fg` do terminal manda.
fn a_lesson_brought_back_to_the_terminal_ends_in_peace() {
    let records = tempfile::tempdir().unwrap();
    let mut lesson = mpirun("3", records.path());
    lesson.args(SMALL).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut lesson = lesson.spawn().unwrap();
    let mut story = BufReader::new(lesson.stdout.take().unwrap());
    story.read_line(&mut String::new()).unwrap();
    let ranks: Vec<Identity> = children_of(lesson.id()).into_iter().filter_map(Identity::of).collect();
    let rest = std::thread::spawn(move || std::io::copy(&mut story, &mut std::io::sink()));
    // Até o último instante: quem contasse um fim que não houve o contaria aqui.
    while lesson.try_wait().unwrap().is_none() {
        for rank in ranks.iter().filter(|rank| !rank.is_gone()) {
            // Pode ter terminado agora mesmo.
            let _ = kill_process(Pid::from_raw(rank.pid.cast_signed()).unwrap(), Signal::CONT);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    rest.join().unwrap().unwrap();
    let output = lesson.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

fn without_mpirun_installed_the_error_says_so() {
    let records = tempfile::tempdir().unwrap();
    let mut lesson = program("lesson-18", records.path());
    let output = lesson.args(SMALL).env("PATH", "/nenhum").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("não há mpirun no PATH"), "{}", stderr(&output));
    assert_eq!(stderr(&output).lines().count(), 1);
    assert_eq!(fs::read_dir(records.path()).unwrap().count(), 0);
}

fn two_hosts() -> TwoHosts {
    TwoHosts::build().unwrap_or_else(|reason| harness::skip(&reason))
}

fn two_hosts_give_the_same_answers() {
    let hosts = two_hosts();
    let mut mpirun = hosts.command("mpirun");
    mpirun.args(hosts.mpirun_options(1, 2));
    let count = |()| {
        let pool = MpiPool::new()?;
        let who = |_: u64| fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
        let large = pool.chunk_size(1)?.map(|bytes: Vec<u8>| bytes.len(), vec![vec![1; 100_000]; 8])?;
        assert_eq!(large, [100_000; 8]);
        let primes: u64 = pool.chunk_size(1)?.map(count_primes, slices(100_000, 64))?.iter().sum();
        Ok::<_, Error>((primes, who(0), pool.map(who, 0..16)?))
    };
    let (primes, here, there) = MpiJob::launch(mpirun).unwrap().call(count, ()).unwrap().unwrap();
    assert_eq!(primes, count_primes(0..100_000));
    assert_eq!(here, hosts.names()[0]);
    assert!(there.iter().all(|name| name == hosts.names()[1]), "{there:?}");
}

fn the_lesson_under_mpirun_on_two_hosts_counts_the_same() {
    let hosts = two_hosts();
    let records = tempfile::tempdir().unwrap();
    let mut mpirun = hosts.command("mpirun");
    mpirun.args(hosts.mpirun_options(2, 1));
    let output = with_lesson(mpirun, records.path()).args(SMALL).arg("--json").output().unwrap();
    assert_seven_agree(&output);
}

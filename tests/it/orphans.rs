//! Os filhos morrem com o pai, e só com ele.

use std::io::{BufRead, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use multiprocessamento::{Pool, Process};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::harness;
use crate::programs;
use crate::support::*;

crate::cases! {
    30 => killed_parent_takes_its_idle_workers,
    30 => killed_parent_takes_workers_deep_in_a_task,
    30 => killed_parent_takes_the_workers_of_its_workers,
    30 => killed_parent_takes_workers_born_with_every_signal_blocked,
    30 => ctrl_c_ends_the_whole_tree_quietly_with_status_130,
    30 => workers_outlive_the_thread_that_made_the_pool,
    30 => a_process_outlives_the_thread_that_started_it,
}

fn assert_tree_dies_with(command: std::process::Command) {
    let mut program = programs::start(command);
    assert!(program.tree.len() >= 3, "{:?}", program.tree);
    assert!(program.tree.iter().all(|process| !process.is_gone()));
    kill(program.child.id(), Signal::KILL);
    program.child.wait().unwrap();
    let gone = within(Duration::from_secs(1), || program.tree.iter().all(Identity::is_gone));
    assert!(gone, "um segundo depois do pai: {:?}", program.tree);
}

fn killed_parent_takes_its_idle_workers() {
    assert_tree_dies_with(programs::command("ocioso"));
}

fn killed_parent_takes_workers_deep_in_a_task() {
    assert_tree_dies_with(programs::command("ocupado"));
}

fn killed_parent_takes_the_workers_of_its_workers() {
    assert_tree_dies_with(programs::command("aninhado"));
}

fn killed_parent_takes_workers_born_with_every_signal_blocked() {
    let executable = std::env::current_exe().unwrap();
    let mut blocked = programs::command_at("env".as_ref(), "ocupado");
    blocked.arg("--block-signal").arg(executable);
    let works =
        std::process::Command::new("env").args(["--block-signal", "true"]).stderr(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        harness::skip("o `env` desta máquina não sabe bloquear sinais");
    }
    assert_tree_dies_with(blocked);
}

fn ctrl_c_ends_the_whole_tree_quietly_with_status_130() {
    for name in ["ocioso", "ocupado", "aninhado"] {
        let executable = std::env::current_exe().unwrap();
        let mut shell = programs::command_at("sh".as_ref(), name);
        // Com o `trap` o shell sobrevive ao sinal e conta como o programa terminou.
        shell.args(["-c", "trap : INT; \"$0\"; echo \"status $?\""]).arg(executable);
        // O terminal manda o sinal ao grupo inteiro; este grupo é só do programa.
        shell.process_group(0).stderr(Stdio::piped());
        let mut program = programs::start(shell);
        let group = Pid::from_raw(program.child.id().cast_signed()).unwrap();
        kill_process_group(group, Signal::INT).unwrap();
        let mut last = String::new();
        program.output.read_line(&mut last).unwrap();
        assert_eq!(last, "status 130\n", "{name}");
        let gone = within(Duration::from_secs(1), || program.tree.iter().all(Identity::is_gone));
        assert!(gone, "{name}: um segundo depois do Ctrl-C: {:?}", program.tree);
        program.child.wait().unwrap();
        let mut errors = String::new();
        program.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(errors, "", "{name}");
    }
}

/// O Linux avisa os filhos quando termina a *thread* que os criou; eles não podem confundi-la com o pai.
fn workers_outlive_the_thread_that_made_the_pool() {
    let dir = folder();
    let gate = dir.path().join("portão");
    let task_gate = gate.clone();
    let maker = std::thread::spawn(move || {
        let pool = Pool::new(2).unwrap();
        let busy = pool.apply_async(wait_at_gate, task_gate);
        (pool, busy)
    });
    let (pool, busy) = maker.join().unwrap();
    let workers = pool.pids();
    // O sinal chega em microssegundos; meio segundo depois, quem o entendesse mal já teria morrido.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(pool.pids(), workers);
    touch(&gate);
    assert!(workers.contains(&busy.get().unwrap()));
    assert!(pool.map(own_pid, 0..100).unwrap().iter().all(|pid| workers.contains(pid)));
}

fn a_process_outlives_the_thread_that_started_it() {
    let dir = folder();
    let gate: PathBuf = dir.path().join("portão");
    let task_gate = gate.clone();
    let mut process =
        std::thread::spawn(move || Process::start(wait_at_gate, task_gate).unwrap()).join().unwrap();
    assert!(process.join_timeout(Duration::from_millis(500)).is_err());
    assert!(process.is_alive());
    touch(&gate);
    let pid = process.pid();
    assert_eq!(process.join().unwrap(), pid);
}

//! Os filhos morrem com o pai, e só com ele.

use std::io::{BufRead, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::harness;
use crate::programs;
use crate::support::*;

crate::cases! {
    for pools;
    30 => killed_parent_takes_its_idle_workers,
    30 => killed_parent_takes_workers_deep_in_a_task,
    30 => killed_parent_takes_the_workers_of_its_workers,
    30 => killed_parent_takes_workers_born_with_every_signal_blocked,
    30 => ctrl_c_ends_the_whole_tree_quietly_with_status_130,
    30 => workers_leave_ctrl_c_to_their_parent,
    30 => workers_outlive_the_thread_that_made_the_pool,
    30 => a_process_outlives_the_thread_that_started_it,
}

fn assert_tree_dies_with(command: Command) {
    let mut program = start_program(command);
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
    if !env_accepts("--block-signal") {
        harness::skip("o `env` desta máquina não sabe bloquear sinais");
    }
    let mut blocked = programs::command_at("env".as_ref(), "ocupado");
    blocked.arg("--block-signal").arg(std::env::current_exe().unwrap());
    assert_tree_dies_with(blocked);
}

/// Um grupo de processos, morto inteiro no fim do teste, passe ele ou não.
struct Group(Pid);

impl Group {
    fn of(program: &Running) -> Self {
        Group(Pid::from_raw(program.child.id().cast_signed()).expect("um pid"))
    }

    /// O que o terminal faz com um Ctrl-C.
    fn interrupt(&self) {
        kill_process_group(self.0, Signal::INT).expect("mandar um sinal");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

fn ctrl_c_ends_the_whole_tree_quietly_with_status_130() {
    for name in ["ocioso", "ocupado", "aninhado"] {
        let mut shell = programs::command_at("sh".as_ref(), name);
        // Com o `trap` o shell sobrevive ao sinal e conta como o programa terminou.
        shell.args(["-c", "trap : INT; \"$0\"; echo \"status $?\""]).arg(std::env::current_exe().unwrap());
        shell.process_group(0).stderr(Stdio::piped());
        let mut program = start_program(shell);
        let group = Group::of(&program);
        group.interrupt();
        let mut last = String::new();
        program.output.read_line(&mut last).unwrap();
        assert_eq!(last, "status 130\n", "{name}");
        let gone = within(Duration::from_secs(1), || program.tree.iter().all(Identity::is_gone));
        assert!(gone, "{name}: um segundo depois do Ctrl-C: {:?}", program.tree);
        let mut errors = String::new();
        program.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(errors, "", "{name}");
        program.child.wait().unwrap();
    }
}

/// Num Ctrl-C o terminal manda o sinal também aos filhos; quem decide o que fazer dele é o pai.
fn workers_leave_ctrl_c_to_their_parent() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let gate = dir.path().join("portão");
    let busy = pool.apply_async(wait_at_gate, gate.clone());
    let workers = pool.pids();
    workers.iter().for_each(|&pid| kill(pid, Signal::INT));
    touch(&gate);
    assert!(workers.contains(&busy.get().unwrap()));
    assert_eq!(pool.map(square, 0..100).unwrap().len(), 100);
    assert_eq!(pool.pids(), workers);
}

/// O Linux avisa os filhos quando termina a *thread* que os criou; eles não podem confundi-la com o pai.
fn workers_outlive_the_thread_that_made_the_pool() {
    let dir = folder();
    let gate = dir.path().join("portão");
    let task_gate = gate.clone();
    let maker = std::thread::spawn(move || {
        let pool = new_pool(2).unwrap();
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
        std::thread::spawn(move || new_process(wait_at_gate, task_gate).unwrap()).join().unwrap();
    assert!(process.join_timeout(Duration::from_millis(500)).is_err());
    assert!(process.is_alive());
    touch(&gate);
    let pid = process.pid();
    assert_eq!(process.join().unwrap(), pid);
}

//! O que uma tarefa pode fazer ao processo em que roda, e o que outros podem fazer a ele.
#![allow(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use multiprocessamento::{Error, Pool, PoolBuilder, SharedArray, StartMethod, init, pipe};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness;
use crate::programs::{self, FILE};
use crate::support::*;

crate::cases! {
    for pools;
    30 => a_copy_that_a_task_made_never_becomes_a_worker,
    30 => a_copy_does_not_go_on_with_the_block,
    30 => a_copy_may_still_do_its_own_work,
    30 => killed_parent_takes_workers_that_dropped_privileges,
    30 => killed_parent_takes_workers_that_blocked_every_signal,
    30 => killed_parent_takes_workers_that_ignored_every_signal,
    30 => killed_parent_takes_workers_whose_initializer_dropped_privileges,
    60 => a_stopped_idle_worker_leaves_the_tasks_to_the_others,
    60 => a_stopped_idle_worker_leaves_the_large_tasks_to_the_others,
    60 => a_stopped_idle_worker_does_not_hold_a_join,
    30 => a_child_reaped_by_others_has_ended_nobody_knows_how,
    30 => a_failing_initializer_is_told_at_once,
    30 => a_copy_of_the_program_leaves_the_pools_to_the_original,
    30 => a_worker_that_became_another_program_is_a_death,
    30 => a_worker_that_closed_every_descriptor_is_a_death,
    30 => a_process_works_where_children_are_born_in_another_pid_namespace,
    30 => a_pool_is_refused_where_threads_cannot_be_born,
    30 => a_pool_works_without_dev,
    30 => without_proc_the_error_says_what_is_missing,
    60 => what_a_filter_refuses_is_named_in_the_error,
}

fn fork_and_return((): ()) -> i32 {
    // SAFETY: o trabalhador tem uma thread só: nenhuma trava fica na mão de quem não existe na cópia.
    unsafe { libc::fork() }
}

/// A cópia termina sozinha: quem confere que nada ficou é o próprio arcabouço.
fn a_copy_that_a_task_made_never_becomes_a_worker() {
    let pool = new_pool(1).unwrap();
    for _ in 0..3 {
        assert!(pool.apply(fork_and_return, ()).unwrap() > 0, "quem responde é o original");
        assert!(pool.map(fork_and_return, [(); 20]).unwrap().iter().all(|&pid| pid > 0));
        assert!(pool.imap(fork_and_return, [(); 5]).all(|pid| pid.is_ok_and(|pid| pid > 0)));
    }
    assert_eq!(pool.map(square, 0..5).unwrap(), [0, 1, 4, 9, 16]);
    pool.join();
    assert!(new_process(fork_and_return, ()).unwrap().join().unwrap() > 0);
}

fn write_from_a_copy(path: PathBuf) -> bool {
    // SAFETY: idem.
    match unsafe { libc::fork() } {
        0 => {
            announce_pid(&path);
            std::process::exit(0)
        }
        child => {
            let mut status = 0;
            // SAFETY: o número que `waitpid` preenche é deste quadro, e o filho é deste processo.
            unsafe { libc::waitpid(child, &mut status, 0) };
            status == 0
        }
    }
}

/// Num bloco de muitos, nem a cópia faz o resto do bloco.
fn a_copy_does_not_go_on_with_the_block() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let register = dir.path().join("registro");
    let fork_and_sign = |path: PathBuf| {
        append_line(&path, &std::process::id().to_string());
        fork_and_return(())
    };
    let answers = pool.chunk_size(8).unwrap().map(fork_and_sign, vec![register.clone(); 8]).unwrap();
    assert!(answers.iter().all(|&pid| pid > 0));
    assert_eq!(lines(&register), vec![pool.pids()[0].to_string(); 8]);
}

fn a_copy_may_still_do_its_own_work() {
    let (pool, dir) = (new_pool(1).unwrap(), folder());
    let path = dir.path().join("cópia");
    assert!(pool.apply(write_from_a_copy, path.clone()).unwrap());
    assert_ne!(announced_pid(&path), pool.pids()[0]);
}

/// O que uma tarefa faz que desliga o aviso do fim do pai.
fn deafen(how: String) {
    // SAFETY: chamadas ao sistema sobre este processo, que tem uma thread só; o conjunto de sinais é deste quadro.
    unsafe {
        match how.as_str() {
            "setuid" => {
                assert_eq!(libc::setgid(65534), 0);
                assert_eq!(libc::setuid(65534), 0);
            }
            "bloqueia" => {
                let mut all = std::mem::zeroed();
                libc::sigfillset(&mut all);
                libc::pthread_sigmask(libc::SIG_BLOCK, &all, std::ptr::null_mut());
            }
            _ => {
                for signal in 1..=64 {
                    libc::signal(signal, libc::SIG_IGN);
                }
            }
        }
    }
}

/// O programa de apoio: os trabalhadores, todos surdos, à espera.
pub(crate) fn deaf_tree() -> Result<(), Error> {
    init();
    let how = std::env::var(FILE).expect("de que jeito");
    let pool = match how.strip_prefix("initializer ") {
        Some(how) => pool_builder().workers(2).initializer(deafen, how.to_owned()).build()?,
        None => {
            let pool = new_pool(2)?;
            while pool.pids().iter().any(|pid| !was_deafened(*pid, &how)) {
                pool.map(deafen, vec![how.clone(); 8])?;
            }
            pool
        }
    };
    print_tree_and_wait(pool.pids().into_iter().chain(forkserver()))
}

/// Se a tarefa já passou por este trabalhador, que os do pool repartem como querem.
fn was_deafened(pid: u32, how: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
    let has = |name, signal: u32| u64::from_str_radix(field(name), 16).unwrap_or(0) >> (signal - 1) & 1 == 1;
    match how {
        "setuid" => field("Uid:").starts_with("65534"),
        "bloqueia" => has("SigBlk:", 10),
        _ => has("SigIgn:", 10),
    }
}

fn assert_deaf_tree_dies(how: &str) {
    if how.ends_with("setuid") && !rustix::process::getuid().is_root() {
        harness::skip("só o root tem privilégios a largar");
    }
    let mut command = programs::command("surdos");
    command.env(FILE, how);
    let mut program = start_program(command);
    kill(program.child.id(), Signal::KILL);
    program.child.wait().unwrap();
    let gone = within(Duration::from_secs(1), || program.tree.iter().all(Identity::is_gone));
    assert!(gone, "um segundo depois do pai: {:?}", program.tree);
}

fn killed_parent_takes_workers_that_dropped_privileges() {
    assert_deaf_tree_dies("setuid");
}

fn killed_parent_takes_workers_that_blocked_every_signal() {
    assert_deaf_tree_dies("bloqueia");
}

fn killed_parent_takes_workers_that_ignored_every_signal() {
    assert_deaf_tree_dies("ignora");
}

fn killed_parent_takes_workers_whose_initializer_dropped_privileges() {
    assert_deaf_tree_dies("initializer setuid");
}

/// O programa de apoio que só cria um processo.
pub(crate) fn one_process() -> Result<(), Error> {
    init();
    println!("processo: {}", new_process(square, 3)?.join()?);
    Ok(())
}

/// Um trabalhador parado de verdade, que volta a andar no fim.
struct Stopped(u32);

impl Stopped {
    fn new(pid: u32) -> Self {
        kill(pid, Signal::STOP);
        let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        eventually("o processo parou", || stat().contains(") T "));
        Stopped(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // Pode ter sido morto e recolhido, por ter passado do tempo.
        let _ = Pid::from_raw(self.0.cast_signed()).map(|pid| kill_process(pid, Signal::CONT));
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

/// Pelo soquete, um bloco já entregue é de quem o recebeu: só o limite de tempo o tira de quem está parado.
fn takes_back_by_time_limit(builder: PoolBuilder) -> PoolBuilder {
    if by_socket() { builder.task_timeout(Duration::from_millis(200)).retries(1) } else { builder }
}

fn a_stopped_idle_worker_leaves_the_tasks_to_the_others() {
    for timed in [false, true] {
        let builder = pool_builder().workers(2);
        let builder = if timed { builder.task_timeout(PATIENCE) } else { builder };
        let pool = takes_back_by_time_limit(builder).build().unwrap();
        // Ora dormindo, ora procurando: conforme quanto se espera antes de pará-lo.
        for round in 0..40 {
            assert_eq!(pool.map(square, 0..16).unwrap().len(), 16);
            std::thread::sleep(Duration::from_micros(10 * (round % 20)));
            let _stopped = Stopped::new(pool.pids()[round as usize % 2]);
            assert_eq!(pool.apply_async(square, round).get_timeout(PATIENCE).unwrap(), round * round);
        }
    }
}

/// Grandes demais para a memória: vão pelo soquete, e alguém tem que deixar o mural para fazê-las.
fn a_stopped_idle_worker_leaves_the_large_tasks_to_the_others() {
    let pool = takes_back_by_time_limit(pool_builder().workers(2)).build().unwrap();
    let len = |bytes: Vec<u8>| bytes.len();
    for round in 0..4 {
        assert_eq!(pool.map(square, 0..16).unwrap().len(), 16);
        let _stopped = Stopped::new(pool.pids()[round % 2]);
        let answer = pool.apply_async(len, vec![0; 200_000]).get_timeout(PATIENCE);
        assert_eq!(answer.unwrap(), 200_000);
    }
}

fn a_stopped_idle_worker_does_not_hold_a_join() {
    let pool = new_pool(2).unwrap();
    pool.map(square, 0..9).unwrap();
    kill(pool.pids()[0], Signal::STOP);
    if !by_socket() {
        assert_eq!(pool.apply(square, 3).unwrap(), 9);
    }
    pool.join();
}

fn exit_with(code: i32) {
    std::process::exit(code)
}

fn a_child_reaped_by_others_has_ended_nobody_knows_how() {
    if start_method() == multiprocessamento::StartMethod::ForkServer {
        harness::skip("quem recolhe os filhos do forkserver é ele");
    }
    // SAFETY: `signal` com SIG_IGN não chama nada nosso; o teste roda num processo só dele.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let assert_unknown = |error: &Error| {
        let Error::WorkerDied { status, .. } = error else { panic!("{error:?}") };
        assert_eq!((status.code(), status.signal(), status.success()), (None, None, false));
        assert!(error.to_string().ends_with("terminou, e ninguém aqui soube como"), "{error}");
    };
    let pool = new_pool(1).unwrap();
    assert_unknown(&pool.apply(exit_with, 3).unwrap_err());
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    let mut process = new_process(exit_with, 3).unwrap();
    assert_unknown(&process.join_timeout(PATIENCE).unwrap_err());
    assert!(!process.is_alive());
    assert_eq!(
        process.exit_status().map(|status| status.to_string()).as_deref(),
        Some("terminou, e ninguém aqui soube como")
    );
}

fn a_failing_initializer_is_told_at_once() {
    let start = std::time::Instant::now();
    let fail = |(): ()| panic!("sem licença");
    let error = pool_builder().workers(2).initializer(fail, ()).build().expect_err("uma falha");
    assert!(matches!(&error, Error::Panicked { message, .. } if message == "sem licença"), "{error:?}");
    let endless = |(): ()| std::thread::sleep(Duration::from_secs(3600));
    let limit = Duration::from_millis(300);
    let error = pool_builder().workers(2).task_timeout(limit).initializer(endless, ()).build().unwrap_err();
    assert!(matches!(error, Error::TaskTimedOut { .. }), "{error:?}");
    // Antes, 5 s para cada um, à espera de que quem estava de pé saísse sozinho.
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

/// O que a cópia faz com o que herdou; zero se está tudo certo.
fn use_in_a_copy(use_it: impl FnOnce()) {
    // SAFETY: a cópia só usa o que herdou e termina: nada do que as outras threads do original tinham na mão lhe faz falta,
    // a não ser a trava do alocador, que o `fork` da biblioteca de C repõe.
    match unsafe { libc::fork() } {
        0 => {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(use_it));
            // SAFETY: `_exit` só termina o processo.
            unsafe { libc::_exit(i32::from(outcome.is_err())) }
        }
        copy => {
            let mut status = 0;
            // SAFETY: o número que `waitpid` preenche é deste quadro, e a cópia é filha deste processo.
            unsafe { libc::waitpid(copy, &mut status, 0) };
            assert_eq!(status, 0, "a cópia não terminou bem");
        }
    }
}

fn a_copy_of_the_program_leaves_the_pools_to_the_original() {
    let (pool, threads) = (new_pool(2).unwrap(), multiprocessamento::ThreadPool::new(2).unwrap());
    let gate = folder();
    let process = new_process(wait_at_gate, gate.path().join("portão")).unwrap();
    let mut stream = pool.imap(square, 0..10);
    assert_eq!(stream.next().unwrap().unwrap(), 0);
    let late = pool.apply_async(wait_at_gate, gate.path().join("portão"));
    let (pids, inherited) = (pool.pids(), (pool, threads, process, stream, late));
    // A cópia tem tudo isto também, e o descarta; o original continua com o seu.
    let mut inherited = Some(inherited);
    use_in_a_copy(|| {
        let (pool, threads, process, mut stream, late) = inherited.take().unwrap();
        assert!(matches!(pool.map(square, 0..100), Err(Error::OtherProcess)));
        assert!(matches!(pool.apply(square, 3), Err(Error::OtherProcess)));
        assert!(matches!(pool.imap(square, 0..3).next(), Some(Err(Error::OtherProcess))));
        assert!(matches!(threads.map(square, 0..3), Err(Error::OtherProcess)));
        pool.terminate();
        pool.join();
        while stream.next().is_some_and(|result| result.is_ok()) {}
        assert!(matches!(late.get_timeout(Duration::from_secs(5)), Err(Error::OtherProcess)));
        late.cancel();
        drop((threads, process, stream));
        // Um pool da própria cópia é outra coisa.
        assert_eq!(new_pool(1).unwrap().map(square, 0..3).unwrap(), [0, 1, 4]);
    });
    let (pool, threads, process, stream, late) = inherited.unwrap();
    touch(gate.path().join("portão"));
    assert!(pids.contains(&late.get().unwrap()));
    assert_eq!(stream.map(Result::unwrap).collect::<Vec<_>>(), (1..10).map(square).collect::<Vec<_>>());
    assert_eq!(pool.map(square, 0..100).unwrap().len(), 100);
    assert_eq!(threads.map(square, 0..3).unwrap(), [0, 1, 4]);
    assert_eq!(pool.pids(), pids);
    assert_eq!(process.pid(), process.join().unwrap());
}

fn a_worker_that_became_another_program_is_a_death() {
    use std::os::unix::process::CommandExt;
    let become_another = |(): ()| std::process::Command::new("true").exec().to_string();
    let pool = new_pool(1).unwrap();
    let error = pool.apply(become_another, ()).unwrap_err();
    assert!(error.to_string().ends_with("saiu com código 0"), "{error}");
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    assert!(new_process(become_another, ()).unwrap().join().is_err());
}

fn a_worker_that_closed_every_descriptor_is_a_death() {
    let close = |(): ()| {
        // SAFETY: o que se fecha é deste processo, que depois disto não sabe mais falar com ninguém.
        unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
    };
    let pool = pool_builder().workers(1).retries(0).build().unwrap();
    let first = pool.apply(close, ());
    println!("{first:?}");
    eventually("o pool voltou a trabalhar", || pool.apply(square, 3).is_ok_and(|nine| nine == 9));
    println!("{:?}", new_process(close, ()).unwrap().join());
}

/// O programa bem-comportado, por trás de um comando que muda o mundo em volta dele.
fn behind(program: &str, command: &str, arguments: &[&str]) -> (Vec<String>, String) {
    let mut world = programs::command_at(command.as_ref(), program);
    world.args(arguments).arg(std::env::current_exe().unwrap());
    match world.output() {
        Ok(output) if output.status.success() => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(&output.stdout).lines().map(str::to_owned).collect(), text(&output.stderr))
        }
        refused => harness::skip(&format!("esta máquina não deixa: {refused:?}")),
    }
}

const WORKS: [&str; 2] = ["pool: Ok([0, 1, 4])", "processo: 9"];

/// O pai não se vê de lá: `getppid` diz zero.
fn a_process_works_where_children_are_born_in_another_pid_namespace() {
    let (lines, errors) = behind("um-processo", "unshare", &["--pid"]);
    assert_eq!((lines, errors.as_str()), (vec![WORKS[1].to_owned()], ""));
}

/// Quem pediu outro espaço de PIDs para os filhos não pode mais criar threads, e um pool tem uma.
fn a_pool_is_refused_where_threads_cannot_be_born() {
    let (lines, errors) = behind("como-se-deve", "unshare", &["--pid"]);
    assert!(lines[0].starts_with("pool: o sistema recusou um processo, uma thread"), "{lines:?}");
    assert_eq!(errors, "");
}

fn a_pool_works_without_dev() {
    let (lines, errors) = behind(
        "como-se-deve",
        "unshare",
        &["--mount", "sh", "-c", "mount -t tmpfs nada /dev && exec \"$0\""],
    );
    assert_eq!((lines, errors.as_str()), (WORKS.map(str::to_owned).to_vec(), ""));
}

fn without_proc_the_error_says_what_is_missing() {
    let (lines, errors) =
        behind("como-se-deve", "unshare", &["--mount", "sh", "-c", "umount -l /proc && exec \"$0\""]);
    assert_eq!((lines.len(), errors.as_str()), (2, ""));
    assert!(lines.iter().all(|line| line.contains("falta /proc")), "{lines:?}");
}

/// Daqui em diante o sistema recusa `call` a este processo e aos que ele criar, como um contêiner faz.
fn refuse(call: libc::c_long) {
    const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
    let step = |code, jf, k| libc::sock_filter { code, jt: 0, jf, k };
    let mut program = [
        // O número da chamada é o primeiro campo; se não é este, pula a recusa.
        step((libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, 0, 0),
        step((libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16, 1, call as u32),
        step((libc::BPF_RET | libc::BPF_K) as u16, 0, REFUSE),
        step((libc::BPF_RET | libc::BPF_K) as u16, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: o sistema só lê o filtro, que é deste quadro, e o programa dele.
    let refused = unsafe {
        // Basta uma vez; com o próprio `prctl` recusado, falha.
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const filter)
    };
    if refused != 0 {
        harness::skip("esta máquina não aceita filtros de chamadas ao sistema");
    }
}

/// Cada recusa fica valendo: vão das últimas chamadas que a biblioteca faz às primeiras.
fn what_a_filter_refuses_is_named_in_the_error() {
    if start_method() == StartMethod::ForkServer {
        return; // Ele já nasceu, fora do filtro.
    }
    let names = |error: Error, name: &str| {
        let line = error.to_string();
        assert!(line.contains(&format!("{name} não é permitido aqui")), "{line}");
    };
    let error_of_a_process = || {
        let born = new_process(square, 3);
        born.and_then(multiprocessamento::Process::join).map(drop).unwrap_err()
    };
    refuse(libc::SYS_memfd_create);
    names(SharedArray::<u8>::new(1).map(drop).unwrap_err(), "memfd_create");
    assert_eq!(Pool::new(2).unwrap().map(square, 0..3).unwrap(), [0, 1, 4], "por soquetes");
    assert_eq!(new_process(square, 3).unwrap().join().unwrap(), 9);
    refuse(libc::SYS_eventfd2);
    names(new_pool(1).map(drop).unwrap_err(), "eventfd");
    refuse(libc::SYS_prctl);
    names(error_of_a_process(), "prctl(PR_SET_PDEATHSIG)");
    refuse(libc::SYS_pidfd_open);
    names(error_of_a_process(), "pidfd_open (do Linux 5.3)");
    refuse(libc::SYS_execve);
    names(error_of_a_process(), "posix_spawn");
    refuse(libc::SYS_socketpair);
    names(error_of_a_process(), "socketpair");
    names(pipe::<u8, u8>().map(drop).unwrap_err(), "socketpair");
}

//! O pool de ranks do MPI: num programa comandado por outro, num `mpirun` comum, e em dois hosts.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use multiprocessamento::workbook::hosts::TwoHosts;
use multiprocessamento::workbook::record::Event;
use multiprocessamento::workbook::workload::{count_primes, slices};
use multiprocessamento::{Error, MpiJob, MpiPool, Pool, Queue};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness;
use crate::support::*;
use crate::workspace::{events, program, stderr, stdout};

crate::cases! {
    60 => ranks_map_like_a_pool,
    60 => long_messages_arrive_whole,
    60 => long_messages_are_for_everybody,
    60 => a_busy_rank_does_not_keep_the_work_of_the_others,
    60 => a_streamed_answer_does_not_wait_for_the_next_task,
    60 => a_panic_is_the_error_and_the_ranks_go_on,
    60 => a_rank_may_have_a_pool_and_outlives_who_dies_in_it,
    60 => an_endless_input_is_read_as_it_is_consumed,
    60 => two_streams_at_once_do_not_mix,
    60 => a_channel_is_refused_before_it_leaves,
    60 => outside_mpirun_the_error_says_so,
    60 => without_mpirun_installed_the_error_says_so,
    90 => a_rank_that_dies_is_an_error_and_leaves_nobody,
    90 => killed_program_takes_its_ranks,
    120 => the_lesson_has_seven_agreeing_models,
    120 => the_lesson_under_mpirun_counts_with_its_ranks,
    60 => a_wrong_option_under_mpirun_is_one_line,
    120 => a_rank_killed_under_mpirun_is_one_line_and_leaves_nobody,
    120 => a_lesson_brought_back_to_the_terminal_ends_in_peace,
    120 => two_hosts_give_the_same_answers,
    120 => the_lesson_under_mpirun_on_two_hosts_counts_the_same,
}

fn job(workers: usize) -> MpiJob {
    MpiJob::start(workers).expect("os ranks")
}

fn ranks_map_like_a_pool() {
    let squares = |(chunk, items): (usize, u64)| {
        let pool = MpiPool::new()?;
        assert_eq!(pool.workers(), 3);
        let by_chunk = pool.chunk_size(chunk)?;
        let mapped = by_chunk.map(square, 0..items)?;
        assert_eq!(by_chunk.imap(square, 0..items).collect::<Result<Vec<_>, _>>()?, mapped);
        let mut unordered = by_chunk.imap_unordered(square, 0..items).collect::<Result<Vec<_>, _>>()?;
        unordered.sort_unstable();
        assert_eq!(unordered, mapped);
        assert_eq!(pool.map(square, 0..items)?, mapped);
        Ok::<Vec<u64>, Error>(mapped)
    };
    let mut job = job(3);
    for (chunk, items) in [(1, 0), (1, 1), (1, 1_000), (7, 1_000), (5_000, 1_000)] {
        let expected: Vec<u64> = (0..items).map(square).collect();
        assert_eq!(job.call(squares, (chunk, items)).unwrap().unwrap(), expected, "{items} em {chunk}");
    }
    assert_eq!(job.call(|x: u64| MpiPool::new()?.apply(square, x), 12).unwrap().unwrap(), 144);
    assert!(matches!(job.call(|()| MpiPool::new()?.chunk_size(0).map(drop), ()), Ok(Err(Error::EmptyChunk))));
    assert!(matches!(MpiJob::start(0), Err(Error::NoWorkers)));
}

/// Dos dois lados do tamanho em que uma mensagem passa a ser anunciada, misturadas com curtas.
fn long_messages_arrive_whole() {
    let there_and_back = |()| {
        let grow = |bytes: Vec<u8>| [bytes.as_slice(), &bytes].concat();
        let sizes = [0, 1, 1_500, 3_000, 3_071, 3_072, 3_073, 5_000, 100_000, 2_000_000];
        let items: Vec<Vec<u8>> = (0..60).map(|i| vec![i as u8; sizes[i % sizes.len()]]).collect();
        let pool = MpiPool::new()?;
        let answers = pool.chunk_size(1)?.map(grow, items.clone())?;
        let streamed: Vec<_> = pool.imap(grow, items.clone()).collect::<Result<_, _>>()?;
        Ok::<bool, Error>(answers == items.into_iter().map(grow).collect::<Vec<_>>() && streamed == answers)
    };
    assert!(job(2).call(there_and_back, ()).unwrap().unwrap());
}

/// Uma pasta vazia, e o caminho dela como o que atravessa para os ranks.
fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

/// Espera que haja na pasta pelo menos tantos arquivos. Se eles dependem de quem espera, só o limite do teste o acaba.
fn wait_for_files(folder: &str, count: usize) {
    while fs::read_dir(folder).unwrap().count() < count {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Dois blocos compridos, e cada um espera pelo outro: só acabam se cada rank tem um.
fn long_messages_are_for_everybody() {
    let meet = |path: String| {
        let meet = |(path, x, bytes): (String, usize, Vec<u8>)| {
            fs::write(format!("{path}/{x}"), "").unwrap();
            wait_for_files(&path, 2);
            bytes.len()
        };
        let items = [0, 1].map(|x| (path.clone(), x, vec![7; 100_000]));
        MpiPool::new()?.chunk_size(1)?.map(meet, items)
    };
    let (_folder, path) = folder();
    assert_eq!(job(2).call(meet, path).unwrap().unwrap(), [100_000; 2]);
}

/// A primeira tarefa espera por quase todas as outras, até por muitas das que lhe seguem: quem a faz não as pode ter.
fn a_busy_rank_does_not_keep_the_work_of_the_others() {
    const TASKS: usize = 40;
    let all = |path: String| {
        let pool = MpiPool::new()?;
        let one_by_one = pool.chunk_size(1)?;
        // Tarefas curtas, antes, dão a cada rank muitas de uma vez; mas isso é da chamada delas.
        one_by_one.map(square, 0..1_000)?;
        let work = |(path, x): (String, usize)| match x {
            0 => wait_for_files(&path, TASKS - 2),
            x => fs::write(format!("{path}/{x}"), "").unwrap(),
        };
        one_by_one.map(work, (0..TASKS).map(|x| (path.clone(), x)))
    };
    let (_folder, path) = folder();
    assert_eq!(job(2).call(all, path).unwrap().unwrap().len(), TASKS);
}

/// Depois de muitas curtas, cada tarefa espera que se tenha visto a resposta da anterior.
fn a_streamed_answer_does_not_wait_for_the_next_task() {
    const SHORT: usize = 1_000;
    let stream = |path: String| {
        let work = |(path, x): (String, usize)| {
            wait_for_files(&path, x.saturating_sub(SHORT));
            x
        };
        let items = (0..SHORT + 20).map({
            let path = path.clone();
            move |x| (path.clone(), x)
        });
        let pool = MpiPool::new()?;
        pool.imap(work, items)
            .map(|answer| {
                let x = answer?;
                if x >= SHORT {
                    fs::write(format!("{path}/{x}"), "").unwrap();
                }
                Ok(x)
            })
            .collect::<Result<Vec<_>, Error>>()
    };
    let (_folder, path) = folder();
    assert_eq!(job(1).call(stream, path).unwrap().unwrap(), (0..SHORT + 20).collect::<Vec<_>>());
}

fn a_panic_is_the_error_and_the_ranks_go_on() {
    let panics = |()| {
        let pool = MpiPool::new()?;
        let picky = |x: u64| if x == 37 { panic!("o 37 não") } else { x };
        let failed = pool.chunk_size(1)?.map(picky, 0..200);
        let each: Vec<_> = pool.imap(picky, 0..200).collect();
        let good = each.iter().filter(|answer| answer.is_ok()).count();
        Ok::<_, Error>((failed.err(), good, pool.map(square, 0..10)?))
    };
    let (failed, good, after) = job(2).call(panics, ()).unwrap().unwrap();
    assert!(matches!(failed, Some(Error::Panicked { message, .. }) if message == "o 37 não"));
    assert_eq!(good, 199);
    assert_eq!(after, (0..10).map(square).collect::<Vec<_>>());
    // E um pânico no próprio rank 0.
    let mut job = job(1);
    let outcome = job.call(|x: u64| if x == 0 { panic!("aqui") } else { x }, 0);
    assert!(matches!(outcome, Err(Error::Panicked { message, .. }) if message == "aqui"));
    assert_eq!(job.call(square, 3).unwrap(), 9);
}

fn a_rank_may_have_a_pool_and_outlives_who_dies_in_it() {
    let ask = |()| {
        let with_a_pool = |_: u64| {
            let fragile = |x: u64| if x == 3 { kill_myself() } else { x };
            let pool = Pool::new(2)?;
            let answered = pool.imap(fragile, 0..8).filter(Result::is_ok).count();
            Ok::<_, Error>(answered)
        };
        MpiPool::new()?.chunk_size(1)?.map(with_a_pool, 0..4)?.into_iter().collect::<Result<Vec<_>, Error>>()
    };
    assert_eq!(job(2).call(ask, ()).unwrap().unwrap(), [7; 4]);
}

fn an_endless_input_is_read_as_it_is_consumed() {
    let some = |()| {
        let pool = MpiPool::new()?;
        let mut read = 0;
        let first: Vec<u64> =
            pool.imap(square, (0..).inspect(|_| read += 1)).take(50).collect::<Result<_, _>>()?;
        // O que ficou por responder não aparece na chamada seguinte.
        Ok::<_, Error>((first, read, pool.map(|x: u64| x, 0..100)?))
    };
    let (first, read, after) = job(2).call(some, ()).unwrap().unwrap();
    assert_eq!(first, (0..50).map(square).collect::<Vec<_>>());
    assert!(read < 200, "leu {read}");
    assert_eq!(after, (0..100).collect::<Vec<_>>());
}

fn two_streams_at_once_do_not_mix() {
    let interleaved = |()| {
        let pool = MpiPool::new()?;
        let (squares, same) = (pool.imap(square, 0..300), pool.imap(|x: u64| x, 0..300));
        let pairs = squares.zip(same).map(|(square, x)| Ok((square?, x?)));
        pairs.collect::<Result<Vec<(u64, u64)>, Error>>()
    };
    let pairs = job(2).call(interleaved, ()).unwrap().unwrap();
    assert_eq!(pairs, (0..300).map(|x| (x * x, x)).collect::<Vec<_>>());
}

fn a_channel_is_refused_before_it_leaves() {
    let refused = |()| {
        let queue: Queue<u64> = Queue::bounded(4)?;
        let pool = MpiPool::new()?;
        let put = |queue: Queue<u64>| queue.put(&1).is_ok();
        let errors =
            [pool.map(put, [queue.clone()]).err(), pool.imap(put, [queue]).next().and_then(Result::err)];
        Ok::<_, Error>((errors, pool.map(square, 0..3)?))
    };
    let (errors, after) = job(1).call(refused, ()).unwrap().unwrap();
    assert!(errors.iter().all(|error| matches!(error, Some(Error::Encode(_)))), "{errors:?}");
    assert_eq!(after, [0, 1, 4]);
}

fn outside_mpirun_the_error_says_so() {
    let Err(error) = MpiPool::new() else { panic!("não há ranks") };
    assert!(error.to_string().contains("não foi rodado por mpirun"), "{error}");
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

/// Os processos de um job: o `mpirun`, o rank 0, e quem respondeu.
fn everyone(job: &mut MpiJob) -> Vec<Identity> {
    let pids = |()| {
        let slow = |_: u64| {
            std::thread::sleep(Duration::from_millis(2));
            std::process::id()
        };
        let mut pids = MpiPool::new()?.chunk_size(1)?.map(slow, 0..64)?;
        pids.push(std::process::id());
        Ok::<_, Error>(pids)
    };
    let pids: BTreeSet<u32> = job.call(pids, ()).unwrap().unwrap().into_iter().chain(children()).collect();
    pids.into_iter().map(|pid| Identity::of(pid).expect("um processo vivo")).collect()
}

fn a_rank_that_dies_is_an_error_and_leaves_nobody() {
    let mut job = job(2);
    let everyone = everyone(&mut job);
    assert_eq!(everyone.len(), 4);
    let deadly = |()| {
        let die = |x: u64| if x == 30 { kill_myself() } else { x };
        MpiPool::new()?.chunk_size(1)?.map(die, 0..100)
    };
    let error = job.call(deadly, ()).unwrap_err();
    assert!(matches!(&error, Error::Mpi(reason) if reason.contains("sinal 9")), "{error}");
    eventually("todos se foram", || everyone.iter().all(Identity::is_gone));
    assert!(matches!(job.call(square, 1), Err(Error::Mpi(_))), "e não há mais a quem pedir");
}

/// O programa que esta variável faz desta suíte comanda dois ranks, um deles no meio de uma tarefa sem fim.
pub(crate) const COMMANDS_FOR_EVER: &str = "CADERNO_COMANDA";

pub(crate) fn command_for_ever() -> ! {
    let mut job = job(2);
    let pids: Vec<u32> = everyone(&mut job).iter().map(|process| process.pid).collect();
    let for_ever = |()| {
        let sleep = |_: u64| loop {
            std::thread::sleep(Duration::from_secs(3600));
        };
        MpiPool::new()?.map(sleep, 0..1).map(|_: Vec<u64>| ())
    };
    std::thread::spawn(move || job.call(for_ever, ()));
    print_tree_and_wait(pids)
}

fn killed_program_takes_its_ranks() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(COMMANDS_FOR_EVER, "sim").env_remove(harness::ONLY).stdin(Stdio::null());
    let mut program = start_program(command);
    assert_eq!(program.tree.len(), 4);
    kill(program.child.id(), Signal::KILL);
    program.child.wait().unwrap();
    assert!(within(Duration::from_secs(20), || program.tree.iter().all(Identity::is_gone)));
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
    let claims = events(&stdout(&output)).into_iter().filter(|event| matches!(event, Event::Claim(_)));
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

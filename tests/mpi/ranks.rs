//! O pool de ranks do MPI, num programa comandado por outro.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use multiprocessamento::{Error, MpiJob, MpiPool, Pool, Queue};
use rustix::process::Signal;
use serde::{Deserialize, Deserializer, Serialize};

use crate::harness;
use crate::support::*;

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
    60 => every_call_of_the_ranks_sees_the_context,
    60 => a_context_reaches_each_rank_once_and_leaves_when_another_comes,
    60 => a_large_context_may_be_sent_in_the_middle_of_a_stream,
    60 => a_context_that_does_not_cross_is_an_error_and_the_ranks_go_on,
    60 => outside_mpirun_the_error_says_so,
    90 => a_rank_that_dies_is_an_error_and_leaves_nobody,
    90 => killed_program_takes_its_ranks,
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
    assert!(matches!(
        job.call(|()| MpiPool::new()?.chunk_size(0).map(drop), ()),
        Ok(Err(Error::InvalidArgument { .. }))
    ));
    assert!(matches!(MpiJob::start(0), Err(Error::InvalidArgument { .. })));
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

fn every_call_of_the_ranks_sees_the_context() {
    let add = |context: &Vec<u64>, x: u64| context.iter().sum::<u64>() + x;
    let all = move |()| {
        let pool = MpiPool::new()?;
        let (one, other) = (pool.with_context(&vec![100, 200])?, pool.with_context(&vec![1])?);
        let expected: Vec<u64> = (300..1_300).collect();
        assert_eq!(one.map(add, 0..1_000)?, expected);
        assert_eq!(one.clone().chunk_size(7)?.map(add, 0..1_000)?, expected);
        assert_eq!(one.imap(add, 0..1_000).collect::<Result<Vec<_>, _>>()?, expected);
        let mut unordered = one.imap_unordered(add, 0..1_000).collect::<Result<Vec<_>, _>>()?;
        unordered.sort_unstable();
        assert_eq!(unordered, expected);
        Ok::<_, Error>((one.apply(add, 5)?, other.apply(add, 5)?))
    };
    assert_eq!(job(3).call(all, ()).unwrap().unwrap(), (305, 6));
}

/// Um contexto que anota cada vez que chega a um processo, e cada vez que o deixa.
#[derive(Serialize)]
struct Witness(String);

impl<'de> Deserialize<'de> for Witness {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let witness = Witness(String::deserialize(deserializer)?);
        witness.note("chegou");
        Ok(witness)
    }
}

impl Witness {
    fn note(&self, what: &str) {
        append_line(self.0.as_ref(), &format!("{what} {}", std::process::id()));
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.note("saiu");
    }
}

fn a_context_reaches_each_rank_once_and_leaves_when_another_comes() {
    let use_it = |path: String| {
        let pool = MpiPool::new()?;
        let witness = std::mem::ManuallyDrop::new(Witness(path));
        let context = pool.with_context(&*witness)?;
        let task = |_: &Witness, x: u64| x;
        context.map(task, 0..1_000)?;
        let mut stream = context.imap(task, 0..1_000);
        stream.next();
        // O fluxo ainda o usa, mesmo depois de descartado quem o criou.
        drop(context);
        let _other = pool.with_context(&())?;
        assert_eq!(stream.collect::<Result<Vec<_>, _>>()?.len(), 999);
        pool.with_context(&())?.apply(|(): &(), (): ()| (), ())
    };
    let (_folder, path) = folder();
    let notes = format!("{path}/notas");
    job(2).call(use_it, notes.clone()).unwrap().unwrap();
    let mut notes = lines(notes.as_ref());
    notes.sort_unstable();
    let ranks = |what: &str| {
        let of: Vec<_> = notes.iter().filter_map(|note| Some(note.strip_prefix(what)?.to_owned())).collect();
        assert_eq!(of.len(), 2, "{notes:?}");
        of
    };
    assert_eq!(ranks("chegou"), ranks("saiu"));
}

fn a_large_context_may_be_sent_in_the_middle_of_a_stream() {
    let both = |()| {
        let pool = MpiPool::new()?;
        let large = |x: usize| vec![x as u8; 300_000];
        let mut stream = pool.imap(large, 0..20);
        let first = stream.next().transpose()?;
        let context = pool.with_context(&vec![7_u8; 3_000_000])?;
        assert_eq!(context.apply(|bytes: &Vec<u8>, (): ()| bytes.len(), ())?, 3_000_000);
        let rest = stream.collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Error>(first.into_iter().chain(rest).map(|bytes| bytes[0]).collect::<Vec<u8>>())
    };
    assert_eq!(job(2).call(both, ()).unwrap().unwrap(), (0..20).collect::<Vec<u8>>());
}

/// Só se deixa ler no rank 0.
#[derive(Serialize)]
struct Homebound;

impl<'de> Deserialize<'de> for Homebound {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("recusa-se a entrar"))
    }
}

fn a_context_that_does_not_cross_is_an_error_and_the_ranks_go_on() {
    let attempts = |()| {
        let pool = MpiPool::new()?;
        let refused = pool.with_context(&Homebound).map(drop).unwrap_err();
        assert!(
            matches!(&refused, Error::Decode(reason) if reason.contains("recusa-se a entrar")),
            "{refused:?}"
        );
        let queue = Queue::<u8>::bounded(1)?;
        assert!(pool.with_context(&queue).map(drop).is_err());
        pool.with_context(&3)?.map(|three: &u64, x: u64| three * x, 0..4)
    };
    assert_eq!(job(2).call(attempts, ()).unwrap().unwrap(), [0, 3, 6, 9]);
}

fn outside_mpirun_the_error_says_so() {
    let Err(error) = MpiPool::new() else { panic!("não há ranks") };
    assert!(error.to_string().contains("não foi rodado por mpirun"), "{error}");
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

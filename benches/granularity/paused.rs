//! A ida e volta a quem já dormiu: depois de 5 ms sem nada a fazer, cada ponta presa ao seu núcleo.
//!
//! Acordar o outro núcleo é quase todo o preço, e ele depende de onde o sistema põe cada um: soltos, os dois caem ora no
//! mesmo núcleo, ora em dois. Presos, só resta comparar com o que custa o mesmo despertar por um pipe do sistema.

use std::fs;
use std::time::{Duration, Instant};

use licoes::measure::exchange::Exchange;
use multiprocessamento::{Pool, Transport};
use registro::format::{seconds, times};
use registro::stats::{Estimate, median};
use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

use super::contender::TRANSPORTS;
use super::nothing;
use crate::floor::bare;

const PAUSE: Duration = Duration::from_millis(5);
/// Cada série dá uma mediana de cada lado, e uma razão.
const SERIES: usize = 11;
const ROUNDS: usize = 40;

/// Mede e mostra a razão de cada transporte; nada, com um núcleo só.
pub fn round_trips() {
    println!();
    let available = sched_getaffinity(None).expect("os núcleos deste processo");
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| available.is_set(*core));
    let (Some(ours), Some(theirs)) = (cores.next(), cores.next()) else {
        println!("ida e volta depois de {}: pede dois núcleos, e só há um", seconds(PAUSE.as_secs_f64()));
        return;
    };
    for (name, transport) in TRANSPORTS {
        // Numa thread só para isto: prender esta não muda o resto da bancada.
        std::thread::scope(|scope| scope.spawn(|| against_pipe(name, transport, ours, theirs)).join())
            .expect("a medida");
    }
}

fn against_pipe(name: &str, transport: Transport, ours: usize, theirs: usize) {
    let pool = Pool::builder().workers(1).transport(transport).build().expect("um processo");
    pool.pids().into_iter().for_each(|pid| pin_process(pid, theirs));
    // O filho do pipe nasce preso onde esta thread estiver.
    pin(None, theirs);
    bare::pipe(Exchange::round_trip(size_of::<u64>()), |pipe| {
        pin(None, ours);
        let apply = || assert_eq!(pool.apply(nothing, 7).expect("uma resposta"), 7);
        apply();
        pipe();
        let (mut ratios, mut pool_times, mut pipe_times) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..SERIES {
            let pairs = (0..ROUNDS).map(|_| (after_pause(&apply), after_pause(pipe)));
            let (by_pool, by_pipe): (Vec<f64>, Vec<f64>) = pairs.unzip();
            ratios.push(median(&by_pool) / median(&by_pipe));
            pool_times.extend(by_pool);
            pipe_times.extend(by_pipe);
        }
        println!(
            "ida e volta depois de {}, núcleos {ours} e {theirs}: Pool por {name} / pipe: {} ({} contra {})",
            seconds(PAUSE.as_secs_f64()),
            times(Estimate::of(&ratios)),
            seconds(median(&pool_times)),
            seconds(median(&pipe_times)),
        );
    });
}

fn after_pause(round: &dyn Fn()) -> f64 {
    std::thread::sleep(PAUSE);
    let start = Instant::now();
    round();
    start.elapsed().as_secs_f64()
}

/// Todas as threads do processo: a que faz as tarefas é uma delas.
fn pin_process(pid: u32, core: usize) {
    for thread in fs::read_dir(format!("/proc/{pid}/task")).expect("um processo de pé").flatten() {
        let thread = thread.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        pin(Some(thread.expect("um número")), core);
    }
}

/// Prende uma thread (esta, com `None`) a um núcleo.
fn pin(thread: Option<Pid>, core: usize) {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(thread, &only).expect("um núcleo que é nosso");
}

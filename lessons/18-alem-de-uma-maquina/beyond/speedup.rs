//! A carga comum com 1, 2, … trabalhadores que já nasceram: no Pool, na rayon, nos ranks daqui e nos de dois hosts.

use std::ops::Range;
use std::time::Instant;

use licoes::load::model::rayon_threads;
use licoes::load::workload::count_primes;
use licoes::run::lesson::{Failure, Lesson};
use multiprocessamento::{Error, Pool};
use rayon::prelude::*;
use registro::stats::Estimate;

use super::team::{Hands, Place, Team, Way};

type Slices = Vec<Range<u64>>;

/// Conta os primos das fatias: quantos são, e em quantos segundos.
#[derive(Clone, Copy)]
struct Count;

impl Way<Slices, (u64, f64)> for Count {
    fn run(&self, hands: &impl Hands, slices: Slices) -> Result<(u64, f64), Error> {
        hands.wake()?;
        let start = Instant::now();
        let primes = hands.map(count_primes, slices)?.iter().sum();
        Ok((primes, start.elapsed().as_secs_f64()))
    }
}

/// O que as curvas disseram.
#[derive(Default)]
pub struct Speedups {
    pub same_here: bool,
    pub same_there: bool,
    pub against_pool: Option<Estimate>,
}

/// Mede e registra as curvas.
pub fn measure(lesson: &mut Lesson, place: &Place) -> Result<Speedups, Failure> {
    let most = lesson.options().workers;
    let doubling = std::iter::successors(Some(1), |count| Some(2 * count));
    let mut counts: Vec<usize> =
        doubling.take_while(|count| *count < most).chain([most]).collect();
    if place.is_a_rank {
        counts = vec![most];
    }
    let mut speedups =
        Speedups { same_here: true, same_there: true, against_pool: None };
    for (done, &count) in (1..).zip(&counts) {
        let teams = vec![Team::Pool(Pool::new(count)?), Team::here(place, count)?];
        let mut teams: Vec<Team> =
            teams.into_iter().chain(Team::far(place, count)?).collect();
        // O veredito é do último número; os outros são só o caminho até ele.
        let all = lesson.options().repetitions;
        let repetitions = if count == most { all } else { (all / 2).max(2) };
        let rounds = rounds(lesson, &mut teams, count, repetitions)?;
        rounds.record(lesson, count);
        speedups.same_here &= rounds.agree("mpi");
        speedups.same_there &= rounds.agree("mpi_two_hosts");
        speedups.against_pool = rounds.ratio("mpi", "process_pool");
        lesson.progress("mpi", done, counts.len());
    }
    Ok(speedups)
}

/// As medidas com um número de trabalhadores: de cada modelo, quantos primos e em quantos segundos, por repetição.
struct Rounds(Vec<(&'static str, Vec<(u64, f64)>)>);

fn rounds(
    lesson: &Lesson,
    teams: &mut [Team],
    count: usize,
    repetitions: usize,
) -> Result<Rounds, Error> {
    let slices = lesson.slices();
    let threads = rayon_threads(count)?;
    let mut rounds = vec![("serial", Vec::new()), ("rayon", Vec::new())];
    rounds.extend(teams.iter().map(|team| (team.id(), Vec::new())));
    for _ in 0..repetitions {
        rounds[0].1.push(timed(|| slices.iter().cloned().map(count_primes).sum()));
        let each =
            || slices.par_iter().with_max_len(1).cloned().map(count_primes).sum();
        rounds[1].1.push(timed(|| threads.install(each)));
        for (team, (_, rounds)) in teams.iter_mut().zip(&mut rounds[2..]) {
            rounds.push(team.ask(Count, slices.clone())?);
        }
    }
    Ok(Rounds(rounds))
}

fn timed(work: impl FnOnce() -> u64) -> (u64, f64) {
    let start = Instant::now();
    let primes = work();
    (primes, start.elapsed().as_secs_f64())
}

impl Rounds {
    fn of(&self, model: &str) -> Option<&[(u64, f64)]> {
        self.0.iter().find(|(id, _)| *id == model).map(|(_, rounds)| rounds.as_slice())
    }

    /// Se `model` contou sempre o que o serial contou. Quem não foi medido não discorda.
    fn agree(&self, model: &str) -> bool {
        let primes = self.0[0].1[0].0;
        self.of(model).is_none_or(|rounds| rounds.iter().all(|round| round.0 == primes))
    }

    /// O tempo de `slower` sobre o de `faster`, repetição a repetição.
    fn ratio(&self, slower: &str, faster: &str) -> Option<Estimate> {
        let pairs = self.of(slower)?.iter().zip(self.of(faster)?);
        Some(Estimate::of(
            &pairs.map(|(slow, fast)| slow.1 / fast.1).collect::<Vec<_>>(),
        ))
    }

    fn record(&self, lesson: &mut Lesson, count: usize) {
        for (model, _) in &self.0[1..] {
            if let Some(speedup) = self.ratio("serial", model) {
                let (x, y) =
                    ((count as f64, "trabalhadores"), (speedup.median, "aceleração"));
                lesson.point("speedup_by_workers", model, x, y);
            }
        }
    }
}

//! O preço de uma mensagem: a ida e volta, a entrega, e cada byte.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Instant;

use licoes::measure::granularity::spin;
use licoes::run::lesson::Lesson;
use multiprocessamento::Error;
use registro::stats::{Estimate, median};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use super::team::{Hands, Team, Way};

/// O maior argumento.
pub const MEBIBYTE: usize = 1 << 20;

static ZEROS: [u8; MEBIBYTE] = [0; MEBIBYTE];

/// Uma tarefa: tantas voltas, e tantos bytes a levar.
#[derive(Clone, Serialize, Deserialize)]
pub struct Task {
    turns: u64,
    load: Load,
}

impl Task {
    pub fn new(turns: u64, bytes: usize) -> Self {
        Task { turns, load: Load(Cow::Borrowed(&ZEROS[..bytes])) }
    }
}

/// Bytes que vão de uma vez. Quem os manda não os copia de novo a cada tarefa: o que se mede é a viagem.
#[derive(Clone)]
struct Load(Cow<'static, [u8]>);

impl Serialize for Load {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Load {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(deserializer)?;
        Ok(Load(Cow::Owned(bytes.into_vec())))
    }
}

fn work_on(task: Task) -> u64 {
    black_box(&task.load.0);
    spin(task.turns)
}

/// `tasks` tarefas iguais entregues uma a uma, e todas as respostas de volta; em segundos.
#[derive(Clone, Copy)]
pub struct HandOut;

/// Quantas voltas, quantos bytes, quantas tarefas.
pub type Order = (u64, usize, usize);

impl Way<Order, f64> for HandOut {
    fn run(
        &self,
        hands: &impl Hands,
        (turns, bytes, tasks): Order,
    ) -> Result<f64, Error> {
        hands.wake()?;
        let start = Instant::now();
        let answers =
            hands.map(work_on, (0..tasks).map(|_| Task::new(turns, bytes)))?;
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(answers.len(), tasks);
        Ok(seconds)
    }
}

/// A mediana de `rounds` idas e voltas de uma tarefa vazia, uma depois da outra; em segundos.
#[derive(Clone, Copy)]
struct RoundTrip;

impl Way<usize, f64> for RoundTrip {
    fn run(&self, hands: &impl Hands, rounds: usize) -> Result<f64, Error> {
        let round = |_| {
            let start = Instant::now();
            hands.map(work_on, [Task::new(0, 0)])?;
            Ok(start.elapsed().as_secs_f64())
        };
        Ok(median(&(0..rounds).map(round).collect::<Result<Vec<_>, Error>>()?))
    }
}

/// O que se mediu de uma equipe, um número por repetição, em segundos.
#[derive(Default)]
struct Price {
    id: &'static str,
    round_trip: Vec<f64>,
    /// Entregar uma tarefa vazia, com todos à espera de mais.
    task: Vec<f64>,
    /// Entregar uma que leva 1 MiB.
    mebibyte: Vec<f64>,
}

/// Os preços de cada equipe, na ordem em que elas vieram.
pub struct Prices(Vec<Price>);

const ROUNDS: usize = 200;
const EMPTY: usize = 20_000;
const LARGE: usize = 24;

impl Prices {
    /// Mede as equipes, que se revezam a cada repetição.
    pub fn measure(teams: &mut [Team], repetitions: usize) -> Result<Self, Error> {
        let price = |team: &Team| Price { id: team.id(), ..Price::default() };
        let mut prices: Vec<Price> = teams.iter().map(price).collect();
        for _ in 0..repetitions {
            for (team, price) in teams.iter_mut().zip(&mut prices) {
                price.round_trip.push(team.ask(RoundTrip, ROUNDS)?);
                price.task.push(team.ask(HandOut, (0, 0, EMPTY))? / EMPTY as f64);
                price
                    .mebibyte
                    .push(team.ask(HandOut, (0, MEBIBYTE, LARGE))? / LARGE as f64);
            }
        }
        Ok(Prices(prices))
    }

    pub fn record(&self, lesson: &mut Lesson) {
        lesson.say("\nO preço de uma mensagem, com os trabalhadores já de pé:");
        for Price { id, round_trip, task, mebibyte } in &self.0 {
            lesson.metric("round_trip_us", id, 1e6 * median(round_trip), "us");
            lesson.metric("delivery_us", id, 1e6 * median(task), "us");
            lesson.metric("carry_us", id, 1e6 * median(mebibyte), "us");
            // Quantos ranks, com tarefas de 1 ms, um rank 0 só consegue alimentar.
            lesson.metric("fed_by_one", id, 1e-3 / median(task), "");
        }
    }

    /// A ida e volta entre dois hosts sobre a que não sai de um, e as duas, em segundos.
    pub fn distance(&self) -> Option<(Estimate, [f64; 2])> {
        let of = |id| self.0.iter().find(|price| price.id == id);
        let (here, there) = (&of("mpi")?.round_trip, &of("mpi_two_hosts")?.round_trip);
        let ratios: Vec<f64> =
            there.iter().zip(here).map(|(there, here)| there / here).collect();
        Some((Estimate::of(&ratios), [median(here), median(there)]))
    }
}

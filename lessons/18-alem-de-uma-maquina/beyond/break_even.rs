//! Que tamanho uma tarefa precisa ter para pagar a própria viagem, conforme os bytes que leva.

use std::time::Instant;

use licoes::measure::granularity::{Crossing, Curve, Sample, spin, turns_per_second};
use licoes::run::lesson::Lesson;
use multiprocessamento::Error;
use registro::stats::median;

use super::hand_out::{HandOut, MEBIBYTE};
use super::team::Team;

/// Bytes do argumento de cada tarefa.
const LOADS: [usize; 4] = [64, 4 << 10, 64 << 10, MEBIBYTE];

/// De que tamanho são as tarefas, em vezes o preço da entrega, da maior à menor.
const SIZES: [f64; 6] = [16.0, 8.0, 4.0, 2.0, 1.0, 0.5];

/// Segundos de uma medida em paralelo, e quantas tarefas ela tem.
const BUDGET: f64 = 8e-3;
const FEWEST: f64 = 4.0;
const MOST: f64 = 20_000.0;

/// Metade da máquina ocupada: com dois trabalhadores, nem ganho nem perda.
const HALF: f64 = 0.5;

/// Mede e registra a METG(50 %) de cada equipe, com cada carga.
pub fn measure(lesson: &mut Lesson, teams: &mut [Team]) -> Result<(), Error> {
    let workers = lesson.options().workers;
    let repetitions = (lesson.options().repetitions / 2).max(2);
    let rate = turns_per_second();
    let total = LOADS.len() * teams.len();
    for (load, bytes) in LOADS.into_iter().enumerate() {
        for (turn, team) in teams.iter_mut().enumerate() {
            let price = price(team, bytes)?;
            let mut curve = Curve { model: team.id().to_owned(), sizes: Vec::new() };
            for size in SIZES.map(|times| times * price) {
                for _ in 0..repetitions {
                    curve.add(size, sample(team, size, bytes, price, rate, workers)?);
                }
            }
            let efficiency = |sample: &Sample| sample.speedup() / workers as f64;
            if let Crossing::At(metg) =
                curve.crossing(Sample::task_seconds, efficiency, HALF)
            {
                let x = (bytes as f64, "bytes");
                lesson.point(
                    "metg_by_bytes",
                    team.id(),
                    x,
                    (1e6 * metg.median, "µs por tarefa"),
                );
            }
            lesson.progress(team.id(), load * (total / LOADS.len()) + turn + 1, total);
        }
    }
    Ok(())
}

/// Segundos de entregar uma tarefa vazia com esta carga.
fn price(team: &mut Team, bytes: usize) -> Result<f64, Error> {
    let tasks = (4 * MEBIBYTE / bytes).min(1_000);
    let price = |_| Ok(team.ask(HandOut, (0, bytes, tasks))? / tasks as f64);
    Ok(median(&(0..3).map(price).collect::<Result<Vec<f64>, Error>>()?))
}

/// O mesmo trabalho em série, aqui, e em paralelo.
fn sample(
    team: &mut Team,
    size: f64,
    bytes: usize,
    price: f64,
    rate: f64,
    workers: usize,
) -> Result<Sample, Error> {
    let turns = (size * rate) as u64;
    let each = size / workers as f64 + price;
    let tasks = (BUDGET / each).clamp(FEWEST * workers as f64, MOST) as usize;
    let alone = tasks / workers;
    let start = Instant::now();
    (0..alone).for_each(|_| {
        spin(turns);
    });
    let serial = start.elapsed().as_secs_f64() * tasks as f64 / alone as f64;
    Ok(Sample { tasks, serial, parallel: team.ask(HandOut, (turns, bytes, tasks))? })
}

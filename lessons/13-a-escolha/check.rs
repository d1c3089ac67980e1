//! A conferência do exercício 13: a escolha é posta à prova com todos os modelos que servem.

#[allow(dead_code, reason = "a lição usa o resto")]
#[path = "choice/mod.rs"]
mod choice;

use std::fmt;
use std::process::ExitCode;

use choice::{Context, Race, Task};
use licoes::load::model::Model;
use licoes::measure::granularity::turns_per_second;
use licoes::measure::machine::cores;
use licoes::run::exercise::Check;
use registro::format::{decimal, integer, seconds};
use serde_bytes::ByteBuf;

/// O que se sabe de um trabalho. Tempos em segundos.
#[derive(Clone, Debug)]
pub struct Caso {
    /// Quantas tarefas.
    pub tarefas: usize,
    /// Quanto dura cada uma, em média.
    pub tarefa: f64,
    /// Quanto dura a mais longa.
    pub mais_longa: f64,
    /// Bytes que vão com cada tarefa.
    pub bytes: usize,
    /// Se uma tarefa pode derrubar o processo em que roda.
    pub pode_derrubar: bool,
    /// Quantos trabalhadores haverá: um por núcleo, e pelo menos dois.
    pub trabalhadores: usize,
}

impl fmt::Display for Caso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} tarefas de {} em média ({} a mais longa) e {} bytes cada",
            integer(self.tarefas as u64),
            seconds(self.tarefa),
            seconds(self.mais_longa),
            integer(self.bytes as u64)
        )
    }
}

/// Quantas vezes o tempo do melhor a escolha pode levar.
const CLOSE: f64 = 1.5;

/// O que rouba a vez de uma corrida só a alonga. Entre cinco, a menor é a que menos deve à máquina.
const REPETITIONS: usize = 5;

/// Confere uma resposta.
pub fn check(answer: impl Fn(&Caso) -> Model) -> ExitCode {
    let mut check = Check::new(13);
    let turns = turns_per_second();
    let lasting = |seconds: f64| Task::of((seconds * turns) as u64);
    let mut case = |name: &str, tasks: Vec<Task>, long: f64, mean: f64, risky: bool| {
        let caso = Caso {
            tarefas: tasks.len(),
            tarefa: mean,
            mais_longa: long,
            bytes: tasks[0].data.len(),
            pode_derrubar: risky,
            trabalhadores: cores().max(2),
        };
        check.point(name, || expect_good_choice(answer(&caso), &caso, &tasks));
    };
    let tiny = vec![lasting(1e-6); 50];
    case("cinquenta tarefas de um microssegundo", tiny, 1e-6, 1e-6, false);
    let many = vec![lasting(20e-6); 2_000];
    case("duas mil tarefas de vinte microssegundos", many, 20e-6, 20e-6, false);
    let data =
        vec![Task { data: ByteBuf::from(vec![7; 256 << 10]), ..lasting(20e-6) }; 48];
    case("48 tarefas, cada uma com 256 KiB de dados", data, 30e-6, 30e-6, false);
    let alone = vec![lasting(5e-3)];
    case("uma tarefa que pode derrubar o processo", alone, 5e-3, 5e-3, true);
    // De dez em dez, uma longa: 0,5 ms na média.
    let long = |index| if index % 10 == 0 { 4.1e-3 } else { 0.1e-3 };
    let uneven = (0..100).map(|index| lasting(long(index))).collect();
    case("cem que podem derrubá-lo, e dez delas longas", uneven, 4.1e-3, 0.5e-3, true);
    check.finish()
}

/// Recusa só o que não serve no contexto, e o que nem na mais curta das suas corridas chega perto do que o melhor
/// costuma levar: numa máquina ocupada, uma boa escolha também tem corridas longas.
fn expect_good_choice(
    chosen: Model,
    caso: &Caso,
    tasks: &[Task],
) -> Result<(), String> {
    let context = if caso.pode_derrubar { Context::Risky } else { Context::Free };
    if !context.admits(chosen) {
        return Err(format!(
            "«{}» não isola: uma tarefa que cai leva o programa com ela",
            chosen.label()
        ));
    }
    let race = Race::of(tasks, context, caso.trabalhadores, REPETITIONS)
        .map_err(|error| error.to_string())?;
    let best = race.best();
    let own = race.seconds.iter().filter(|(model, _)| *model == chosen);
    let shortest =
        own.flat_map(|(_, times)| times).copied().fold(f64::INFINITY, f64::min);
    let slowdown = shortest / race.median(best).unwrap_or(f64::INFINITY);
    if slowdown <= CLOSE {
        return Ok(());
    }
    Err(format!(
        "«{}» levou pelo menos {}× o tempo de «{}», com {caso}",
        chosen.label(),
        decimal(slowdown, 1),
        best.label()
    ))
}

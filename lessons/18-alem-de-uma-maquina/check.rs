//! A conferência do exercício 18: tantos ranks quantos o rank 0 alimenta, e não mais.

use std::process::ExitCode;

use licoes::measure::granularity::{spin, turns_per_second};
use licoes::measure::trace::{now, traced};
use licoes::run::exercise::{Check, expect_shared_work};
use multiprocessamento::{Error, Pool, Transport};
use registro::format::{count, integer, seconds};

/// O que se mediu do rank 0 e da rede.
#[derive(Clone, Copy, Debug)]
pub struct Custos {
    /// Segundos que cada tarefa ocupa o rank 0, sem contar os bytes do argumento.
    pub entrega: f64,
    /// Bytes de argumentos que o rank 0 escreve na rede por segundo.
    pub banda: f64,
    /// Segundos que uma mensagem viaja, depois de escrita.
    pub latencia: f64,
}

/// O que há por fazer: tarefas iguais.
#[derive(Clone, Copy, Debug)]
pub struct Trabalho {
    /// Quantas.
    pub tarefas: usize,
    /// Segundos que um rank leva em cada uma.
    pub segundos: f64,
    /// Bytes do argumento de cada uma.
    pub bytes: usize,
}

/// Quantas tarefas um rank pode ter nas mãos, como no `MpiPool`.
const PREFETCH: usize = 8;

/// Quantas vezes o melhor tempo a resposta pode levar.
const CLOSE: f64 = 1.1;

/// Na mesma sala, por uma rede rápida.
const ROOM: Custos = Custos { entrega: 10e-6, banda: 1.25e9, latencia: 30e-6 };
/// Entre duas cidades, por uma rede comum.
const CITIES: Custos = Custos { entrega: 100e-6, banda: 1.25e8, latencia: 8e-3 };
/// Um rank 0 que não gasta nada.
const FREE: Custos = Custos { entrega: 0.0, banda: 1.25e9, latencia: 0.0 };

const MIB: usize = 1 << 20;

/// A resposta do leitor.
pub trait Answer: Fn(Custos, Trabalho) -> usize + Copy + Send + 'static {}

impl<F> Answer for F where F: Fn(Custos, Trabalho) -> usize + Copy + Send + 'static {}

/// Confere uma resposta.
pub fn check(answer: impl Answer) -> ExitCode {
    let mut check = Check::new(18);
    let case = move |custos, tarefas, segundos, bytes| {
        let trabalho = Trabalho { tarefas, segundos, bytes };
        expect_enough(answer(custos, trabalho), custos, trabalho)
    };
    check.point_in_time(
        "poucas tarefas, ou nenhuma: ninguém fica sem o que fazer",
        move || {
            case(ROOM, 6, 1.0, 100)?;
            case(CITIES, 12, 30.0, 1_000)?;
            case(FREE, 64, 10e-3, 0)?;
            case(ROOM, 1, 1e-3, 100)?;
            case(ROOM, 0, 1e-3, 100)
        },
    );
    check.point_in_time(
        "muitas tarefas longas: só os ranks que o rank 0 alimenta",
        move || {
            case(ROOM, 4_000, 1e-3, 100)?;
            case(ROOM, 10_000, 5e-3, 64)
        },
    );
    check.point_in_time(
        "tarefas curtas, ou que não duram nada: o rank 0 é o limite",
        move || {
            case(ROOM, 5_000, 255e-6, 8)?;
            case(ROOM, 5_000, 4e-6, 8)?;
            case(ROOM, 100, 0.0, 0)?;
            case(FREE, 100, 0.0, 0)
        },
    );
    check.point_in_time(
        "argumentos grandes: escrever os bytes também ocupa o rank 0",
        move || {
            case(ROOM, 1_000, 20e-3, MIB)?;
            case(CITIES, 500, 1.0, 4 * MIB)?;
            case(ROOM, 300, 0.5e-3, MIB)
        },
    );
    check.point_in_time(
        "mensagens que viajam muito: a viagem não ocupa ninguém",
        move || {
            case(CITIES, 3_000, 10e-3, 100)?;
            case(Custos { latencia: 0.5e-3, ..ROOM }, 5_000, 1e-3, 100)
        },
    );
    check.point_in_time(
        "com o que custa entregar nesta máquina, dois processos repartem o trabalho",
        move || on_this_machine(answer).map_err(|error| error.to_string())?,
    );
    check.finish()
}

/// Recusa quem demora, e também quem não demora mas desperdiça: mais do que o bastante, metade dele e um.
fn expect_enough(
    ranks: usize,
    custos: Custos,
    trabalho: Trabalho,
) -> Result<(), String> {
    if ranks == 0 {
        return Err("alguém tem que trabalhar: a resposta é pelo menos 1".to_owned());
    }
    let time = |ranks| simulate(ranks, custos, trabalho);
    // Com um rank para cada tarefa, só se espera pelo rank 0: mais cedo não dá.
    let limit = CLOSE * time(trabalho.tarefas.max(1));
    let enough = (1..).find(|&ranks| time(ranks) <= limit).unwrap_or(usize::MAX);
    let asked = count(ranks, "rank", "ranks");
    let told = format!("com {asked} leva {}", seconds(time(ranks)));
    let better =
        format!("{}, {}", count(enough, "rank", "ranks"), seconds(time(enough)));
    let scene = describe(custos, trabalho);
    if time(ranks) > limit {
        return Err(format!("{scene}: {told}; com {better}"));
    }
    if ranks > enough + enough / 2 + 1 {
        return Err(format!(
            "{scene}: {told}; com só {better}, porque os outros quase só esperam"
        ));
    }
    Ok(())
}

fn describe(custos: Custos, trabalho: Trabalho) -> String {
    format!(
        "{} de {} e {}; o rank 0 gasta {} em cada uma e escreve {} MB/s; {} de viagem",
        count(trabalho.tarefas, "tarefa", "tarefas"),
        seconds(trabalho.segundos),
        count(trabalho.bytes, "byte", "bytes"),
        seconds(custos.entrega),
        integer((custos.banda / 1e6) as u64),
        seconds(custos.latencia),
    )
}

/// Quando o rank 0 tem a última resposta, se entrega uma tarefa a cada rank, em roda. Como elas são iguais, quem vem na
/// roda é quem está livre há mais tempo.
fn simulate(ranks: usize, custos: Custos, trabalho: Trabalho) -> f64 {
    let handing = custos.entrega + trabalho.bytes as f64 / custos.banda;
    let mut master_free_at = 0.0_f64;
    let mut ends: Vec<f64> = Vec::with_capacity(trabalho.tarefas);
    for task in 0..trabalho.tarefas {
        // Quando este rank termina a que recebeu `rounds` voltas antes.
        let end = |rounds: usize| {
            let earlier = task.checked_sub(rounds.saturating_mul(ranks));
            earlier.map(|earlier| ends[earlier])
        };
        let has_room_at = end(PREFETCH).map_or(0.0, |end| end + custos.latencia);
        let handed_at = master_free_at.max(has_room_at) + handing;
        let start = (handed_at + custos.latencia).max(end(1).unwrap_or(0.0));
        ends.push(start + trabalho.segundos);
        master_free_at = handed_at;
    }
    ends.last().map_or(0.0, |end| end + custos.latencia)
}

/// Aqui o supervisor do pool faz o papel do rank 0; por soquete, é ele quem entrega cada tarefa.
fn on_this_machine(answer: impl Answer) -> Result<Result<(), String>, Error> {
    const WORKERS: usize = 2;
    const TASKS: usize = 400;
    /// Quantas entregas dura uma tarefa.
    const LONG: f64 = 40.0;
    let team =
        |workers| Pool::builder().workers(workers).transport(Transport::Socket).build();
    let pool = team(WORKERS)?;
    let start = now();
    pool.chunk_size(1)?.map(spin, vec![0; 1_000])?;
    // Numa máquina ocupada, a entrega parece mais cara; o ponto não pode levar segundos por isso.
    let entrega = ((now() - start) / 1_000.0).min(20e-6);
    pool.join();

    let custos = Custos { entrega, banda: 1e9, latencia: entrega };
    let trabalho = Trabalho { tarefas: TASKS, segundos: LONG * entrega, bytes: 8 };
    let ranks = answer(custos, trabalho);
    let turns = (trabalho.segundos * turns_per_second()) as u64;
    let pool = team(ranks.clamp(1, WORKERS))?;
    let share = || -> Result<_, Error> {
        let items = vec![turns; TASKS];
        let pieces = pool.chunk_size(1)?.map(|turns| traced(spin, turns), items)?;
        Ok(expect_shared_work(&pieces, WORKERS))
    };
    let mut shared = share()?;
    // Ocupada, a máquina pode deixar um deles sem a vez o trabalho inteiro: vê-se de novo.
    for _ in 0..2 {
        if shared.is_err() {
            shared = share()?;
        }
    }
    let shared = shared.map_err(|reason| {
        let [task, handing] = [trabalho.segundos, entrega].map(seconds);
        format!("tarefas de {task}, e {handing} para entregar cada uma: {reason}")
    });
    Ok(shared.and_then(|()| expect_enough(ranks, custos, trabalho)))
}

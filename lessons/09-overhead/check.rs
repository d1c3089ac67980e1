//! A conferência do exercício 9: um tamanho de bloco que sai dos custos, e que rende de verdade.

use std::process::ExitCode;

use licoes::measure::granularity::{spin, turns_per_second};
use licoes::measure::trace::{now, traced};
use licoes::run::exercise::{Check, expect_shared_work};
use multiprocessamento::{Error, Pool};
use registro::format::{decimal, integer, seconds};

/// O que se mediu numa máquina, em segundos.
#[derive(Clone, Copy, Debug)]
pub struct Custos {
    /// Mandar um bloco a um trabalhador e receber a resposta, sem contar as tarefas.
    pub mensagem: f64,
    /// Uma tarefa.
    pub tarefa: f64,
}

/// Quantas vezes o tempo do melhor bloco a resposta pode levar.
const CLOSE: f64 = 1.25;

const MICROSECOND: f64 = 1e-6;

/// Confere uma resposta.
pub fn check(answer: impl Fn(Custos, usize, usize) -> usize) -> ExitCode {
    let mut check = Check::new(9);
    let case = |message: f64, task: f64, tasks, workers| {
        let costs =
            Custos { mensagem: message * MICROSECOND, tarefa: task * MICROSECOND };
        expect_close_to_the_best(answer(costs, tasks, workers), costs, tasks, workers)
    };
    check.point("sem tarefas, ou com menos tarefas do que trabalhadores", || {
        if answer(Custos { mensagem: 4e-5, tarefa: 1e-6 }, 0, 4) == 0 {
            return Err(
                "um bloco tem pelo menos uma tarefa, mesmo que não haja nenhuma"
                    .to_owned(),
            );
        }
        case(40.0, 1000.0, 3, 8)
    });
    check.point("tarefas longas: o preço da mensagem não importa, o fim sim", || {
        case(40.0, 10_000.0, 64, 4)?;
        case(5.0, 50_000.0, 100, 16)
    });
    check.point("tarefas curtas e muitas: o preço da mensagem manda", || {
        case(40.0, 1.0, 100_000, 2)?;
        case(5.0, 0.2, 100_000, 16)
    });
    check.point("tarefas curtas e poucas: os dois preços brigam", || {
        case(40.0, 1.0, 400, 8)?;
        case(40.0, 100.0, 1_000, 8)
    });
    check
        .point("nesta máquina, o trabalho se reparte entre os dois processos", || {
            on_this_machine(&answer).map_err(|error| error.to_string())?
        });
    check.finish()
}

fn expect_close_to_the_best(
    chunk: usize,
    costs: Custos,
    tasks: usize,
    workers: usize,
) -> Result<(), String> {
    if chunk == 0 {
        return Err("um bloco tem pelo menos uma tarefa".to_owned());
    }
    let sizes = std::iter::successors(Some(1), |size| Some(size + size / 8 + 1));
    let times = sizes
        .take_while(|size| *size <= tasks)
        .map(|size| (simulate(size, costs, tasks, workers), size));
    let (best, size) = times.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 1));
    let time = simulate(chunk, costs, tasks, workers);
    if time <= CLOSE * best {
        return Ok(());
    }
    Err(format!(
        "{} tarefas de {} para {workers} trabalhadores, {} por mensagem: blocos de {} levam {}× o tempo \
         de blocos de {}",
        integer(tasks as u64),
        seconds(costs.tarefa),
        seconds(costs.mensagem),
        integer(chunk as u64),
        decimal(time / best, 1),
        integer(size as u64),
    ))
}

/// Quando o último trabalhador termina, se quem fica livre leva o próximo bloco. As tarefas não são iguais: como na
/// contagem de primos, as últimas custam mais.
fn simulate(chunk: usize, costs: Custos, tasks: usize, workers: usize) -> f64 {
    let mut free_at = vec![0.0_f64; workers];
    let mut next = 0;
    while next < tasks {
        let end = tasks.min(next + chunk);
        // De 75 % da média na primeira a 125 % na última: a soma de uma progressão aritmética.
        let middle = (next + end) as f64 / (2 * tasks) as f64;
        let work = (end - next) as f64 * costs.tarefa * (0.75 + 0.5 * middle);
        let earliest = free_at.iter_mut().min_by(|a, b| a.total_cmp(b));
        earliest.into_iter().for_each(|time| *time += costs.mensagem + work);
        next = end;
    }
    free_at.into_iter().fold(0.0, f64::max)
}

fn on_this_machine(
    answer: &impl Fn(Custos, usize, usize) -> usize,
) -> Result<Result<(), String>, Error> {
    const WORKERS: usize = 2;
    const TASKS: usize = 20_000;
    const TASK: f64 = 5.0 * MICROSECOND;
    let pool = Pool::new(WORKERS)?;
    let turns = (TASK * turns_per_second()) as u64;
    let start = now();
    pool.chunk_size(1)?.map(spin, vec![0; 1_000])?;
    let mensagem = (now() - start) / 1_000.0 * WORKERS as f64;
    let chunk = answer(Custos { mensagem, tarefa: TASK }, TASKS, WORKERS).max(1);
    let pieces =
        pool.chunk_size(chunk)?.map(|turns| traced(spin, turns), vec![turns; TASKS])?;
    Ok(expect_shared_work(&pieces, WORKERS))
}

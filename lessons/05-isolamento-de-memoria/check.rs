//! A conferência do exercício 5: cada pedido com o seu desfecho, e o programa de pé.

use std::fs;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use licoes::load::workload::count_primes;
use licoes::run::exercise::{Check, expect_equal};
use licoes::system::crash::abort_quietly;
use multiprocessamento::{Error, Process};
use registro::format::seconds;
use serde::{Deserialize, Serialize};

/// O que se pede à função arriscada.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Pedido {
    /// Contar os primos abaixo de um número.
    Contar(u64),
    /// Pensar por um tempo, e então contar os primos abaixo de 100.
    Pensar(Duration),
    /// Entrar em pânico.
    Panico,
    /// Sair do programa, com código 3.
    Sair,
    /// Abortar.
    Abortar,
    /// Não voltar nunca mais.
    Travar,
}

/// O que a função arriscada devolve, quando devolve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resposta {
    /// Quantos primos.
    pub primos: u64,
    /// O processo que contou.
    pub pid: u32,
}

/// Como acabou um pedido.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Desfecho {
    /// A função respondeu.
    Respondeu(Resposta),
    /// A função entrou em pânico, ou levou consigo o processo em que estava.
    Falhou(Error),
    /// O tempo acabou, e a função foi encerrada.
    Demorou,
}

/// Uma função em que não se pode confiar.
pub fn arriscada(pedido: Pedido) -> Resposta {
    let ate = match pedido {
        Pedido::Contar(ate) => ate,
        Pedido::Pensar(tempo) => {
            sleep(tempo);
            100
        }
        Pedido::Panico => panic!("pânico de propósito"),
        Pedido::Sair => std::process::exit(3),
        Pedido::Abortar => abort_quietly(),
        Pedido::Travar => loop {
            sleep(Duration::from_secs(1));
        },
    };
    Resposta { primos: count_primes(0..ate), pid: std::process::id() }
}

const LIMIT: Duration = Duration::from_millis(800);
const STUCK: usize = 4;
/// Quem espera um travado por vez leva quatro limites; quem espera todos juntos, um.
const AT_ONCE: Duration = Duration::from_secs(2);
/// Quanto a resposta do leitor pode levar ao todo, antes de se dizer que ela travou.
const PATIENCE: Duration = Duration::from_secs(5);

/// O que se viu de uma resposta do leitor, num processo criado para ser sacrificado.
#[derive(Serialize, Deserialize)]
struct Seen {
    program: u32,
    outcomes: Vec<Desfecho>,
    took: Duration,
    left: usize,
}

/// Confere uma resposta.
pub fn check<F>(answer: F) -> ExitCode
where
    F: Fn(Vec<Pedido>, Duration) -> Vec<Desfecho> + Copy + Send + 'static,
{
    let mut check = Check::new(5);
    let run = |requests: &[Pedido]| sacrifice(answer, requests);
    check.point("quem responde é ouvido, em ordem, e roda fora do programa principal", || {
        let slow = Pedido::Pensar(LIMIT / 4);
        let seen = run(&[slow, Pedido::Contar(10_000), Pedido::Contar(1_000)])?;
        expect_outcomes(&seen, "25, 1229, 168")?;
        let inside = |outcome: &Desfecho| matches!(outcome, Desfecho::Respondeu(r) if r.pid == seen.program);
        match seen.outcomes.iter().any(inside) {
            true => Err("a função arriscada rodou no programa principal".to_owned()),
            false => Ok(()),
        }
    });
    check.point(
        "um pânico, um exit e um abort são falhas, e só de quem falhou",
        || {
            let seen = run(&[
                Pedido::Panico,
                Pedido::Sair,
                Pedido::Contar(100),
                Pedido::Abortar,
            ])?;
            expect_outcomes(&seen, "falhou, falhou, 25, falhou")
        },
    );
    let mut left = None;
    check.point(
        "quem trava é encerrado no limite, que corre para todos ao mesmo tempo",
        || {
            let mut requests = vec![Pedido::Travar; STUCK];
            requests.push(Pedido::Contar(100));
            let seen = run(&requests)?;
            left = Some(seen.left);
            expect_outcomes(&seen, "demorou, demorou, demorou, demorou, 25")?;
            if seen.took < AT_ONCE {
                return Ok(());
            }
            Err(format!(
                "com limite de {}, {STUCK} travados levaram {}: esperou-se um por vez",
                seconds(LIMIT.as_secs_f64()),
                seconds(seen.took.as_secs_f64())
            ))
        },
    );
    check.point("nenhum processo fica rodando", || match left {
        Some(0) => Ok(()),
        Some(left) => {
            Err(format!("ficaram {left} processos rodando depois da resposta"))
        }
        None => Err("não se viu: a resposta não chegou ao fim".to_owned()),
    });
    check.finish()
}

/// Confere os desfechos, cada um em uma palavra ou no número respondido.
fn expect_outcomes(seen: &Seen, expected: &str) -> Result<(), String> {
    let word = |outcome: &Desfecho| match outcome {
        Desfecho::Respondeu(answer) => answer.primos.to_string(),
        Desfecho::Falhou(_) => "falhou".to_owned(),
        Desfecho::Demorou => "demorou".to_owned(),
    };
    let words: Vec<String> = seen.outcomes.iter().map(word).collect();
    expect_equal(words.join(", ").as_str(), expected)
}

/// Roda a resposta do leitor num processo só dela: se ela cair ou travar, a conferência segue.
fn sacrifice<F>(answer: F, requests: &[Pedido]) -> Result<Seen, String>
where
    F: Fn(Vec<Pedido>, Duration) -> Vec<Desfecho> + Copy + Send + 'static,
{
    let program = move |requests: Vec<Pedido>| {
        let start = Instant::now();
        let outcomes = answer(requests, LIMIT);
        let took = start.elapsed();
        Seen {
            program: std::process::id(),
            outcomes,
            took,
            left: children_after_a_second(),
        }
    };
    let mut program = Process::start(program, requests.to_vec())
        .map_err(|error| error.to_string())?;
    program.join_timeout(PATIENCE).map_err(|error| match error {
        Error::TimedOut(_) => {
            format!("o programa ainda esperava, {} s depois", PATIENCE.as_secs())
        }
        Error::WorkerDied { status, .. } => {
            format!("o programa inteiro morreu com a função arriscada: {status}")
        }
        // Um pânico da resposta é um pânico do ponto: quem o explica é a conferência.
        Error::Panicked { message, .. } => std::panic::panic_any(message),
        other => other.to_string(),
    })
}

/// Os filhos deste processo que ainda há quando se lhes dá um segundo para acabar.
fn children_after_a_second() -> usize {
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let left = tasks
            .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
            .map(|list| list.split_whitespace().count())
            .sum();
        if left == 0 || Instant::now() > deadline {
            return left;
        }
        sleep(Duration::from_millis(10));
    }
}

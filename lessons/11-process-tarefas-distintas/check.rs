//! A conferência do exercício 11: três tarefas ao mesmo tempo, cada uma com as suas regras.

#[allow(dead_code, reason = "a lição usa o resto")]
#[path = "collatz.rs"]
mod collatz;
#[path = "diary.rs"]
mod diary;
#[path = "request.rs"]
mod request;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use collatz::Chain;
use diary::{Diary, Note, Task};
use licoes::run::exercise::{Check, expect_equal, expect_no_children};
use multiprocessamento::Error;
use registro::format::seconds;
pub use request::{Limites, Pedido, Relatorio, cadeia, fundo, primos};

/// A resposta: recebe o pedido e os limites.
pub trait Answer:
    Fn(Pedido, Limites) -> Result<Relatorio, Error> + Copy + Send + 'static
{
}

impl<F> Answer for F where
    F: Fn(Pedido, Limites) -> Result<Relatorio, Error> + Copy + Send + 'static
{
}

/// Confere uma resposta.
pub fn check(answer: impl Answer) -> ExitCode {
    let mut check = Check::new(11);
    check.point_in_time("as duas contas chegam, cada uma com o seu tipo", move || {
        both_counts_arrive(answer)
    });
    check.point_in_time(
        "as três rodam ao mesmo tempo, cada uma no seu processo",
        move || all_three_run_at_once(answer),
    );
    check.point_in_time("só a de fundo cede a vez", move || {
        only_the_background_yields(answer)
    });
    check.point_in_time("cada limite é o da sua tarefa", move || {
        each_limit_is_of_its_task(answer)
    });
    check.point_in_time(
        "a de fundo é encerrada quando se sabe das outras",
        move || the_background_ends_after_the_others(answer),
    );
    check.point_in_time("nenhum processo fica para trás", move || {
        ask_well(answer)?;
        expect_no_children()
    });
    check.finish()
}

/// Um limite que só quem trava alcança.
const FAR: Duration = Duration::from_secs(2);

const PRIMES_BELOW_10_000: u64 = 1_229;
const CHAIN_BELOW_1_000: Chain = Chain { start: 871, steps: 178 };

/// O que a resposta diz de um pedido, e o que as tarefas anotaram.
fn ask(
    answer: impl Answer,
    request: Result<Pedido, Error>,
    limits: Limites,
) -> Result<(Relatorio, Diary), String> {
    let request = request.map_err(|error| error.to_string())?;
    let diary = request.diary().clone();
    let report = answer(request, limits)
        .map_err(|error| format!("voltou com um erro: {error}"))?;
    Ok((report, diary))
}

/// Um pedido em que nada demora.
fn ask_well(answer: impl Answer) -> Result<(Relatorio, Diary), String> {
    let limits = Limites { primos: FAR, cadeia: FAR };
    ask(answer, Pedido::new(Duration::ZERO, false), limits)
}

fn both_counts_arrive(answer: impl Answer) -> Result<(), String> {
    let (report, _) = ask_well(answer)?;
    expect_equal(report.primos, Some(PRIMES_BELOW_10_000))?;
    expect_equal(report.cadeia, Some(CHAIN_BELOW_1_000))
}

fn all_three_run_at_once(answer: impl Answer) -> Result<(), String> {
    let (_, diary) = ask_well(answer)?;
    let pids = diary.all(Note::Pid).map(|pid| pid as u32);
    if pids.contains(&std::process::id()) {
        return Err("uma delas rodou no programa principal".to_owned());
    }
    expect_equal(BTreeSet::from(pids).len(), 3)?;
    // A largada só abre com as três; a de fundo pode ser encerrada antes de anotar que passou.
    for task in [Task::Primes, Task::Chain] {
        if diary.get(task, Note::Together) != 1.0 {
            let line = "uma esperou pelas outras na largada, e elas não vieram";
            return Err(line.to_owned());
        }
    }
    Ok(())
}

fn only_the_background_yields(answer: impl Answer) -> Result<(), String> {
    let (_, diary) = ask_well(answer)?;
    let own = request::niceness();
    // O sistema não passa de 19.
    expect_equal(diary.all(Note::Nice), [own, own, (own + 10.0).min(19.0)])
}

/// A cadeia trava, e tem menos tempo do que a conta dos primos leva: quem espera por esta primeiro a deixa viver demais.
fn each_limit_is_of_its_task(answer: impl Answer) -> Result<(), String> {
    const DELAY: Duration = Duration::from_millis(1_100);
    const LIMIT: Duration = Duration::from_millis(300);
    /// Entre o limite e a demora, com folga para uma máquina ocupada.
    const TOO_LONG: f64 = 0.8;

    let limits = Limites { primos: FAR, cadeia: LIMIT };
    let (report, diary) = ask(answer, Pedido::new(DELAY, true), limits)?;
    expect_equal((report.primos, report.cadeia), (Some(PRIMES_BELOW_10_000), None))?;
    let lived =
        diary.get(Task::Chain, Note::Beat) - diary.get(Task::Chain, Note::Start);
    if lived < TOO_LONG {
        return Ok(());
    }
    let limit = seconds(LIMIT.as_secs_f64());
    Err(format!("a cadeia, com limite de {limit}, rodou por {}", seconds(lived)))
}

fn the_background_ends_after_the_others(answer: impl Answer) -> Result<(), String> {
    const DELAY: Duration = Duration::from_millis(500);
    /// Quem vive dá muitos sinais neste tempo.
    const A_WHILE: Duration = Duration::from_millis(100);
    /// O sinal vem a cada 2 ms, e mais devagar numa máquina ocupada.
    const SLACK: f64 = 0.2;

    let limits = Limites { primos: FAR, cadeia: FAR };
    let (report, diary) = ask(answer, Pedido::new(DELAY, false), limits)?;
    let [primes, chain, background] = diary.all(Note::Beat);
    sleep(A_WHILE);
    if diary.get(Task::Background, Note::Beat) > background {
        return Err("ela continuou rodando".to_owned());
    }
    if background < primes.max(chain) - SLACK {
        return Err("ela foi encerrada antes de as outras responderem".to_owned());
    }
    match report.fundo.and_then(|status| status.signal_name()) {
        Some("SIGTERM" | "SIGKILL") => Ok(()),
        _ => {
            Err(format!("esperava saber que sinal a encerrou; veio {:?}", report.fundo))
        }
    }
}

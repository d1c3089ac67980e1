//! A conferência do exercício 11: três tarefas ao mesmo tempo, cada uma com as suas regras.

#[allow(dead_code, reason = "a lição usa o resto")]
#[path = "collatz.rs"]
mod collatz;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use collatz::{Chain, longest_chain};
use licoes::load::workload::count_primes;
use licoes::measure::trace::now;
use licoes::run::exercise::{Check, expect_equal, expect_no_children};
use multiprocessamento::{Barrier, Error, ExitStatus, SharedArray};
use registro::format::seconds;
use rustix::process::getpriority_process;
use serde::{Deserialize, Serialize};

/// O que se pede às três tarefas; um clone é o mesmo pedido.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pedido {
    demora: Duration,
    trava: bool,
    largada: Barrier,
    diario: Diario,
}

/// Quanto cada conta pode levar, a partir do começo.
#[derive(Clone, Copy, Debug)]
pub struct Limites {
    /// A dos primos.
    pub primos: Duration,
    /// A da cadeia.
    pub cadeia: Duration,
}

/// O que se soube das três.
#[derive(Clone, Debug)]
pub struct Relatorio {
    /// Quantos primos; `None` se a tarefa passou do limite.
    pub primos: Option<u64>,
    /// A cadeia; `None` se a tarefa passou do limite.
    pub cadeia: Option<Chain>,
    /// Como terminou a tarefa de fundo.
    pub fundo: Option<ExitStatus>,
}

/// Conta primos.
pub fn primos(pedido: Pedido) -> u64 {
    pedido.chegar(PRIMES);
    sleep(pedido.demora);
    let primos = count_primes(0..10_000);
    pedido.diario.beat(PRIMES);
    primos
}

/// Acha a cadeia de Collatz mais longa; às vezes trava.
pub fn cadeia(pedido: Pedido) -> Chain {
    pedido.chegar(CHAIN);
    if pedido.trava {
        pedido.diario.beat_for_ever(CHAIN);
    }
    let cadeia = longest_chain(1_000);
    pedido.diario.beat(CHAIN);
    cadeia
}

/// Arruma a casa enquanto as outras trabalham. Não termina sozinha.
pub fn fundo(pedido: Pedido) {
    pedido.chegar(BACKGROUND);
    pedido.diario.beat_for_ever(BACKGROUND)
}

const PRIMES: usize = 0;
const CHAIN: usize = 1;
const BACKGROUND: usize = 2;

/// As três chegam à largada em milissegundos; quem espera mais do que isto está sozinha.
const ALONE: Duration = Duration::from_millis(800);

impl Pedido {
    fn new(demora: Duration, trava: bool) -> Result<Self, Error> {
        let diario = Diario(SharedArray::new(3 * CELLS)?);
        Ok(Pedido { demora, trava, largada: Barrier::new(3)?, diario })
    }

    fn chegar(&self, task: usize) {
        self.diario.set(task, PID, f64::from(std::process::id()));
        self.diario.set(task, NICE, f64::from(getpriority_process(None).unwrap_or(0)));
        self.diario.set(task, START, now());
        self.diario.beat(task);
        if self.largada.wait_timeout(ALONE).is_ok() {
            self.diario.set(task, TOGETHER, 1.0);
        }
    }
}

/// O que cada tarefa anota fora da memória do seu processo.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Diario(SharedArray<f64>);

const PID: usize = 0;
const NICE: usize = 1;
const START: usize = 2;
/// A última vez que deu sinal de vida.
const BEAT: usize = 3;
const TOGETHER: usize = 4;
const CELLS: usize = 5;

impl Diario {
    fn set(&self, task: usize, cell: usize, value: f64) {
        self.0.set(CELLS * task + cell, value);
    }

    fn get(&self, task: usize, cell: usize) -> f64 {
        self.0.get(CELLS * task + cell)
    }

    fn beat(&self, task: usize) {
        self.set(task, BEAT, now());
    }

    fn beat_for_ever(&self, task: usize) -> ! {
        loop {
            self.beat(task);
            sleep(Duration::from_millis(2));
        }
    }

    /// O que as três anotaram na célula.
    fn all(&self, cell: usize) -> [f64; 3] {
        [PRIMES, CHAIN, BACKGROUND].map(|task| self.get(task, cell))
    }
}

/// A resposta: recebe o pedido e os limites.
pub trait Answer:
    Fn(Pedido, Limites) -> Result<Relatorio, Error> + Copy + Send + 'static
{
}

impl<F> Answer for F where
    F: Fn(Pedido, Limites) -> Result<Relatorio, Error> + Copy + Send + 'static
{
}

/// Um limite que só quem trava alcança.
const FAR: Duration = Duration::from_secs(2);

/// O que a resposta faz de um pedido, e o que as tarefas anotaram.
fn ask(
    answer: impl Answer,
    (demora, trava): (Duration, bool),
    limites: Limites,
) -> Result<(Relatorio, Diario), String> {
    let pedido = Pedido::new(demora, trava).map_err(|error| error.to_string())?;
    let diario = pedido.diario.clone();
    let relatorio = answer(pedido, limites)
        .map_err(|error| format!("voltou com um erro: {error}"))?;
    Ok((relatorio, diario))
}

/// Um pedido em que nada demora.
fn ask_well(answer: impl Answer) -> Result<(Relatorio, Diario), String> {
    ask(answer, (Duration::ZERO, false), Limites { primos: FAR, cadeia: FAR })
}

const CHAIN_BELOW_1000: Chain = Chain { start: 871, steps: 178 };

/// Confere uma resposta.
pub fn check(answer: impl Answer) -> ExitCode {
    let mut check = Check::new(11);
    check.point_in_time("as duas contas chegam, cada uma com o seu tipo", move || {
        let (relatorio, _) = ask_well(answer)?;
        expect_equal(relatorio.primos, Some(1_229))?;
        expect_equal(relatorio.cadeia, Some(CHAIN_BELOW_1000))
    });
    check.point_in_time(
        "as três rodam ao mesmo tempo, cada uma no seu processo",
        move || {
            let (_, diario) = ask_well(answer)?;
            let pids = diario.all(PID).map(|pid| pid as u32);
            if pids.contains(&std::process::id()) {
                return Err("uma delas rodou no programa principal".to_owned());
            }
            expect_equal(BTreeSet::from(pids).len(), 3)?;
            // A largada só abre com as três; a de fundo pode ser encerrada antes de anotar que passou.
            match [PRIMES, CHAIN].map(|task| diario.get(task, TOGETHER)) {
                [1.0, 1.0] => Ok(()),
                _ => {
                    Err("uma esperou pelas outras na largada, e elas não vieram"
                        .to_owned())
                }
            }
        },
    );
    check.point_in_time("só a de fundo cede a vez", move || {
        let (_, diario) = ask_well(answer)?;
        let own = f64::from(getpriority_process(None).unwrap_or(0));
        let expected = [own, own, (own + 10.0).min(19.0)];
        expect_equal(diario.all(NICE), expected)
    });
    check.point_in_time("cada limite é o da sua tarefa", move || {
        let limites = Limites { primos: FAR, cadeia: Duration::from_millis(300) };
        let slow = Duration::from_millis(1_100);
        let (relatorio, diario) = ask(answer, (slow, true), limites)?;
        expect_equal((relatorio.primos, relatorio.cadeia), (Some(1_229), None))?;
        let lived = diario.get(CHAIN, BEAT) - diario.get(CHAIN, START);
        if lived < 0.8 {
            return Ok(());
        }
        let limit = seconds(limites.cadeia.as_secs_f64());
        Err(format!("a cadeia, com limite de {limit}, rodou por {}", seconds(lived)))
    });
    check.point_in_time(
        "a de fundo é encerrada quando se sabe das outras",
        move || {
            let slow = Duration::from_millis(500);
            let limites = Limites { primos: FAR, cadeia: FAR };
            let (relatorio, diario) = ask(answer, (slow, false), limites)?;
            let [primes, chain, background] = diario.all(BEAT);
            sleep(Duration::from_millis(100));
            if diario.get(BACKGROUND, BEAT) > background {
                return Err("ela continuou rodando".to_owned());
            }
            // Ela dá sinal de vida a cada 2 ms, e mais devagar numa máquina ocupada.
            if background < primes.max(chain) - 0.2 {
                return Err(
                    "ela foi encerrada antes de as outras responderem".to_owned()
                );
            }
            match relatorio.fundo.and_then(|status| status.signal_name()) {
                Some("SIGTERM" | "SIGKILL") => Ok(()),
                _ => Err(format!(
                    "esperava saber que sinal a encerrou; veio {:?}",
                    relatorio.fundo
                )),
            }
        },
    );
    check.point_in_time("nenhum processo fica para trás", move || {
        ask_well(answer)?;
        expect_no_children()
    });
    check.finish()
}

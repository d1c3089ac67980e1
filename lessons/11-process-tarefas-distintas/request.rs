//! O que se pede às três tarefas do exercício 11, e o que cada uma faz do pedido.

use std::thread::sleep;
use std::time::Duration;

use licoes::load::workload::count_primes;
use licoes::measure::trace::now;
use multiprocessamento::{Barrier, Error, ExitStatus};
use rustix::process::getpriority_process;
use serde::{Deserialize, Serialize};

use super::collatz::{Chain, longest_chain};
use super::diary::{Diary, Note, Task};

/// O que se pede às três tarefas; um clone é o mesmo pedido.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pedido {
    /// Quanto a conta dos primos demora a começar.
    delay: Duration,
    /// Se a da cadeia trava.
    is_stuck: bool,
    /// Onde cada uma espera pelas outras duas.
    start_line: Barrier,
    diary: Diary,
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
    pedido.arrive(Task::Primes);
    sleep(pedido.delay);
    let primes = count_primes(0..10_000);
    pedido.diary.beat(Task::Primes);
    primes
}

/// Acha a cadeia de Collatz mais longa; às vezes trava.
pub fn cadeia(pedido: Pedido) -> Chain {
    pedido.arrive(Task::Chain);
    if pedido.is_stuck {
        pedido.diary.beat_for_ever(Task::Chain);
    }
    let chain = longest_chain(1_000);
    pedido.diary.beat(Task::Chain);
    chain
}

/// Arruma a casa enquanto as outras trabalham. Não termina sozinha.
pub fn fundo(pedido: Pedido) {
    pedido.arrive(Task::Background);
    pedido.diary.beat_for_ever(Task::Background)
}

/// As três chegam à largada em milissegundos; quem espera mais do que isto está sozinha.
const ALONE: Duration = Duration::from_millis(800);

impl Pedido {
    pub fn new(delay: Duration, is_stuck: bool) -> Result<Self, Error> {
        let (start_line, diary) = (Barrier::new(3)?, Diary::new()?);
        Ok(Pedido { delay, is_stuck, start_line, diary })
    }

    pub fn diary(&self) -> &Diary {
        &self.diary
    }

    /// A tarefa diz quem é, e espera pelas outras na largada.
    fn arrive(&self, task: Task) {
        let note = |note, value| self.diary.set(task, note, value);
        note(Note::Pid, f64::from(std::process::id()));
        note(Note::Nice, niceness());
        note(Note::Start, now());
        self.diary.beat(task);
        if self.start_line.wait_timeout(ALONE).is_ok() {
            note(Note::Together, 1.0);
        }
    }
}

/// Quanto este processo cede a vez.
pub fn niceness() -> f64 {
    f64::from(getpriority_process(None).unwrap_or(0))
}

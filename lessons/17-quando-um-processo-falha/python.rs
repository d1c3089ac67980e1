//! As mesmas falhas no `Pool` do Python, cada uma num Python só dela.

use std::fmt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use licoes::python::Python;
use registro::fate::Fate;
use registro::format::seconds;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::interrupt::Interrupted;

const SCRIPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/17-quando-um-processo-falha/example.py");

/// Cada espera do exemplo é limitada por ele mesmo; passado este tempo, algo o prendeu.
const LIMIT: Duration = Duration::from_secs(120);

/// As falhas que se cometem em Python, pelos nomes que têm no registro.
const FAULTS: [&str; 4] = ["panic", "exit", "kill", "stuck"];

/// O `kill -9` decide um veredito, e não pode ser obra do acaso; as outras se mostram uma vez.
const KILLS: usize = 3;

/// Uma linha que o exemplo escreve: o que ficou de uma falha.
#[derive(Clone, Debug, Deserialize)]
pub struct Round {
    pub fault: String,
    pub outcome: Outcome,
    pub asked: usize,
    /// Respostas que chegaram.
    pub right: usize,
    pub processes: usize,
    pub died: usize,
    /// Quanto o trabalho todo leva sem falha, e quanto se esperou pela resposta que não vinha, em segundos.
    pub normal: f64,
    pub limit: f64,
}

/// O que o `Pool` respondeu no lugar da tarefa que falhou.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Uma resposta.
    Answered,
    /// Uma exceção.
    Raised,
    /// Nada, até acabar o limite.
    Waiting,
}

impl Round {
    /// O destino das respostas. O que o exemplo confere é que chegaram; as que chegaram estão certas.
    pub fn fate(&self) -> Fate {
        let Round { asked, right, processes, died, .. } = *self;
        Fate { asked, right, wrong: 0, processes, died }
    }

    /// Quantos segundos se esperou por uma resposta que não veio; nada, se veio.
    pub fn waited_in_vain(&self) -> Option<f64> {
        (self.outcome == Outcome::Waiting).then_some(self.limit)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Round { fault, outcome, asked, right, limit, .. } = self;
        let fault = match fault.as_str() {
            "panic" => "uma exceção",
            "exit" => "um os._exit(3)",
            "kill" => "um kill -9",
            _ => "um sono sem fim",
        };
        write!(f, "{fault}: {right} de {asked} respostas; no lugar da que falta, ")?;
        match outcome {
            Outcome::Answered => write!(f, "uma resposta"),
            Outcome::Raised => write!(f, "uma exceção"),
            Outcome::Waiting => write!(f, "nada, em {}", seconds(*limit)),
        }
    }
}

/// O que o Python fez.
pub struct Seen {
    pub version: String,
    pub rounds: Vec<Round>,
    pub interrupted: Interrupted,
}

impl Seen {
    /// Uma rodada de cada falha.
    pub fn each_fault(&self) -> impl Iterator<Item = &Round> {
        let of = |fault: &&str| self.rounds.iter().find(|round| round.fault == *fault);
        FAULTS.iter().filter_map(of)
    }
}

/// Comete todas as falhas em `python`, ao mesmo tempo: quase todo o tempo delas é de espera.
pub fn every_fault(python: &Python) -> Result<Seen, String> {
    let others = FAULTS.into_iter().filter(|fault| *fault != "kill");
    thread::scope(|scope| {
        let start = |fault| scope.spawn(move || only_line::<Round>(python, fault));
        let running: Vec<_> = others.chain(["kill"; KILLS]).map(start).collect();
        let interrupted = only_line(python, "ctrl_c")?;
        let wait = |one: thread::ScopedJoinHandle<'_, _>| {
            one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let rounds = running.into_iter().map(wait).collect::<Result<_, _>>()?;
        Ok(Seen { version: python.version.clone(), rounds, interrupted })
    })
}

/// Roda o exemplo, que escreve uma linha.
fn only_line<T: DeserializeOwned>(python: &Python, fault: &str) -> Result<T, String> {
    let mut lines = Vec::new();
    python
        .run(Path::new(SCRIPT), &["--json", fault], LIMIT, |line| lines.push(line))?;
    lines
        .pop()
        .ok_or_else(|| format!("o Python {} não disse o que houve", python.version))
}

//! Os modelos lado a lado, repetição a repetição.

use multiprocessamento::Error;
use registro::legend::Entry;
use registro::record::{ModelResult, Span};
use registro::stats::{Estimate, median};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::load::model::{self, Model};
use crate::measure::machine::Watch;
use crate::measure::trace::{self, Piece, now, traced};

/// O tempo serial sobre o de cada modelo.
pub const SPEEDUP: Entry = Entry::metric("speedup", "aceleração")
    .question("Quanto cada um ganha sobre o serial da mesma linguagem?");

/// O tempo de processador sobre o de relógio.
pub const BUSY_CORES: Entry = Entry::metric("busy_cores", "núcleos ocupados ao mesmo tempo");

/// A aceleração da carga comum com cada vez mais trabalhadores.
pub const SPEEDUP_BY_WORKERS: Entry =
    Entry::series("speedup_by_workers", "Quanto se ganha, pelo número de trabalhadores?")
        .unit(SPEEDUP_AXIS)
        .from_zero()
        .amdahl(SERIAL_FRACTION.id);

/// A parte da conta que nenhum trabalhador a mais encurta, segundo a lei de Amdahl.
pub const SERIAL_FRACTION: Entry =
    Entry::metric("amdahl_serial_fraction", "fração serial, pela lei de Amdahl");

/// O eixo de toda curva de acelerações.
pub const SPEEDUP_AXIS: &str = "aceleração (vezes)";

/// O que um modelo fez numa repetição.
#[derive(Clone, Debug)]
pub struct Run {
    /// Quanto levou, do começo ao fim, em segundos.
    pub seconds: f64,
    /// Tempo de processador das tarefas, somado, em segundos.
    pub cpu_seconds: f64,
    /// Os trechos de cada trabalhador.
    pub spans: Vec<Span>,
}

impl Run {
    /// A repetição de `model` que começou no instante `start`, levou `seconds` e fez estes pedaços.
    pub fn of<R>(model: &str, pieces: &[Piece<R>], start: f64, seconds: f64) -> Self {
        Run {
            seconds,
            cpu_seconds: pieces.iter().map(|piece| piece.cpu_seconds).sum(),
            spans: trace::spans(model, pieces, start),
        }
    }
}

/// As repetições de um modelo.
#[derive(Clone, Debug)]
pub struct Measured {
    /// O modelo.
    pub model: Model,
    /// Com quantos trabalhadores.
    pub workers: usize,
    /// Uma por repetição, na ordem em que foram feitas.
    pub runs: Vec<Run>,
    /// A soma dos resultados, igual em todas as repetições.
    pub checksum: u64,
}

/// Modelos medidos na mesma rodada.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// O primeiro é sempre o serial.
    pub measured: Vec<Measured>,
    /// Que parte da máquina esteve em outras mãos durante a medição, de 0 a 1.
    pub others: f64,
}

/// Segundos de conta por trabalhador abaixo dos quais ela acaba enquanto eles ainda nascem: um processo nasce em poucos
/// milésimos.
const WORTH_SHARING: f64 = 0.01;

/// Se `seconds` de conta são bastantes para que `workers` os repartam.
///
/// Uma conta menor mede quem nasceu primeiro, e não o que se ganha em repartir.
pub fn is_worth_sharing(seconds: f64, workers: usize) -> bool {
    seconds >= WORTH_SHARING * workers as f64
}

/// O que dizer de uma conta que não se reparte, e o que fazer.
pub const TOO_SMALL: &str =
    "a conta é pequena, e acaba enquanto os trabalhadores nascem; peça uma maior, com --limite";

/// Um modelo e com quantos trabalhadores ele roda.
pub type Contestant = (Model, usize);

/// Roda cada modelo `repetitions` vezes. Dentro de uma repetição os modelos se revezam, e cada
/// repetição começa por um diferente: o que atrapalha a máquina por um momento atrapalha a todos.
///
/// O serial entra sempre, porque é a régua. `progress` é chamada depois de cada repetição, com o modelo e com o que ele
/// fez.
///
/// # Erros
///
/// [`CompareError::Model`] se um modelo falhou; [`CompareError::Disagreement`] se dois modelos deram
/// respostas diferentes.
pub fn compare<F, A>(
    function: F,
    items: &[A],
    contestants: &[Contestant],
    repetitions: usize,
    mut progress: impl FnMut(Model, &Run),
) -> Result<Comparison, CompareError>
where
    F: Fn(A) -> u64 + Copy + Send + Sync + 'static,
    A: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let watch = Watch::start();
    let parallel = contestants.iter().copied().filter(|(model, _)| *model != Model::Serial);
    let mut measured: Vec<Measured> = std::iter::once((Model::Serial, 1))
        .chain(parallel)
        .map(|(model, workers)| Measured { model, workers, runs: Vec::new(), checksum: 0 })
        .collect();
    let mut expected = None;
    for repetition in 0..repetitions {
        for turn in 0..measured.len() {
            let slot = (repetition + turn) % measured.len();
            let entry = &mut measured[slot];
            let (run, checksum) = run_once(entry.model, function, items, entry.workers)
                .map_err(|error| CompareError::Model { model: entry.model, error })?;
            let expected = *expected.get_or_insert(checksum);
            if checksum != expected {
                return Err(CompareError::Disagreement { model: entry.model, checksum, expected });
            }
            entry.checksum = checksum;
            progress(entry.model, &run);
            entry.runs.push(run);
        }
    }
    Ok(Comparison { measured, others: watch.others() })
}

fn run_once<F, A>(model: Model, function: F, items: &[A], workers: usize) -> Result<(Run, u64), Error>
where
    F: Fn(A) -> u64 + Copy + Send + Sync + 'static,
    A: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let start = now();
    let pieces: Vec<Piece<u64>> = model::run(model, move |item| traced(function, item), items, workers)?;
    let seconds = now() - start;
    let run = Run::of(model.id(), &pieces, start, seconds);
    Ok((run, pieces.iter().map(|piece| piece.value).sum()))
}

/// Duas maneiras de fazer o mesmo, medidas lado a lado.
#[derive(Clone, Copy, Debug)]
pub struct Versus {
    /// O tempo da primeira dividido pelo da segunda, repetição a repetição.
    pub ratio: Estimate,
    /// O tempo mediano de cada uma, em segundos.
    pub seconds: [f64; 2],
    /// Se as duas deram sempre a mesma resposta.
    pub agree: bool,
    /// Que parte da máquina esteve em outras mãos durante a medição, de 0 a 1.
    pub others: f64,
}

/// Mede `first` e `second` alternadas, `repetitions` vezes cada.
///
/// # Erros
///
/// O da maneira que falhou.
pub fn time_both<R: PartialEq>(
    repetitions: usize,
    first: impl Fn() -> Result<R, Error>,
    second: impl Fn() -> Result<R, Error>,
) -> Result<Versus, Error> {
    let watch = Watch::start();
    let (mut seconds, mut agree) = ([Vec::new(), Vec::new()], true);
    for repetition in 0..repetitions {
        let mut answers = [None, None];
        for turn in [repetition % 2, (repetition + 1) % 2] {
            let start = now();
            answers[turn] = Some(if turn == 0 { first() } else { second() }?);
            seconds[turn].push(now() - start);
        }
        agree &= answers[0] == answers[1];
    }
    let ratios: Vec<f64> = seconds[0].iter().zip(&seconds[1]).map(|(a, b)| a / b).collect();
    Ok(Versus {
        ratio: Estimate::of(&ratios),
        seconds: seconds.map(|seconds| median(&seconds)),
        agree,
        others: watch.others(),
    })
}

/// Por que uma comparação não terminou.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Um modelo falhou.
    #[error("o modelo {} falhou: {error}", model.id())]
    Model {
        /// O modelo.
        model: Model,
        /// A falha.
        error: Error,
    },
    /// Dois modelos deram respostas diferentes: um deles está errado.
    #[error("o modelo {} respondeu {checksum}, mas a resposta é {expected}", model.id())]
    Disagreement {
        /// O modelo.
        model: Model,
        /// O que ele respondeu.
        checksum: u64,
        /// O que se esperava.
        expected: u64,
    },
}

impl Comparison {
    /// As repetições de `model`, se ele foi medido.
    pub fn get(&self, model: Model) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.model == model)
    }

    /// Quantas vezes `faster` foi mais rápido do que `slower`: a razão dos tempos, repetição a repetição.
    pub fn ratio(&self, slower: &Measured, faster: &Measured) -> Estimate {
        ratio(&slower.runs, &faster.runs)
    }

    /// A aceleração de `measured` sobre o serial.
    pub fn speedup(&self, measured: &Measured) -> Estimate {
        self.ratio(&self.measured[0], measured)
    }

    /// O que `model` ganhou sobre o serial, se ele foi medido.
    pub fn gain(&self, model: Model) -> Option<Gain> {
        self.get(model).and_then(|measured| Gain::of(&self.measured[0].runs, &measured.runs))
    }

    /// O resultado de cada modelo, como vai para o registro.
    pub fn results(&self) -> impl Iterator<Item = ModelResult> {
        self.measured.iter().map(|measured| {
            let seconds = measured.seconds();
            let speedup = self.speedup(measured).median;
            ModelResult {
                model: measured.model.id().to_owned(),
                median: median(&seconds),
                seconds,
                speedup,
                efficiency: speedup / measured.workers as f64,
                checksum: measured.checksum,
            }
        })
    }
}

impl Measured {
    /// Quanto cada repetição levou, em segundos.
    pub fn seconds(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.seconds).collect()
    }

    /// Quantos núcleos trabalharam ao mesmo tempo, em média: tempo de processador sobre tempo de relógio.
    pub fn busy_cores(&self) -> Estimate {
        busy_cores(&self.runs)
    }

    /// Os trechos da repetição mais próxima da mediana.
    pub fn typical_spans(&self) -> &[Span] {
        typical_spans(&self.runs)
    }
}

/// O que um modelo ganhou sobre o serial da mesma linguagem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// O tempo serial dividido pelo do modelo, repetição a repetição.
    pub speedup: Estimate,
    /// Quantos núcleos o modelo ocupou ao mesmo tempo, em média.
    pub busy_cores: Estimate,
}

impl Gain {
    /// O ganho de `runs`, alternadas com as de `serial`; nada, se um dos dois não foi medido.
    pub fn of(serial: &[Run], runs: &[Run]) -> Option<Gain> {
        if serial.is_empty() || runs.is_empty() {
            return None;
        }
        Some(Gain { speedup: ratio(serial, runs), busy_cores: busy_cores(runs) })
    }
}

fn ratio(slower: &[Run], faster: &[Run]) -> Estimate {
    let ratios = slower.iter().zip(faster).map(|(slow, fast)| slow.seconds / fast.seconds);
    Estimate::of(&ratios.collect::<Vec<_>>())
}

fn busy_cores(runs: &[Run]) -> Estimate {
    Estimate::of(&runs.iter().map(|run| run.cpu_seconds / run.seconds).collect::<Vec<_>>())
}

/// Os trechos da repetição mais próxima da mediana; nenhum, se não houve repetição.
pub fn typical_spans(runs: &[Run]) -> &[Span] {
    if runs.is_empty() {
        return &[];
    }
    let seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
    let middle = median(&seconds);
    let distance = |run: &&Run| (run.seconds - middle).abs();
    let typical = runs.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    typical.map_or(&[], |run| &run.spans)
}

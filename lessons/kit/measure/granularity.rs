//! Até que tamanho de tarefa um modelo ainda rende.
//!
//! O mesmo trabalho é feito em série e em paralelo, lado a lado, com tarefas cada vez menores. A eficiência cai
//! quando o preço de entregar uma tarefa chega perto do tempo dela; o tamanho em que ela passa por 50 % é a
//! METG(50 %), *minimum effective task granularity*. Fonte: Slaughter e outros, *Task Bench*, SC20.

use std::hint::black_box;
use std::time::Instant;

use multiprocessamento::Error;
use registro::stats::{Estimate, median};
use serde::{Deserialize, Serialize};

use crate::load::model::{self, Model};
use crate::measure::crew::{Crew, Task};

/// Uma tarefa do tamanho que se quiser: `turns` voltas de um gerador xorshift, que o compilador não encurta.
///
/// Fonte do gerador: G. Marsaglia, *Xorshift RNGs, Journal of Statistical Software* 8:14, 2003.
#[inline(never)] // Uma volta dura o mesmo em quem quer que a chame, seja como for que o outro foi compilado.
pub fn spin(turns: u64) -> u64 {
    let mut state = turns | 1;
    for _ in 0..turns {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state)
}

/// Lê `data` inteiro: a soma dos seus bytes.
#[inline(never)] // Pela razão de `spin`.
pub fn read(data: &[u8]) -> u64 {
    data.iter().copied().map(u64::from).sum()
}

/// Quantas voltas de [`spin`] cabem num segundo, nesta máquina e agora.
pub fn turns_per_second() -> f64 {
    const TURNS: u64 = 200_000;
    let rate = |_| TURNS as f64 / timed(|| spin(TURNS)).1;
    median(&(0..9).map(rate).collect::<Vec<_>>())
}

/// O mesmo trabalho, feito das duas maneiras.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Em quantas tarefas ele veio.
    pub tasks: usize,
    /// Segundos em série.
    pub serial: f64,
    /// Segundos em paralelo.
    pub parallel: f64,
}

impl Sample {
    /// Faz `items` com `parallel` e os primeiros `alone` em série; `serial_first` diz qual das duas vem antes.
    ///
    /// As tarefas de uma varredura são iguais: fazer uma parte delas em série já diz quanto levaria o todo, e uma
    /// máquina de muitos núcleos não passa o tempo da lição esperando por um só.
    ///
    /// # Erros
    ///
    /// Os de `parallel`.
    ///
    /// # Panics
    ///
    /// Se as duas maneiras dão respostas diferentes, ou se `alone` passa do que há.
    pub fn take<F: Task>(
        function: F,
        items: &[u64],
        alone: usize,
        serial_first: bool,
        parallel: impl Fn(&[u64]) -> Result<Vec<u64>, Error>,
    ) -> Result<Self, Error> {
        let serial = || timed(|| items[..alone].iter().copied().map(function).collect::<Vec<u64>>());
        let early = serial_first.then(serial);
        let (answers, seconds) = timed(|| parallel(items));
        let (expected, part) = early.unwrap_or_else(serial);
        assert_eq!(answers?[..alone], expected, "as respostas dependem de quem faz");
        let whole = part * items.len() as f64 / alone as f64;
        Ok(Sample { tasks: items.len(), serial: whole, parallel: seconds })
    }

    /// Segundos de uma tarefa, em série.
    pub fn task_seconds(&self) -> f64 {
        self.serial / self.tasks as f64
    }

    /// Aceleração: quantas vezes o paralelo foi mais rápido.
    pub fn speedup(&self) -> f64 {
        self.serial / self.parallel
    }

    /// Segundos que cada tarefa levou a mais do que a parte dela no trabalho bem repartido.
    pub fn task_cost(&self, workers: usize) -> f64 {
        (self.parallel - self.serial / workers as f64) / self.tasks as f64
    }
}

fn timed<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let start = Instant::now();
    let answer = work();
    (answer, start.elapsed().as_secs_f64())
}

/// As medidas de um modelo.
#[derive(Clone, Debug)]
pub struct Curve {
    /// O identificador do modelo.
    pub model: String,
    /// Um tamanho depois do outro, do maior ao menor.
    pub sizes: Vec<Size>,
}

/// As medidas de um tamanho.
#[derive(Clone, Debug)]
pub struct Size {
    /// O tamanho que se pediu, em segundos. O que se mediu está nas amostras: o relógio do processador varia.
    pub seconds: f64,
    /// Uma amostra por repetição.
    pub samples: Vec<Sample>,
}

impl Size {
    /// A grandeza `quantity` neste tamanho.
    pub fn estimate(&self, quantity: impl Fn(&Sample) -> f64) -> Estimate {
        Estimate::of(&self.samples.iter().map(quantity).collect::<Vec<_>>())
    }
}

/// Onde uma curva cruza um nível.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Crossing {
    /// Aqui, com o intervalo das repetições.
    At(Estimate),
    /// Abaixo do menor tamanho medido: a curva nunca desceu até o nível.
    Below(f64),
    /// Acima do maior tamanho medido: a curva nunca subiu até ele.
    Above(f64),
}

impl Curve {
    /// Acrescenta uma amostra ao tamanho `seconds`: ao último, ou a um novo.
    pub fn add(&mut self, seconds: f64, sample: Sample) {
        match self.sizes.last_mut().filter(|size| size.seconds == seconds) {
            Some(size) => size.samples.push(sample),
            None => self.sizes.push(Size { seconds, samples: vec![sample] }),
        }
    }

    /// A mediana de `quantity` em cada tamanho, do maior ao menor.
    pub fn medians(&self, quantity: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.sizes.iter().map(|size| size.estimate(&quantity).median).collect()
    }

    /// O que uma tarefa custou além do trabalho dela, no menor tamanho medido, em segundos.
    ///
    /// # Panics
    ///
    /// Se a curva não tem tamanho nenhum.
    pub fn task_cost(&self, workers: usize) -> Estimate {
        self.sizes[self.sizes.len() - 1].estimate(|sample| sample.task_cost(workers))
    }

    /// Em que `x` a grandeza `y` cruza `level`, interpolado numa escala logarítmica de `x`, repetição a
    /// repetição.
    ///
    /// # Panics
    ///
    /// Se a curva não tem tamanho nenhum.
    pub fn crossing(&self, x: impl Fn(&Sample) -> f64, y: impl Fn(&Sample) -> f64, level: f64) -> Crossing {
        let (xs, ys) = (self.medians(&x), self.medians(&y));
        let smallest = xs[xs.len() - 1];
        if ys[ys.len() - 1] >= level {
            return Crossing::Below(smallest);
        }
        if ys.iter().all(|y| *y < level) {
            return Crossing::Above(xs[0]);
        }
        let crossings: Vec<f64> = self.crossings(x, y, level).into_iter().flatten().collect();
        // A curva das medianas cruza o nível; cada repetição também, a menos de um susto.
        if crossings.is_empty() { Crossing::Below(smallest) } else { Crossing::At(Estimate::of(&crossings)) }
    }

    /// O mesmo em cada repetição, em ordem; nada, na que não cruza.
    pub fn crossings(
        &self,
        x: impl Fn(&Sample) -> f64,
        y: impl Fn(&Sample) -> f64,
        level: f64,
    ) -> Vec<Option<f64>> {
        let repetitions = self.sizes.iter().map(|size| size.samples.len()).min().unwrap_or(0);
        let crossing = |repetition: usize| {
            let samples = self.sizes.iter().map(|size| &size.samples[repetition]);
            cross(&samples.map(|sample| (x(sample), y(sample))).collect::<Vec<_>>(), level)
        };
        (0..repetitions).map(crossing).collect()
    }
}

/// O menor `x` em que a linha quebrada por `dots`, do maior `x` ao menor, desce abaixo de `level`.
///
/// O menor, e não o primeiro: um susto num tamanho grande também a faz descer, e logo subir.
fn cross(dots: &[(f64, f64)], level: f64) -> Option<f64> {
    let pair = dots.windows(2).rfind(|pair| pair[0].1 >= level && pair[1].1 < level)?;
    let ((x, y), (below_x, below_y)) = (pair[0], pair[1]);
    let share = (level - below_y) / (y - below_y);
    Some((below_x.ln() + share * (x.ln() - below_x.ln())).exp())
}

/// O que se mede numa varredura de tamanhos.
#[derive(Clone, Copy, Debug)]
pub struct Sweep<'a> {
    /// Segundos de uma tarefa, do maior ao menor.
    pub sizes: &'a [f64],
    /// Trabalhadores de cada modelo.
    pub workers: usize,
    /// Quantas vezes medir cada tamanho.
    pub repetitions: usize,
    /// Segundos que uma medida em paralelo deve levar: as tarefas são tantas quantas cabem nele.
    pub budget: f64,
}

/// Abaixo desta eficiência a curva acabou: dali em diante ela só desce, e cada tamanho custa mais a medir.
const FLAT: f64 = 0.1;

/// Menos tarefas do que isto por trabalhador, e o fim (esperar o último) pesaria mais do que a entrega.
const FEWEST: f64 = 16.0;
const MOST: f64 = 200_000.0;

impl Sweep<'_> {
    /// A curva de cada um de `crews`, que vem com o seu identificador. Cada um é medido em alternância com o serial, a
    /// sua régua; os modelos passam um depois do outro, tamanho a tamanho.
    ///
    /// As repetições de um modelo vão seguidas: threads que nascem logo depois de outros ocuparem os núcleos caem às
    /// vezes todas no mesmo, e a curva delas seria a dos outros.
    ///
    /// `progress` é chamada a cada tamanho pronto, com quantos já foram.
    ///
    /// # Erros
    ///
    /// Um trabalhador morreu.
    pub fn curves<F: Task>(
        &self,
        crews: Vec<(&str, Crew<F>)>,
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Curve>, Error> {
        let rate = turns_per_second();
        let mut runners = Vec::new();
        for (model, crew) in crews {
            // A primeira chamada acorda os trabalhadores e traz as páginas deles; não entra na medida.
            crew.map(&vec![1; self.workers])?;
            let curve = Curve { model: model.to_owned(), sizes: Vec::new() };
            runners.push(Runner { crew, curve, task_cost: 0.0 });
        }
        for (done, &seconds) in (1..).zip(self.sizes) {
            let turns = (seconds * rate) as u64;
            runners.iter_mut().try_for_each(|runner| runner.measure(self, seconds, turns))?;
            progress(done);
        }
        Ok(runners.into_iter().map(|runner| runner.curve).collect())
    }
}

/// A aceleração de `model` quando cada vez começa do zero: criar os trabalhadores, repartir `total` segundos de
/// trabalho em poucas tarefas para cada um, e desfazer tudo.
///
/// # Erros
///
/// Os do modelo.
pub fn from_scratch(
    model: Model,
    totals: &[f64],
    workers: usize,
    repetitions: usize,
) -> Result<Curve, Error> {
    let rate = turns_per_second();
    let size = |&seconds: &f64| {
        let tasks = FEWEST as usize * workers;
        let items = vec![(seconds * rate) as u64 / tasks as u64; tasks];
        let run = |items: &[u64]| model::run(model, spin, items, workers);
        let alone = tasks / workers;
        let sample = |repetition| Sample::take(spin, &items, alone, repetition % 2 == 0, run);
        let samples = (0..repetitions).map(sample).collect::<Result<_, _>>()?;
        Ok(Size { seconds, samples })
    };
    let sizes = totals.iter().map(size).collect::<Result<_, Error>>()?;
    Ok(Curve { model: model.id().to_owned(), sizes })
}

/// Um modelo no meio da varredura.
struct Runner<F> {
    crew: Crew<F>,
    curve: Curve,
    /// O que cada tarefa custou além do trabalho dela, no tamanho anterior.
    task_cost: f64,
}

impl<F: Task> Runner<F> {
    /// Mede mais um tamanho; nada, se a curva já acabou.
    fn measure(&mut self, sweep: &Sweep, seconds: f64, turns: u64) -> Result<(), Error> {
        let workers = sweep.workers as f64;
        let efficiency = |sample: &Sample| sample.speedup() / workers;
        if self.curve.medians(efficiency).last().is_some_and(|last| *last < FLAT) {
            return Ok(());
        }
        let each = seconds / workers + self.task_cost;
        let tasks = (sweep.budget / each).clamp(FEWEST * workers, MOST);
        let items = vec![turns; tasks as usize];
        let alone = items.len() / sweep.workers;
        let sample = |repetition| {
            let crew = |items: &[u64]| self.crew.map(items);
            Sample::take(spin, &items, alone, repetition % 2 == 0, crew)
        };
        let samples = (0..sweep.repetitions).map(sample).collect::<Result<_, _>>()?;
        self.curve.sizes.push(Size { seconds, samples });
        self.task_cost = self.curve.task_cost(sweep.workers).median.max(0.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Um modelo em que cada tarefa custa 10 µs além do trabalho, com dois trabalhadores.
    fn curve() -> Curve {
        let sample =
            |task: f64| Sample { tasks: 100, serial: 100.0 * task, parallel: 100.0 * (task / 2.0 + 10e-6) };
        let sizes =
            [1e-3, 1e-4, 1e-5, 1e-6].map(|seconds| Size { seconds, samples: vec![sample(seconds); 3] });
        Curve { model: "process_pool".to_owned(), sizes: sizes.to_vec() }
    }

    fn efficiency(sample: &Sample) -> f64 {
        sample.speedup() / 2.0
    }

    #[test]
    fn the_crossing_is_between_the_two_sizes_around_it() {
        // Metade de eficiência: d / 2 = 10 µs. A interpolação entre 10 e 100 µs dá um pouco menos.
        let Crossing::At(metg) = curve().crossing(Sample::task_seconds, efficiency, 0.5) else {
            panic!("cruza")
        };
        assert!((15e-6..22e-6).contains(&metg.median), "{metg:?}");
    }

    #[test]
    fn a_curve_that_never_crosses_says_on_which_side_it_stays() {
        let crossing = |level| curve().crossing(Sample::task_seconds, efficiency, level);
        assert!(matches!(crossing(0.01), Crossing::Below(smallest) if (smallest - 1e-6).abs() < 1e-12));
        assert!(matches!(crossing(0.999), Crossing::Above(largest) if (largest - 1e-3).abs() < 1e-12));
    }

    #[test]
    fn a_fright_at_a_large_size_does_not_move_the_crossing() {
        let mut frightened = curve();
        frightened.sizes[1].samples[0].parallel *= 10.0;
        let [calm, frightened] = [curve(), frightened].map(|curve| {
            let Crossing::At(metg) = curve.crossing(Sample::task_seconds, efficiency, 0.5) else {
                panic!("cruza")
            };
            metg.median
        });
        assert!((frightened / calm - 1.0).abs() < 1e-9, "{frightened} e {calm}");
    }

    #[test]
    fn a_spin_of_more_turns_is_another_answer() {
        assert_ne!(spin(10), spin(12));
    }
}

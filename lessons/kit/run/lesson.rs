//! Por onde uma lição começa, e o que ela faz em ordem: anuncia, mede, mostra, julga, guarda.

use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use registro::kept::{Saved, folder, save, take_turn};
use registro::legend::{Entry, Legends};
use registro::record::{Claim, End, Event, Metric, Point, Progress, Span, Start, Workload};
use registro::system;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::load::model::Model;
use crate::load::workload::{KNOWN, count_primes, slices};
use crate::measure::compare::{Comparison, Contestant, compare};
use crate::measure::machine;
use crate::measure::trace::now;
use crate::python::Python;
use crate::python::twin::Twin;
use crate::run::exercise;
use crate::run::options::{self, Action, Options, Parsed};
use crate::run::report::{Json, Report, Terminal};

/// O que toda lição tem.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// O número, o mesmo do capítulo.
    pub number: u32,
    /// O título, o mesmo do capítulo.
    pub title: &'static str,
    /// Como se lê o que só ela mede, ou o que ela mede com o kit. Os modelos comuns não se repetem aqui.
    pub legend: &'static [Entry],
    /// As dicas do exercício, separadas por linhas `---`.
    pub hints: &'static str,
}

/// Um gêmeo leva poucos segundos; numa máquina muito ocupada, algumas vezes isso.
const TWIN_PATIENCE: Duration = Duration::from_secs(120);

/// O que interrompe uma lição.
pub type Failure = Box<dyn std::error::Error>;

/// Uma lição em andamento.
pub struct Lesson {
    options: Options,
    report: Box<dyn Report>,
    record: Vec<Event>,
    legends: Legends,
    started: f64,
    /// A maior parte da máquina que esteve em outras mãos durante uma das medições.
    others: f64,
}

/// Roda a lição: lê a linha de comando e conta a história.
///
/// Código de saída: 0 se a lição chegou ao fim, 1 se algo falhou, 2 se a linha de comando está errada.
pub fn run(info: Info, story: impl FnOnce(&mut Lesson) -> Result<(), Failure>) -> ExitCode {
    // Rodada por `mpirun`, a lição é o rank 0; os outros trabalham para ela, e não passam daqui.
    #[cfg(feature = "mpi")]
    let _ranks =
        match multiprocessamento::MpiPool::launched().then(multiprocessamento::MpiPool::new).transpose() {
            Ok(ranks) => ranks,
            Err(error) => {
                eprintln!("erro: {error}");
                return ExitCode::FAILURE;
            }
        };
    let options = match options::parse(info.number, info.title, std::env::args_os()) {
        Ok(Parsed::Options(options)) => options,
        Ok(Parsed::Help(text)) => {
            Terminal::default().say(text.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(line) => {
            eprintln!("erro: {line}");
            return ExitCode::from(2);
        }
    };
    match options.action {
        Action::Exercise => exercise::build_and_run(info.number),
        Action::Hint(number) => exercise::show_hint(info, number),
        Action::Run => match tell(info, options, story) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("erro: {error}");
                ExitCode::FAILURE
            }
        },
    }
}

fn tell(
    info: Info,
    options: Options,
    story: impl FnOnce(&mut Lesson) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Quem está no terminal pediu esta medição, e a tem; o aviso lhe diz por que os tempos podem não bastar. Onde não há pasta
    // não há vez a marcar.
    let turn = take_turn(&folder());
    if matches!(turn, Ok(None)) {
        eprintln!(
            "aviso: há outra medição em andamento neste projeto; os tempos de uma medem também a outra"
        );
    }
    let report: Box<dyn Report> = if options.json { Box::new(Json) } else { Box::new(Terminal::default()) };
    let (record, legends) = (Vec::new(), Legends::default());
    let mut lesson = Lesson { options, report, record, legends, started: now(), others: 0.0 };
    lesson.start(info)?;
    story(&mut lesson)?;
    lesson.emit(Event::End(End { seconds: now() - lesson.started, others: lesson.others }));
    match save(info.number, lesson.options.quick, &lesson.record) {
        Ok(Saved::Shown) if lesson.options.quick => lesson.report.say(
            "Foi uma primeira olhada: o livro a mostra como tal (cargo livro). Sem --rapido, a lição mede por inteiro, e \
             decide.",
        ),
        Ok(Saved::Shown) => lesson.report.say("O livro mostra estas medidas: cargo livro."),
        Ok(Saved::BehindACarefulOne) => lesson.report.say(
            "Foi uma primeira olhada: o livro segue com a sua medida inteira. Sem --rapido, uma nova a substitui.",
        ),
        Err(error) => eprintln!("aviso: o registro não foi guardado: {}", system::reason(&error)),
    }
    Ok(())
}

impl Lesson {
    /// O que o leitor pediu.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// A carga comum, em fatias: pelo menos 64, e pelo menos oito por trabalhador, para que a última não
    /// deixe os outros esperando muito.
    pub fn slices(&self) -> Vec<Range<u64>> {
        slices(self.options.limit, self.slice_count())
    }

    fn slice_count(&self) -> usize {
        64.max(8 * self.options.workers)
    }

    fn start(&mut self, info: Info) -> Result<(), Failure> {
        let now = OffsetDateTime::now_local().unwrap_or_else(|_| OffsetDateTime::now_utc());
        let now = now.replace_nanosecond(0)?;
        let options = &self.options;
        self.emit(Event::Start(Start {
            lesson: info.number,
            title: info.title.to_owned(),
            machine: machine::describe(),
            date: now.format(&Rfc3339)?,
            commit: machine::commit(),
            workload: Workload {
                name: "primes".to_owned(),
                limit: options.limit,
                slices: self.slice_count(),
            },
            workers: options.workers,
            quick: options.quick,
        }));
        // O MPI também, mesmo onde não se mediu: a legenda de uma lição é sempre a mesma.
        for entry in Model::EVERY.map(Model::legend).iter().chain(info.legend) {
            self.legends.add(entry.owned());
            self.emit(Event::Legend(entry.owned()));
        }
        Ok(())
    }

    /// Mede os modelos pedidos na carga comum e registra resultados e trechos.
    ///
    /// # Erros
    ///
    /// Um modelo falhou, dois discordaram, ou a resposta não é a conhecida.
    pub fn compare_models(&mut self) -> Result<Comparison, Failure> {
        let workers = self.options.workers;
        let contestants: Vec<_> = self.options.models.iter().map(|&model| (model, workers)).collect();
        let comparison = self.measure_runs(count_primes, &self.slices(), &contestants, true)?;
        let checksum = comparison.measured[0].checksum;
        if let Some((limit, known)) = KNOWN.into_iter().find(|(limit, _)| *limit == self.options.limit)
            && checksum != known
        {
            return Err(format!("abaixo de {limit} há {known} primos, e a conta deu {checksum}").into());
        }
        for result in comparison.results() {
            self.emit(Event::Result(result));
        }
        for measured in &comparison.measured {
            self.spans(measured.typical_spans());
        }
        Ok(comparison)
    }

    /// Mede `function` sobre `items` com cada concorrente, mostrando o andamento.
    ///
    /// # Erros
    ///
    /// Um modelo falhou, ou dois discordaram.
    pub fn measure<F, A>(
        &mut self,
        function: F,
        items: &[A],
        contestants: &[Contestant],
    ) -> Result<Comparison, Failure>
    where
        F: Fn(A) -> u64 + Copy + Send + Sync + 'static,
        A: Clone + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        self.measure_runs(function, items, contestants, false)
    }

    /// O mesmo; com `is_common`, o andamento leva o tempo de cada repetição, que é o da carga comum.
    fn measure_runs<F, A>(
        &mut self,
        function: F,
        items: &[A],
        contestants: &[Contestant],
        is_common: bool,
    ) -> Result<Comparison, Failure>
    where
        F: Fn(A) -> u64 + Copy + Send + Sync + 'static,
        A: Clone + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        let repetitions = self.options.repetitions;
        let parallel = contestants.iter().filter(|(model, _)| *model != Model::Serial).count();
        let total = ((parallel + 1) * repetitions) as u64;
        let mut done = 0;
        let comparison = compare(function, items, contestants, repetitions, |model, run| {
            done += 1;
            self.emit(Event::Progress(Progress {
                model: model.id().to_owned(),
                done,
                total,
                seconds: is_common.then_some(run.seconds),
            }));
        })?;
        self.note_others(comparison.others);
        Ok(comparison)
    }

    /// Mede em `python` o gêmeo desta lição, que conta os primos abaixo de `limit` com os mesmos trabalhadores,
    /// mostrando o andamento.
    ///
    /// # Erros
    ///
    /// Uma linha que diz por que não há o que comparar: o Python falhou, demorou demais, ou errou a conta.
    pub fn measure_twin(&mut self, python: &Python, script: &Path, limit: u64) -> Result<Twin, String> {
        // Medidas mais curtas do que as do Rust, e em maior número: um susto da máquina estraga uma só.
        let repetitions = 3 * self.options.repetitions;
        let size = [limit, repetitions as u64, self.options.workers as u64];
        let arguments = size.map(|number| number.to_string());
        let twin = Twin::measure(python, script, &arguments, TWIN_PATIENCE, |round| {
            self.progress(&round.model, round.done, round.total);
        })?;
        self.note_others(twin.others);
        let primes = count_primes(0..limit);
        let wrong = twin.answers("primes").find(|answer| *answer != primes);
        match wrong {
            Some(wrong) => Err(format!("o Python {} contou {wrong} primos, e são {primes}", python.version)),
            None => Ok(twin),
        }
    }

    /// Registra os trechos de um modelo que não é dos comuns.
    pub fn spans(&mut self, spans: &[Span]) {
        spans.iter().for_each(|span| self.emit(Event::Span(span.clone())));
    }

    /// Registra que uma medição avançou.
    pub fn progress(&mut self, model: &str, done: usize, total: usize) {
        let (done, total) = (done as u64, total as u64);
        self.emit(Event::Progress(Progress { model: model.to_owned(), done, total, seconds: None }));
    }

    /// Anota que parte da máquina esteve em outras mãos numa medição que a própria lição fez.
    pub fn note_others(&mut self, others: f64) {
        self.others = self.others.max(others);
    }

    /// Registra um ponto de uma curva.
    pub fn point(&mut self, series: &str, model: &str, x: (f64, &str), y: (f64, &str)) {
        self.emit(Event::Point(Point {
            series: series.to_owned(),
            model: model.to_owned(),
            x: x.0,
            x_unit: x.1.to_owned(),
            y: y.0,
            y_unit: y.1.to_owned(),
        }));
    }

    /// Registra um número avulso; `model` vazio quando ele é da lição.
    pub fn metric(&mut self, name: &str, model: &str, value: f64, unit: &str) {
        let (name, model, unit) = (name.to_owned(), model.to_owned(), unit.to_owned());
        self.emit(Event::Metric(Metric { name, model, value, unit }));
    }

    /// Registra uma afirmação julgada; uma primeira olhada não decide o que depende de tempo.
    pub fn claim(&mut self, claim: Claim) {
        let claim = if self.options.quick { claim.at_a_glance() } else { claim };
        self.emit(Event::Claim(claim));
    }

    /// O nome de um modelo, para quem lê.
    pub fn label<'a>(&'a self, model: &'a str) -> &'a str {
        self.legends.model(model)
    }

    /// Diz uma frase ao leitor; não faz parte do registro.
    pub fn say(&mut self, text: &str) {
        self.report.say(text);
    }

    fn emit(&mut self, event: Event) {
        self.report.event(&event);
        self.record.push(event);
    }
}

//! O registro de uma lição, lido do disco e arrumado por tipo de evento.

use std::fs;
use std::path::Path;

use registro::legend::Legends;
use registro::record::{Claim, Event, Metric, ModelResult, Point, Progress, Span, Start};
use registro::stats::median;

use super::number::TimeScale;
use crate::project::{Lesson, Project};

/// O registro de uma lição.
#[derive(Debug)]
pub struct Record {
    /// O que foi medido, onde e quando.
    pub start: Start,
    /// Se a medição é do leitor; senão, é a de referência.
    pub is_readers: bool,
    /// Como se lê cada nome.
    pub legends: Legends,
    /// O tempo de cada modelo.
    pub results: Vec<ModelResult>,
    /// Os pontos das curvas.
    pub points: Vec<Point>,
    /// Os trechos de trabalho.
    pub spans: Vec<Span>,
    /// Os números avulsos.
    pub metrics: Vec<Metric>,
    /// As afirmações julgadas.
    pub claims: Vec<Claim>,
}

/// Por que não há figura.
#[derive(Debug, PartialEq, Eq)]
pub enum Missing {
    /// Ninguém mediu ainda.
    Record,
    /// Este arquivo existe, mas não se deixa ler.
    Broken(String),
    /// O registro não tem os eventos que a figura pede.
    Figure,
}

/// O que se mediu de uma lição: nesta máquina, se alguém já mediu, e na de referência.
#[derive(Debug)]
pub struct Records {
    /// A medição do leitor.
    pub readers: Result<Record, Missing>,
    /// A de referência.
    pub reference: Result<Record, Missing>,
}

impl Records {
    /// Lê os dois registros.
    pub fn load(project: &Project, lesson: &Lesson) -> Self {
        let [careful, quick, reference] = project.records(lesson.number);
        let load = |path: &Path, is_readers| {
            if !path.exists() {
                return Err(Missing::Record);
            }
            read(path)
                .and_then(|events| Record::gather(events, is_readers))
                .filter(|record| record.start.lesson == lesson.number)
                .ok_or_else(|| Missing::Broken(project.shown(path)))
        };
        let readers = match load(&careful, true) {
            Err(Missing::Record) => load(&quick, true),
            careful => careful,
        };
        Records { readers, reference: load(&reference, false) }
    }

    /// Se o que se quer não está na legenda de registro nenhum. Sem legendas, como nos de uma versão anterior, não se sabe.
    pub fn lack(&self, wanted: impl Fn(&Legends) -> bool) -> bool {
        let mut known = [&self.readers, &self.reference].into_iter().flatten().map(|record| &record.legends);
        known.clone().any(|legends| !legends.is_empty()) && !known.any(wanted)
    }

    /// A medição do leitor ou, se ele ainda não mediu ou o registro dele está quebrado, a de referência.
    pub fn preferred(&self) -> Option<&Record> {
        self.readers.as_ref().or(self.reference.as_ref()).ok()
    }
}

impl Record {
    /// O registro feito destes eventos, se começam pelo começo.
    pub fn gather(events: impl IntoIterator<Item = Event>, is_readers: bool) -> Option<Self> {
        let mut events = events.into_iter();
        let Some(Event::Start(start)) = events.next() else { return None };
        let mut record = Self {
            start,
            is_readers,
            legends: Legends::default(),
            results: Vec::new(),
            points: Vec::new(),
            spans: Vec::new(),
            metrics: Vec::new(),
            claims: Vec::new(),
        };
        events.for_each(|event| record.add(event));
        Some(record)
    }

    /// Acrescenta um evento.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Legend(legend) => self.legends.add(legend),
            Event::Result(result) => {
                match self.results.iter_mut().find(|known| known.model == result.model) {
                    Some(growing) => *growing = result,
                    None => self.results.push(result),
                }
            }
            Event::Progress(Progress { model, seconds: Some(seconds), .. }) => self.repeat(model, seconds),
            Event::Point(point) => self.points.push(point),
            Event::Span(span) => self.spans.push(span),
            Event::Metric(metric) => self.metrics.push(metric),
            Event::Claim(claim) => self.claims.push(claim),
            Event::Start(_) | Event::Progress(_) | Event::End(_) | Event::Unknown => {}
        }
    }

    /// Mais uma repetição de um modelo que ainda se mede: o resultado dele cresce, até que venha o inteiro.
    fn repeat(&mut self, model: String, seconds: f64) {
        let known = self.results.iter().position(|result| result.model == model);
        let place = known.unwrap_or_else(|| {
            self.results.push(ModelResult { model, ..ModelResult::default() });
            self.results.len() - 1
        });
        self.results[place].seconds.push(seconds);
        let serial = self.result("serial").map_or_else(Vec::new, |serial| serial.seconds.clone());
        let workers = self.start.workers;
        let result = &mut self.results[place];
        result.median = median(&result.seconds);
        // Repetição a repetição, como no resultado inteiro.
        let ratios: Vec<f64> = serial.iter().zip(&result.seconds).map(|(serial, own)| serial / own).collect();
        result.speedup = if ratios.is_empty() { f64::NAN } else { median(&ratios) };
        result.efficiency = result.speedup / if result.model == "serial" { 1.0 } else { workers as f64 };
    }

    /// Se mediu sem dizer o nome de nada: é de uma versão anterior do caderno.
    pub fn is_unnamed(&self) -> bool {
        let has_measured = !(self.results.is_empty() && self.points.is_empty() && self.metrics.is_empty());
        self.legends.is_empty() && has_measured
    }

    /// A unidade de tempo de todas as figuras desta medição.
    pub fn time_scale(&self) -> TimeScale {
        time_scale(&[self])
    }

    fn longest(&self) -> f64 {
        let medians = self.results.iter().map(|result| result.median);
        let ends = self.spans.iter().map(|span| span.end);
        medians.chain(ends).fold(0.0, f64::max)
    }

    /// Um número avulso.
    pub fn metric(&self, name: &str, model: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name && metric.model == model)
    }

    /// O resultado de um modelo.
    pub fn result(&self, model: &str) -> Option<&ModelResult> {
        self.results.iter().find(|result| result.model == model)
    }
}

/// A unidade de tempo em que se leem, lado a lado, as figuras de todos estes registros.
pub fn time_scale(group: &[&Record]) -> TimeScale {
    TimeScale::fit(group.iter().map(|record| record.longest()).fold(0.0, f64::max))
}

fn read(path: &Path) -> Option<Vec<Event>> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).ok()).collect()
}

/// Os valores distintos, na ordem em que aparecem.
pub fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

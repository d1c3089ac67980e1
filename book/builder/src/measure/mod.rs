//! O que `{{#medida …}}` põe na página, a partir do registro da lição.
//!
//! # Layout
//!
//! * [`record`]: o registro, lido e arrumado.
//! * [`bars`], [`timeline`], [`curve`], [`processes`], [`fates`]: os gráficos.
//! * [`chart`]: o que todos eles têm: o título, o resumo e a tabela dos números.
//! * [`table`], [`advice`], [`verdicts`], [`value`]: o que é texto.
//! * [`caption`]: a legenda que diz de que máquina é a figura.
//! * [`number`], [`names`], [`titles`], [`pen`], [`axis`]: números, nomes, títulos, traços e escalas.

pub mod advice;
pub mod axis;
pub mod bars;
pub mod caption;
pub mod chart;
pub mod curve;
pub mod fates;
pub mod names;
pub mod number;
pub mod pen;
pub mod processes;
pub mod record;
pub mod table;
pub mod timeline;
pub mod titles;
pub mod value;
pub mod verdicts;

use mdbook::errors::Result;
use multiprocessamento::workbook::format::metric_label;

use crate::directive::Directive;
use crate::project::Lesson;
use record::{Missing, Record, Records};

/// O que entra no lugar de uma diretiva `{{#medida …}}`, a de número `place` na página.
///
/// A medição do leitor vem ao lado da de referência. Um registro ausente ou quebrado vira um aviso na página: o livro tem
/// que poder ser lido antes da primeira medição.
///
/// # Erros
///
/// Quando os argumentos não são os de nenhuma figura.
pub fn answer(lesson: &Lesson, directive: &Directive, records: &Records, place: usize) -> Result<String> {
    let figure = Figure::parse(directive)?;
    if let Figure::Value(value) = &figure {
        return Ok(value::inline(value, records.preferred().ok(), place));
    }
    let bodies = match records.preferred() {
        Err(missing) => vec![caption::notice(missing, lesson)],
        Ok(_) => {
            let both: Vec<&Record> = [&records.readers, &records.reference].into_iter().flatten().collect();
            let drawn = |record: &&Record| {
                let group = figure.group(record, &both);
                figure.draw(record, &group).map(|body| caption::figure(&body, record, lesson))
            };
            let drawn: Vec<String> = both.iter().filter_map(drawn).collect();
            if drawn.is_empty() { vec![caption::notice(&Missing::Figure, lesson)] } else { drawn }
        }
    };
    Ok(format!("\n\n<div class=\"medidas\" data-medida=\"{place}\">\n{}\n</div>\n\n", bodies.join("\n")))
}

/// As figuras que uma página pode pedir.
enum Figure<'a> {
    Table,
    Times,
    Bars(&'a str),
    Metrics(Vec<&'a str>),
    Timeline { ruler: timeline::Ruler, models: Vec<&'a str> },
    Curve(&'a str),
    Processes,
    Fates(Vec<&'a str>),
    Advice,
    Verdicts,
    Value(value::Value<'a>),
}

impl<'a> Figure<'a> {
    fn parse(directive: &Directive<'a>) -> Result<Self> {
        let known = |model: &str| {
            names::MODELS
                .contains(&model)
                .then_some(())
                .ok_or_else(|| directive.refuse(&format!("não conheço o modelo `{model}`")))
        };
        Ok(match directive.arguments[..] {
            ["tabela"] => Self::Table,
            ["barras"] => Self::Times,
            ["barras", metric] => Self::Bars(metric),
            ["metricas", ref names @ ..] if !names.is_empty() => {
                if let Some(name) = names.iter().find(|name| metric_label(name).is_none()) {
                    return Err(directive.refuse(&format!("o número `{name}` não tem título")));
                }
                Self::Metrics(names.to_vec())
            }
            ["linha-do-tempo", ref rest @ ..] => {
                let (ruler, models) = match rest {
                    ["por-nucleo", models @ ..] => (timeline::Ruler::SecondsByCore, models),
                    ["relativa", models @ ..] => (timeline::Ruler::OwnSerial, models),
                    models => (timeline::Ruler::Seconds, models),
                };
                models.iter().try_for_each(|model| known(model))?;
                Self::Timeline { ruler, models: models.to_vec() }
            }
            ["curva", series] => Self::Curve(series),
            ["processos"] => Self::Processes,
            ["destinos", ref failures @ ..] if !failures.is_empty() => {
                let unknown = |failure: &&&str| fates::FAILURES.iter().all(|(known, ..)| known != *failure);
                if let Some(failure) = failures.iter().find(unknown) {
                    return Err(directive.refuse(&format!("não conheço a falha `{failure}`")));
                }
                Self::Fates(failures.to_vec())
            }
            ["conselhos"] => Self::Advice,
            ["vereditos"] => Self::Verdicts,
            ["metrica", name] => Self::Value(value::Value::Metric { name, model: "" }),
            ["metrica", name, model] => {
                known(model)?;
                Self::Value(value::Value::Metric { name, model })
            }
            ["ponta", series, model, which @ ("primeira" | "ultima")] => {
                known(model)?;
                Self::Value(value::Value::End { series, model, is_last: which == "ultima" })
            }
            ["valor", what, model] => {
                known(model)?;
                let measure = value::Measure::parse(what)
                    .ok_or_else(|| directive.refuse(&format!("não conheço o valor `{what}`")))?;
                Self::Value(value::Value::Result { measure, model })
            }
            _ => return Err(directive.refuse("não conheço esta medida")),
        })
    }

    /// Os registros que dividem a escala com este: os dois, para que se comparem à vista. Os tempos de cargas diferentes
    /// não se comparam, e cada um fica na sua.
    fn group<'r>(&self, record: &Record, both: &[&'r Record]) -> Vec<&'r Record> {
        let needs_same_load = match self {
            Self::Times => true,
            Self::Timeline { ruler, .. } => *ruler != timeline::Ruler::OwnSerial,
            _ => false,
        };
        let fits = |other: &&Record| !needs_same_load || other.start.workload == record.start.workload;
        both.iter().copied().filter(fits).collect()
    }

    /// A figura, na escala que serve a todo o grupo; nada, quando o registro não tem do que fazê-la.
    fn draw(&self, record: &Record, group: &[&Record]) -> Option<String> {
        let chart = match self {
            Self::Table => return table::draw(record),
            Self::Metrics(names) => return table::of_metrics(record, names),
            Self::Advice => return advice::draw(record),
            Self::Verdicts => return verdicts::draw(record),
            Self::Value(_) => return None,
            Self::Times => bars::of_times(record, group),
            Self::Bars(metric) => bars::of_metric(record, metric, group),
            Self::Timeline { ruler, models } => timeline::draw(record, *ruler, models, group),
            Self::Curve(series) => curve::draw(record, series, group),
            Self::Processes => processes::draw(record),
            Self::Fates(failures) => fates::draw(record, failures),
        };
        chart.map(|chart| chart.html())
    }
}

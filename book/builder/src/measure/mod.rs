//! O que `{{#medida …}}` põe na página, a partir do registro da lição.
//!
//! # Layout
//!
//! * [`record`]: o registro, lido e arrumado.
//! * [`bars`], [`timeline`], [`curve`], [`processes`], [`fates`]: os gráficos.
//! * [`table`], [`advice`], [`verdicts`], [`value`]: o que é texto.
//! * [`caption`]: a legenda que diz de que máquina é a figura.
//! * [`number`], [`names`], [`pen`], [`axis`]: números, nomes, traços e escalas.

pub mod advice;
pub mod axis;
pub mod bars;
pub mod caption;
pub mod curve;
pub mod fates;
pub mod names;
pub mod number;
pub mod pen;
pub mod processes;
pub mod record;
pub mod table;
pub mod timeline;
pub mod value;
pub mod verdicts;

use mdbook::errors::Result;

use crate::directive::Directive;
use crate::project::{Lesson, Project};
use record::{Missing, Record};

/// O que entra no lugar de uma diretiva `{{#medida …}}`.
///
/// Um registro ausente ou quebrado vira um aviso na página: o livro tem que poder ser lido antes
/// da primeira medição.
///
/// # Erros
///
/// Quando os argumentos não são os de nenhuma figura.
pub fn answer(project: &Project, lesson: &Lesson, directive: &Directive) -> Result<String> {
    let figure = Figure::parse(directive)?;
    let record = Record::load(project, lesson);
    if let Figure::Value(value) = &figure {
        return Ok(value::inline(value, record.as_ref().ok()));
    }
    let body = record.and_then(|record| {
        let body = figure.draw(&record).ok_or(Missing::Figure)?;
        Ok(caption::figure(&body, &record, lesson))
    });
    Ok(body.unwrap_or_else(|missing| caption::notice(&missing, lesson)))
}

/// As figuras que uma página pode pedir.
enum Figure<'a> {
    Table,
    Times,
    Bars(&'a str),
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
                let unknown = |failure: &&&str| fates::FAILURES.iter().all(|(known, _)| known != *failure);
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
            ["valor", what, model] => {
                known(model)?;
                let measure = value::Measure::parse(what)
                    .ok_or_else(|| directive.refuse(&format!("não conheço o valor `{what}`")))?;
                Self::Value(value::Value::Result { measure, model })
            }
            _ => return Err(directive.refuse("não conheço esta medida")),
        })
    }

    /// A figura; nada, quando o registro não tem do que fazê-la.
    fn draw(&self, record: &Record) -> Option<String> {
        match self {
            Self::Table => table::draw(record),
            Self::Times => bars::of_times(record),
            Self::Bars(metric) => bars::of_metric(record, metric),
            Self::Timeline { ruler, models } => timeline::draw(record, *ruler, models),
            Self::Curve(series) => curve::draw(record, series),
            Self::Processes => processes::draw(record),
            Self::Fates(failures) => fates::draw(record, failures),
            Self::Advice => advice::draw(record),
            Self::Verdicts => verdicts::draw(record),
            Self::Value(_) => None,
        }
    }
}

//! O que `{{#medida …}}` põe na página, a partir do registro da lição.
//!
//! # Layout
//!
//! * [`record`]: o registro, lido e arrumado.
//! * [`view`]: a medição que se mostra, e a que fica ao lado dela.
//! * [`bars`], [`timeline`], [`curve`], [`processes`], [`fates`]: os gráficos.
//! * [`chart`]: o que todos eles têm: a pergunta, a resposta e a tabela dos números.
//! * [`table`], [`advice`], [`verdicts`], [`value`]: o que é texto.
//! * [`agreement`]: onde duas máquinas concordam e onde diferem.
//! * [`caption`]: o que cerca a figura: a pergunta, a resposta, de que máquinas ela é.
//! * [`number`], [`names`], [`pen`], [`axis`]: números, nomes, traços e escalas.

pub mod advice;
pub mod agreement;
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
pub mod value;
pub mod verdicts;
pub mod view;

use mdbook::errors::Result;
use registro::legend::Kind;

use crate::directive::Directive;
use crate::project::Lesson;
use crate::spoiler;
use chart::Chart;
use record::{Missing, Record, Records};
use table::Table;
use view::View;

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
    figure.check(records).map_err(|reason| directive.refuse(&reason))?;
    if let Figure::Value(value) = &figure {
        return Ok(value::inline(value, records.preferred(), place));
    }
    let body = match View::of(records) {
        Err(missing) => caption::notice(missing, lesson),
        Ok(view) => {
            let drawn = figure.draw(&view).map(|drawn| drawn.html(&view, lesson));
            drawn.unwrap_or_else(|| caption::notice(&Missing::Figure, lesson))
        }
    };
    Ok(format!(
        "\n\n<div class=\"medidas\" data-medida=\"{place}\">{open}\n{body}\n{close}</div>\n\n",
        open = spoiler::BLOCK.0,
        close = spoiler::BLOCK.1
    ))
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
        Ok(match directive.arguments[..] {
            ["tabela"] => Self::Table,
            ["barras"] => Self::Times,
            ["barras", metric] => Self::Bars(metric),
            ["metricas", ref names @ ..] if !names.is_empty() => Self::Metrics(names.to_vec()),
            ["linha-do-tempo", ref rest @ ..] => {
                let (ruler, models) = match rest {
                    ["por-nucleo", models @ ..] => (timeline::Ruler::SecondsByCore, models),
                    ["relativa", models @ ..] => (timeline::Ruler::OwnSerial, models),
                    models => (timeline::Ruler::Seconds, models),
                };
                Self::Timeline { ruler, models: models.to_vec() }
            }
            ["curva", series] => Self::Curve(series),
            ["processos"] => Self::Processes,
            ["destinos", ref failures @ ..] if !failures.is_empty() => Self::Fates(failures.to_vec()),
            ["conselhos"] => Self::Advice,
            ["vereditos"] => Self::Verdicts,
            ["metrica" | "ponta" | "valor", ..] => Self::Value(
                value::Value::parse(&directive.arguments).map_err(|reason| directive.refuse(&reason))?,
            ),
            _ => return Err(directive.refuse("não conheço esta medida")),
        })
    }

    /// A linha que diz o que a página pede e nenhum registro da lição nomeia, se ela pede.
    fn check(&self, records: &Records) -> std::result::Result<(), String> {
        let lacks = |kind, id: &str| records.lack(|legends| legends.find(kind, id).is_some());
        let is_no_column = |id: &str| {
            records.lack(|legends| legends.find(Kind::Metric, id).is_some_and(|legend| legend.in_tables))
        };
        let unknown = match self {
            Self::Value(value) => return value.check(records),
            Self::Timeline { models, .. } => {
                let model = models.iter().find(|model| lacks(Kind::Model, model));
                model.map(|model| format!("não conheço o modelo `{model}`"))
            }
            Self::Metrics(names) => {
                let name = names.iter().find(|name| is_no_column(name));
                name.map(|name| format!("o número `{name}` não tem título"))
            }
            Self::Fates(failures) => {
                let failure = failures.iter().find(|failure| lacks(Kind::Failure, failure));
                failure.map(|failure| format!("não conheço a falha `{failure}`"))
            }
            _ => None,
        };
        unknown.map_or(Ok(()), Err)
    }

    /// A figura; nada, quando o registro não tem do que fazê-la.
    fn draw(&self, view: &View) -> Option<caption::Figure> {
        match self {
            Self::Table => table::draw(view),
            Self::Metrics(names) => table::of_metrics(view, names),
            Self::Advice => advice::draw(view),
            Self::Verdicts => verdicts::draw(view),
            Self::Value(_) => None,
            Self::Times if view.has_one_load() => bars::of_times(view).map(|chart| whole(chart, true)),
            Self::Times => panels(view, true, |record, _| bars::of_times(&View::alone(record))),
            Self::Bars(metric) => bars::of_metric(view, metric).map(|chart| whole(chart, false)),
            Self::Timeline { ruler, models } => {
                let needs_same_load = *ruler != timeline::Ruler::OwnSerial;
                let names = view.names();
                panels(view, needs_same_load, |record, group| {
                    timeline::draw(record, names, *ruler, models, group)
                })
            }
            Self::Curve(series) => {
                panels(view, false, |record, group| curve::draw(record, view.names(), series, group))
            }
            Self::Processes => panels(view, false, |record, _| processes::draw(record, view.names())),
            Self::Fates(failures) => {
                panels(view, false, |record, _| fates::draw(record, view.names(), failures))
            }
        }
    }
}

/// A figura de um desenho que já mostra as duas máquinas.
fn whole(chart: Chart, is_of_common_load: bool) -> caption::Figure {
    caption::Figure {
        body: chart.svg(),
        comparison: agreement::sentence(&chart.values.0, &chart.beside, chart.values.1, &chart.show)
            .unwrap_or_default(),
        question: chart.title,
        answer: chart.summary,
        numbers: chart.numbers.html(),
        is_of_common_load,
    }
}

/// A figura de um desenho por máquina, um acima do outro, na mesma escala onde ela é a mesma.
fn panels(
    view: &View,
    needs_same_load: bool,
    draw: impl Fn(&Record, &[&Record]) -> Option<Chart>,
) -> Option<caption::Figure> {
    let of = |record| draw(record, &view.group(record, needs_same_load));
    let own = of(view.shown)?;
    let Some((reference, record)) = view.beside.and_then(|record| Some((of(record)?, record))) else {
        return Some(whole(own, needs_same_load));
    };
    let mut numbers = Table::like(&own.numbers);
    let mut body = String::new();
    for (record, chart) in [(view.shown, &own), (record, &reference)] {
        let (class, owner) = caption::owner(record);
        body += &format!("<p class=\"figura-de-quem {class}\">{owner}</p>\n{}\n", chart.svg());
        numbers.machine(record, view);
        numbers.append(&chart.numbers);
    }
    let comparison = if needs_same_load && !view.has_one_load() {
        Some(table::OTHER_LOAD.to_owned())
    } else {
        agreement::sentence(&own.values.0, &reference.values.0, own.values.1, &own.show)
    };
    Some(caption::Figure {
        question: own.title,
        answer: own.summary,
        body: body.trim_end().to_owned(),
        comparison: comparison.unwrap_or_default(),
        numbers: numbers.html(),
        is_of_common_load: needs_same_load,
    })
}

//! Um número do registro no meio de uma frase.

use multiprocessamento::workbook::format::{decimal, percent, quantity};
use multiprocessamento::workbook::record::Point;

use super::caption::owner;
use super::number::date;
use super::pen::escape;
use super::record::Record;

/// O que uma frase pode citar.
pub enum Value<'a> {
    /// Um número avulso, da lição (modelo vazio) ou de um modelo.
    Metric {
        /// Nome do número.
        name: &'a str,
        /// Modelo, ou vazio.
        model: &'a str,
    },
    /// Um dos números do resultado de um modelo.
    Result {
        /// Qual deles.
        measure: Measure,
        /// De que modelo.
        model: &'a str,
    },
    /// Uma das pontas de uma curva.
    End {
        /// Qual curva.
        series: &'a str,
        /// De que modelo.
        model: &'a str,
        /// A de maior abscissa; senão, a de menor.
        is_last: bool,
    },
}

/// Os números do resultado de um modelo.
pub enum Measure {
    /// Tempo mediano.
    Median,
    /// Aceleração.
    Speedup,
    /// Eficiência.
    Efficiency,
}

impl Measure {
    /// O número que tem este nome na diretiva.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "median" => Some(Self::Median),
            "speedup" => Some(Self::Speedup),
            "efficiency" => Some(Self::Efficiency),
            _ => None,
        }
    }
}

/// O número, com a unidade; um travessão, quando ninguém o mediu.
pub fn inline(value: &Value, record: Option<&Record>, place: usize) -> String {
    let text = record.and_then(|record| Some((read(value, record)?, record)));
    match text {
        Some((text, record)) => format!(
            "<span class=\"valor-medido\" data-medida=\"{place}\" title=\"{}, {}\">{}</span>",
            owner(record).1,
            escape(&date(&record.start.date)),
            escape(&text)
        ),
        None => format!("<span class=\"valor-medido\" data-medida=\"{place}\">—</span>"),
    }
}

fn read(value: &Value, record: &Record) -> Option<String> {
    match value {
        Value::Metric { name, model } => {
            record.metric(name, model).map(|metric| quantity(metric.value, &metric.unit))
        }
        Value::Result { measure, model } => record.result(model).map(|result| match measure {
            Measure::Median => record.time_scale().time(result.median),
            Measure::Speedup => times(result.speedup),
            Measure::Efficiency => percent(result.efficiency),
        }),
        Value::End { series, model, is_last } => {
            let own = record.points.iter().filter(|point| point.series == *series && point.model == *model);
            let by_x = |a: &&Point, b: &&Point| a.x.total_cmp(&b.x);
            let point = if *is_last { own.max_by(by_x) } else { own.min_by(by_x) };
            point.map(|point| match point.y_unit.as_str() {
                "aceleração" => times(point.y),
                unit => quantity(point.y, unit),
            })
        }
    }
}

fn times(speedup: f64) -> String {
    format!("{}×", decimal(speedup, 2))
}

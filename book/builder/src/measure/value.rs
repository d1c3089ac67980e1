//! Um número do registro no meio de uma frase.

use registro::format::{decimal, percent, quantity};
use registro::legend::Kind;
use registro::record::Point;

use super::caption::owner;
use super::number::date;
use super::pen::escape;
use super::record::{Record, Records};

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

impl<'a> Value<'a> {
    /// O que estas palavras pedem: `metrica NOME [MODELO]`, `valor QUAL MODELO`, `ponta SÉRIE MODELO primeira|ultima`.
    ///
    /// # Erros
    ///
    /// Uma linha que diz o que não se conhece.
    pub fn parse(words: &[&'a str]) -> Result<Self, String> {
        Ok(match *words {
            ["metrica", name] => Value::Metric { name, model: "" },
            ["metrica", name, model] => Value::Metric { name, model },
            ["ponta", series, model, which @ ("primeira" | "ultima")] => {
                Value::End { series, model, is_last: which == "ultima" }
            }
            ["valor", what, model] => {
                let measure = Measure::parse(what).ok_or_else(|| format!("não conheço o valor `{what}`"))?;
                Value::Result { measure, model }
            }
            _ => return Err(format!("não conheço a grandeza `{}`", words.join(" "))),
        })
    }

    /// Se o modelo dela é um que algum dos registros nomeia.
    ///
    /// # Erros
    ///
    /// Uma linha que diz qual não se conhece.
    pub fn check(&self, records: &Records) -> Result<(), String> {
        let (_, model, _) = self.place();
        match !model.is_empty() && records.lack(|legends| legends.find(Kind::Model, model).is_some()) {
            true => Err(format!("não conheço o modelo `{model}`")),
            false => Ok(()),
        }
    }

    /// O número, na unidade do registro.
    pub fn raw(&self, record: &Record) -> Option<f64> {
        match self {
            Value::Metric { name, model } => record.metric(name, model).map(|metric| metric.value),
            Value::Result { measure, model } => record.result(model).map(|result| match measure {
                Measure::Median => result.median,
                Measure::Speedup => result.speedup,
                Measure::Efficiency => result.efficiency,
            }),
            Value::End { series, model, is_last } => {
                end(record, series, model, *is_last).map(|point| point.y)
            }
        }
    }

    /// A unidade dele no registro, se não é a do próprio texto.
    pub fn unit<'r>(&self, record: &'r Record) -> Option<&'r str> {
        match self {
            Value::Metric { name, model } => record.metric(name, model).map(|metric| metric.unit.as_str()),
            Value::End { series, model, is_last } => {
                let unit = end(record, series, model, *is_last).map(|point| point.y_unit.as_str());
                unit.filter(|unit| *unit != "aceleração")
            }
            Value::Result { measure: Measure::Median, .. } => Some("s"),
            Value::Result { .. } => None,
        }
    }

    /// Em que figura ele aparece: o nome da grandeza, o modelo e, numa curva, em que ponta.
    pub fn place(&self) -> (&'a str, &'a str, Option<&'static str>) {
        match *self {
            Value::Metric { name, model } => (name, model, None),
            Value::Result { measure: Measure::Median, model } => ("median", model, None),
            Value::Result { measure: Measure::Speedup, model } => ("speedup", model, None),
            Value::Result { measure: Measure::Efficiency, model } => ("efficiency", model, None),
            Value::End { series, model, is_last } => {
                (series, model, Some(if is_last { "ultima" } else { "primeira" }))
            }
        }
    }

    /// O número, com a unidade, como uma frase o diz.
    pub fn read(&self, record: &Record) -> Option<String> {
        read(self, record)
    }
}

/// Uma das pontas de uma curva.
fn end<'r>(record: &'r Record, series: &str, model: &str, is_last: bool) -> Option<&'r Point> {
    let own = record.points.iter().filter(|point| point.series == series && point.model == model);
    let by_x = |a: &&Point, b: &&Point| a.x.total_cmp(&b.x);
    if is_last { own.max_by(by_x) } else { own.min_by(by_x) }
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
            end(record, series, model, *is_last).map(|point| match point.y_unit.as_str() {
                "aceleração" => times(point.y),
                unit => quantity(point.y, unit),
            })
        }
    }
}

fn times(speedup: f64) -> String {
    format!("{}×", decimal(speedup, 2))
}

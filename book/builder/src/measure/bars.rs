//! Barras: uma por modelo, do tempo na carga comum ou de um número avulso.
//!
//! A escala é a que serve a todos os registros de `group`, os que aparecem lado a lado: só assim as barras de um se
//! comparam, à vista, com as do outro.

use multiprocessamento::workbook::format::{model_label, quantity};
use multiprocessamento::workbook::record::Metric;

use super::chart::{Chart, times_over};
use super::names::class;
use super::number::TimeScale;
use super::pen::{Area, Pen, WIDTH, tick_name, ticks};
use super::record::{Record, time_scale};
use super::table::{Table, extremes};
use super::titles;

const LEFT: f64 = 132.0;
/// Por letra de um nome mais longo do que a margem.
const LETTER: f64 = 7.6;
const RIGHT: f64 = 84.0;
const ROW: f64 = 30.0;
const BAR: f64 = 18.0;
/// As marcas do eixo e o nome da unidade.
const AXIS: f64 = 38.0;

struct Bar<'a> {
    model: &'a str,
    /// Na unidade do eixo.
    value: f64,
    /// Da menor à maior repetição, onde há mais de uma.
    range: Option<(f64, f64)>,
    label: String,
    tip: String,
}

impl Bar<'_> {
    fn end(&self) -> f64 {
        self.range.map_or(self.value, |(_, high)| high.max(self.value))
    }
}

/// O tempo de cada modelo na carga comum, com a faixa das repetições; nada, sem resultados.
pub fn of_times(record: &Record, group: &[&Record]) -> Option<Chart> {
    let times = time_scale(group);
    let bars = timed(record, times);
    let all: Vec<Bar> = group.iter().flat_map(|record| timed(record, times)).collect();
    let mut numbers = Table::of_chart(&["Modelo", "Mediana", "Menor", "Maior"]);
    for result in &record.results {
        let (low, high) = extremes(&result.seconds);
        numbers.row(&result.model, &[result.median, low, high].map(|time| times.time(time)));
    }
    Some(Chart {
        title: "Tempo de cada modelo: mediana e faixa das repetições; menor é melhor".to_owned(),
        summary: fastest(&bars)?,
        height: height(&bars),
        pen: draw(&bars, &all, times.name)?,
        numbers,
    })
}

fn timed(record: &Record, times: TimeScale) -> Vec<Bar<'_>> {
    let bars = record.results.iter().map(|result| {
        let (low, high) = extremes(&result.seconds);
        let label = times.time(result.median);
        Bar {
            model: &result.model,
            value: times.convert(result.median),
            range: (result.seconds.len() > 1).then(|| (times.convert(low), times.convert(high))),
            tip: format!("mediana {label}, de {} a {}", times.time(low), times.time(high)),
            label,
        }
    });
    bars.collect()
}

/// O número avulso `name`, de cada modelo que o tem; nada, se nenhum tem.
pub fn of_metric(record: &Record, name: &str, group: &[&Record]) -> Option<Chart> {
    let metrics: Vec<&Metric> = group.iter().flat_map(|record| named(record, name)).collect();
    let unit = metrics.first()?.unit.as_str();
    // Segundos pedem a unidade em que todos se leiam; as outras já são a do registro.
    let longest = metrics.iter().map(|metric| metric.value).fold(0.0, f64::max);
    let times = (unit == "s").then(|| TimeScale::fit(longest));
    let bars: Vec<Bar> = named(record, name).map(|metric| valued(metric, times)).collect();
    let all: Vec<Bar> = metrics.into_iter().map(|metric| valued(metric, times)).collect();
    let mut numbers = Table::of_chart(&["Modelo", "Valor"]);
    bars.iter().for_each(|bar| numbers.row(bar.model, std::slice::from_ref(&bar.label)));
    Some(Chart {
        title: titles::of_metric(name).unwrap_or("Uma barra por modelo, com o valor ao lado").to_owned(),
        summary: least_and_most(&bars)?,
        height: height(&bars),
        pen: draw(&bars, &all, times.map_or(titles::of_unit(unit), |times| times.name))?,
        numbers,
    })
}

fn named<'a>(record: &'a Record, name: &str) -> impl Iterator<Item = &'a Metric> {
    record.metrics.iter().filter(move |metric| metric.name == name && !metric.model.is_empty())
}

fn valued(metric: &Metric, times: Option<TimeScale>) -> Bar<'_> {
    let (value, label) = match times {
        Some(times) => (times.convert(metric.value), times.time(metric.value)),
        None => (metric.value, quantity(metric.value, &metric.unit)),
    };
    Bar { model: &metric.model, value, range: None, tip: label.clone(), label }
}

/// Quem foi o mais rápido, e quem o mais lento.
fn fastest(bars: &[Bar]) -> Option<String> {
    let (low, high) = ends(bars)?;
    let first = format!("O mais rápido foi {}, com {}", model_label(low.model), low.label);
    let serial = bars.iter().find(|bar| bar.model == "serial" && bar.model != low.model);
    let gain =
        serial.map(|serial| format!(", {} mais rápido que o serial", times_over(serial.value / low.value)));
    let last = format!("; o mais lento, {}, com {}.", model_label(high.model), high.label);
    Some(first + &gain.unwrap_or_default() + &last)
}

/// O menor e o maior dos valores, e quantas vezes um cabe no outro.
fn least_and_most(bars: &[Bar]) -> Option<String> {
    let (low, high) = ends(bars)?;
    if bars.len() == 1 {
        return Some(format!("O valor de {} é {}.", model_label(low.model), low.label));
    }
    let ratio = high.value / low.value;
    let ratio = if ratio.is_finite() { format!(", {} o menor", times_over(ratio)) } else { String::new() };
    Some(format!(
        "O menor valor é o de {}, {}; o maior, o de {}, {}{ratio}.",
        model_label(low.model),
        low.label,
        model_label(high.model),
        high.label
    ))
}

fn ends<'a, 'b>(bars: &'b [Bar<'a>]) -> Option<(&'b Bar<'a>, &'b Bar<'a>)> {
    let by_value = |a: &&Bar, b: &&Bar| a.value.total_cmp(&b.value);
    Some((bars.iter().min_by(by_value)?, bars.iter().max_by(by_value)?))
}

fn height(bars: &[Bar]) -> f64 {
    bars.iter().map(|_| ROW).sum::<f64>() + AXIS
}

/// As barras e, embaixo, o eixo em que cabem todas as de `all`.
fn draw(bars: &[Bar], all: &[Bar], unit: &str) -> Option<Pen> {
    let longest = all.iter().map(Bar::end).fold(0.0, f64::max);
    if longest <= 0.0 {
        return None;
    }
    let letters = |bar: &Bar| u16::try_from(model_label(bar.model).chars().count()).unwrap_or(u16::MAX);
    let left = all.iter().map(|bar| f64::from(letters(bar)) * LETTER + 12.0).fold(LEFT, f64::max);
    let scale = (WIDTH - left - RIGHT) / longest;
    let mut pen = Pen::default();
    axis(&mut pen, height(bars) - AXIS, (left, scale), longest, unit);
    for (row, bar) in (0_u32..).zip(bars) {
        let top = f64::from(row) * ROW + (ROW - BAR) / 2.0;
        let middle = top + BAR / 2.0;
        let name = model_label(bar.model);
        pen.text("nome fim", (left - 8.0, middle + 5.0), name);
        // Uma barra curta demais para se ver ainda foi medida.
        let area = Area { x: left, y: top, width: (bar.value * scale).max(1.0), height: BAR };
        pen.rect(&class(bar.model), area, &format!("{name}: {}", bar.tip));
        if let Some((low, high)) = bar.range {
            let (low, high) = (left + low * scale, left + high * scale);
            pen.line("faixa", (low, middle), (high, middle));
            pen.line("faixa", (low, middle - 5.0), (low, middle + 5.0));
            pen.line("faixa", (high, middle - 5.0), (high, middle + 5.0));
        }
        let end = left + (bar.end() * scale).max(1.0);
        pen.text("valor", (end + 6.0, middle + 5.0), &bar.label);
    }
    Some(pen)
}

fn axis(pen: &mut Pen, bottom: f64, (left, scale): (f64, f64), longest: f64, unit: &str) {
    let all = ticks(longest);
    // Num espaço estreito, números compridos se encostariam: fica um sim, outro não.
    let widest = all.iter().map(|tick| tick_name(*tick, &all).chars().count()).max().unwrap_or(0);
    let room = all.get(1).map_or(WIDTH, |step| step * scale);
    let is_tight = f64::from(u16::try_from(widest).unwrap_or(u16::MAX)) * LETTER + 8.0 > room;
    let ticks: Vec<f64> = all.into_iter().step_by(if is_tight { 2 } else { 1 }).collect();
    for &tick in &ticks {
        let x = left + tick * scale;
        pen.line("grade", (x, 0.0), (x, bottom));
        pen.text("meio", (x, bottom + 16.0), &tick_name(tick, &ticks));
    }
    let right = left + longest * scale;
    pen.line("eixo", (left, bottom), (right, bottom));
    pen.text("meio", ((left + right) / 2.0, bottom + 33.0), unit);
}

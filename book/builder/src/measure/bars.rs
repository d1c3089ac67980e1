//! Barras: uma por modelo, do tempo na carga comum ou de um número avulso.

use multiprocessamento::workbook::format::{model_label, quantity};

use super::names::class;
use super::pen::{Area, Pen, WIDTH};
use super::record::Record;
use super::table::extremes;

const LEFT: f64 = 132.0;
/// Por letra de um nome mais longo do que a margem.
const LETTER: f64 = 7.6;
const RIGHT: f64 = 84.0;
const ROW: f64 = 30.0;
const BAR: f64 = 18.0;

struct Bar<'a> {
    model: &'a str,
    value: f64,
    /// Da menor à maior repetição, onde há mais de uma.
    range: Option<(f64, f64)>,
    label: String,
    tip: String,
}

/// O tempo de cada modelo na carga comum, com a faixa das repetições; nada, sem resultados.
pub fn of_times(record: &Record) -> Option<String> {
    let times = record.time_scale();
    let bars = record.results.iter().map(|result| {
        let (low, high) = extremes(&result.seconds);
        let label = times.time(result.median);
        Bar {
            model: &result.model,
            value: result.median,
            range: (result.seconds.len() > 1).then_some((low, high)),
            tip: format!("mediana {label}, de {} a {}", times.time(low), times.time(high)),
            label,
        }
    });
    draw(bars.collect(), "Tempo de cada modelo: mediana e faixa das repetições; menor é melhor")
}

/// O número avulso `name`, de cada modelo que o tem; nada, se nenhum tem.
pub fn of_metric(record: &Record, name: &str) -> Option<String> {
    let metrics = record.metrics.iter().filter(|metric| metric.name == name && !metric.model.is_empty());
    let bars = metrics.map(|metric| {
        let label = quantity(metric.value, &metric.unit);
        Bar { model: &metric.model, value: metric.value, range: None, tip: label.clone(), label }
    });
    draw(bars.collect(), "Uma barra por modelo, com o valor ao lado")
}

fn draw(bars: Vec<Bar>, title: &str) -> Option<String> {
    let top_of = |bar: &Bar| bar.range.map_or(bar.value, |(_, high)| high.max(bar.value));
    let longest = bars.iter().map(top_of).fold(0.0, f64::max);
    if longest <= 0.0 {
        return None;
    }
    let letters = |bar: &Bar| u16::try_from(model_label(bar.model).chars().count()).unwrap_or(u16::MAX);
    let left = bars.iter().map(|bar| f64::from(letters(bar)) * LETTER + 12.0).fold(LEFT, f64::max);
    let scale = (WIDTH - left - RIGHT) / longest;
    let mut pen = Pen::default();
    for (row, bar) in (0_u32..).zip(&bars) {
        let top = f64::from(row) * ROW + (ROW - BAR) / 2.0;
        let middle = top + BAR / 2.0;
        let name = model_label(bar.model);
        pen.text("nome fim", (left - 8.0, middle + 5.0), name);
        // Uma barra curta demais para se ver ainda foi medida.
        let area = Area { x: left, y: top, width: (bar.value * scale).max(1.0), height: BAR };
        pen.rect(&class(bar.model), area, &format!("{name}: {}", bar.tip));
        let mut end = area.width;
        if let Some((low, high)) = bar.range {
            let (low, high) = (left + low * scale, left + high * scale);
            pen.line("faixa", (low, middle), (high, middle));
            pen.line("faixa", (low, middle - 5.0), (low, middle + 5.0));
            pen.line("faixa", (high, middle - 5.0), (high, middle + 5.0));
            end = end.max(high - left);
        }
        pen.text("valor", (left + end + 6.0, middle + 5.0), &bar.label);
    }
    let height = bars.iter().map(|_| ROW).sum();
    Some(pen.finish(height, title))
}

//! Barras do tempo de cada modelo, com a faixa das repetições.

use multiprocessamento::workbook::format::model_label;

use super::names::class;
use super::pen::{Area, Pen, WIDTH};
use super::record::Record;
use super::table::extremes;

const LEFT: f64 = 132.0;
const RIGHT: f64 = 62.0;
const ROW: f64 = 30.0;
const BAR: f64 = 18.0;

/// O gráfico; nada, sem resultados.
pub fn draw(record: &Record) -> Option<String> {
    let longest = record
        .results
        .iter()
        .map(|result| extremes(&result.seconds).1.max(result.median))
        .fold(0.0, f64::max);
    if longest <= 0.0 {
        return None;
    }
    let scale = (WIDTH - LEFT - RIGHT) / longest;
    let times = record.time_scale();
    let mut pen = Pen::default();
    for (row, result) in (0_u32..).zip(&record.results) {
        let top = f64::from(row) * ROW + (ROW - BAR) / 2.0;
        let middle = top + BAR / 2.0;
        let (low, high) = extremes(&result.seconds);
        let name = model_label(&result.model);
        pen.text("nome fim", (LEFT - 8.0, middle + 5.0), name);
        let bar = Area { x: LEFT, y: top, width: result.median * scale, height: BAR };
        let tip = format!(
            "{name}: mediana {}, de {} a {}",
            times.time(result.median),
            times.time(low),
            times.time(high)
        );
        pen.rect(&class(&result.model), bar, &tip);
        let mut end = bar.width;
        if result.seconds.len() > 1 {
            let (low, high) = (LEFT + low * scale, LEFT + high * scale);
            pen.line("faixa", (low, middle), (high, middle));
            pen.line("faixa", (low, middle - 5.0), (low, middle + 5.0));
            pen.line("faixa", (high, middle - 5.0), (high, middle + 5.0));
            end = end.max(high - LEFT);
        }
        pen.text("valor", (LEFT + end + 6.0, middle + 5.0), &times.time(result.median));
    }
    let height = record.results.iter().map(|_| ROW).sum();
    Some(pen.finish(height, "Tempo de cada modelo: mediana e faixa das repetições; menor é melhor"))
}

//! A tabela de tempos, um modelo por linha.

use std::fmt::Write;

use multiprocessamento::workbook::format::{decimal, integer, model_label, percent};

use super::names::class;
use super::number::TimeScale;
use super::pen::escape;
use super::record::Record;

/// A tabela; nada, sem resultados.
pub fn draw(record: &Record) -> Option<String> {
    if record.results.is_empty() {
        return None;
    }
    let scale = record.time_scale();
    let mut rows = String::new();
    for result in &record.results {
        // Escrever em uma `String` não falha.
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\"><span class=\"cor {}\"></span>{}</th><td>{}</td><td>{}</td>\
             <td>{}×</td><td>{}</td><td>{}</td></tr>",
            class(&result.model),
            escape(model_label(&result.model)),
            scale.time(result.median),
            range(&result.seconds, scale),
            decimal(result.speedup, 2),
            percent(result.efficiency),
            integer(result.checksum),
        );
    }
    Some(format!(
        "<div class=\"table-wrapper\"><table class=\"tempos\">\n<thead><tr><th>Modelo</th>\
         <th>Tempo</th><th>Repetições</th><th>Aceleração</th><th>Eficiência</th><th>Primos</th>\
         </tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
    ))
}

/// Da repetição mais rápida à mais lenta.
fn range(times: &[f64], scale: TimeScale) -> String {
    let (low, high) = extremes(times);
    match times.len() {
        0 | 1 => "—".to_owned(),
        _ => format!("{}–{}", scale.number(low), scale.time(high)),
    }
}

/// O menor e o maior dos tempos.
pub fn extremes(times: &[f64]) -> (f64, f64) {
    times.iter().fold((f64::INFINITY, 0.0), |(low, high), &time| (low.min(time), high.max(time)))
}

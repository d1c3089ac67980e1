//! As tabelas, um modelo por linha: a dos tempos, a de números avulsos e a que acompanha cada gráfico.

use std::fmt::Write;

use multiprocessamento::workbook::format::{decimal, integer, metric_label, model_label, percent, quantity};

use super::names::class;
use super::number::TimeScale;
use super::pen::escape;
use super::record::{Record, distinct};

/// Uma tabela em construção.
pub struct Table {
    class: &'static str,
    titles: String,
    rows: String,
}

impl Table {
    /// Uma tabela ainda sem linhas; a primeira coluna é a dos modelos.
    pub fn new(class: &'static str, titles: &[&str]) -> Self {
        let titles = titles.iter().map(|title| format!("<th scope=\"col\">{}</th>", escape(title))).collect();
        Self { class, titles, rows: String::new() }
    }

    /// Os números de um gráfico.
    pub fn of_chart(titles: &[&str]) -> Self {
        Self::new("tempos numeros", titles)
    }

    /// A linha de um modelo, com a cor dele.
    pub fn row(&mut self, model: &str, cells: &[String]) {
        self.rows(model, &[cells.to_vec()]);
    }

    /// As linhas de um modelo, que as encabeça todas.
    pub fn rows(&mut self, model: &str, rows: &[Vec<String>]) {
        let name = escape(model_label(model));
        let span = if rows.len() > 1 { format!(" rowspan=\"{}\"", rows.len()) } else { String::new() };
        let mut heading =
            format!("<th scope=\"row\"{span}><span class=\"cor {}\"></span>{name}</th>", class(model));
        for cells in rows {
            let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
            // Escrever em uma `String` não falha.
            let _ = writeln!(self.rows, "<tr>{heading}{cells}</tr>");
            heading.clear();
        }
    }

    /// A tabela pronta.
    pub fn html(&self) -> String {
        let Self { class, titles, rows } = self;
        format!(
            "<div class=\"table-wrapper\"><table class=\"{class}\">\n<thead><tr>{titles}</tr></thead>\n\
             <tbody>\n{rows}</tbody></table></div>"
        )
    }
}

/// A tabela dos tempos; nada, sem resultados.
pub fn draw(record: &Record) -> Option<String> {
    if record.results.is_empty() {
        return None;
    }
    let scale = record.time_scale();
    let titles = ["Modelo", "Tempo", "Repetições", "Aceleração", "Eficiência", "Primos"];
    let mut table = Table::new("tempos", &titles);
    for result in &record.results {
        let cells = [
            scale.time(result.median),
            range(&result.seconds, scale),
            format!("{}×", decimal(result.speedup, 2)),
            percent(result.efficiency),
            integer(result.checksum),
        ];
        table.row(&result.model, &cells);
    }
    Some(table.html())
}

/// Os números `names`, uma coluna cada um; nada, se ninguém tem nenhum deles.
pub fn of_metrics(record: &Record, names: &[&str]) -> Option<String> {
    let metrics = record.metrics.iter().filter(|metric| names.contains(&metric.name.as_str()));
    let models = distinct(metrics.map(|metric| metric.model.as_str()));
    if models.is_empty() {
        return None;
    }
    let mut titles = vec![""];
    titles.extend(names.iter().map(|name| metric_label(name).unwrap_or(name)));
    let mut table = Table::new("tempos numeros", &titles);
    for model in models {
        let cell = |name: &&str| {
            let metric = record.metric(name, model);
            metric.map_or("—".to_owned(), |metric| quantity(metric.value, &metric.unit))
        };
        let cells: Vec<String> = names.iter().map(cell).collect();
        table.row(model, &cells);
    }
    Some(table.html())
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

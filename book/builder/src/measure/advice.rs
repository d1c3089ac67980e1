//! Os conselhos de uma lição, e o que cada modelo levou no mesmo caso.

use std::fmt::Write;

use multiprocessamento::workbook::format::{decimal, model_label, plain};
use multiprocessamento::workbook::model::Model;
use multiprocessamento::workbook::record::Metric;

use super::names::class;
use super::pen::escape;
use super::record::Record;

/// Os casos, e como eles se leem.
const CASES: [(&str, &str); 7] = [
    ("tiny", "quase nada"),
    ("many", "muitas e curtas"),
    ("few", "poucas e longas"),
    ("data", "com muitos dados"),
    ("lock", "desiguais, sob uma trava"),
    ("risky", "arriscadas e desiguais"),
    ("alone", "uma só, arriscada"),
];

/// A tabela: um caso por linha, um modelo por coluna; nada, se o registro não tem conselhos.
pub fn draw(record: &Record) -> Option<String> {
    let rows: String = CASES.iter().filter_map(|(id, name)| row(record, id, name)).collect();
    if rows.is_empty() {
        return None;
    }
    let mut header = String::new();
    for model in Model::ALL.map(Model::id) {
        // Escrever em uma `String` não falha.
        let _ = write!(
            header,
            "<th scope=\"col\"><span class=\"cor {}\"></span>{}</th>",
            class(model),
            model_label(model)
        );
    }
    Some(format!(
        "<div class=\"table-wrapper\"><table class=\"tempos conselhos\">\n<thead><tr><th>Caso</th>{header}\
         <th>Arrependi&shy;mento</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n<p class=\"evidencia\">Cada \
         número é o tempo, em vezes o do melhor da linha. Em destaque, o conselho. Um travessão: o modelo não serve \
         no contexto.</p>"
    ))
}

fn row(record: &Record, id: &str, name: &str) -> Option<String> {
    let of = |name: String| -> Vec<&Metric> {
        record.metrics.iter().filter(|metric| metric.name == name).collect()
    };
    let times = of(format!("case_{id}"));
    let advice = *of(format!("advice_{id}")).first()?;
    let best = times.iter().map(|metric| metric.value).reduce(f64::min)?;
    let mut row = format!("<tr><th scope=\"row\">{}</th>", escape(name));
    for model in Model::ALL.map(Model::id) {
        let slowdown = times.iter().find(|metric| metric.model == model).map(|metric| metric.value / best);
        let text = slowdown.map_or("—".to_owned(), |slowdown| {
            format!("{}×", decimal(slowdown, if slowdown < 10.0 { 2 } else { 0 }))
        });
        let _ = match model == advice.model {
            true => write!(row, "<td class=\"conselho\"><strong>{text}</strong></td>"),
            false => write!(row, "<td>{text}</td>"),
        };
    }
    let _ = writeln!(row, "<td>{} %</td></tr>", plain(advice.value.round()));
    Some(row)
}

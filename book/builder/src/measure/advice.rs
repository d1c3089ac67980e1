//! Os conselhos de uma lição, e o que cada modelo levou no mesmo caso.

use registro::format::{decimal, plain};
use registro::legend::Kind;
use registro::model::Model;
use registro::record::Metric;

use super::agreement::{Ends, Values, sentence};
use super::caption::Figure;
use super::pen::escape;
use super::record::{Record, distinct};
use super::table::Table;
use super::view::View;

/// Como se chamam, no registro, o tempo de cada modelo num caso e o conselho nele.
const CASE: &str = "case_";
const ADVICE: &str = "advice_";

/// A tabela: um caso por linha, um modelo por coluna; nada, se o registro não tem conselhos.
pub fn draw(view: &View) -> Option<Figure> {
    let labels = Model::ALL.map(Model::label);
    let titles: Vec<&str> = std::iter::once("Caso").chain(labels).chain(["Arrependimento"]).collect();
    let mut table = Table::new("tempos conselhos", &titles);
    let names = view.names();
    let cases = distinct(view.shown.metrics.iter().filter_map(|metric| metric.name.strip_prefix(CASE)));
    let named = |case: &str| {
        let id = format!("{CASE}{case}");
        names.label(Kind::Metric, &id).to_owned()
    };
    let rows: Vec<(String, Row)> =
        cases.iter().filter_map(|case| Some((named(case), Row::of(view.shown, case)?))).collect();
    for (name, row) in &rows {
        table.html_rows(&escape(name), &[row.cells()]);
    }
    let regrets = |record: &Record| -> Values {
        cases.iter().filter_map(|case| Some((named(case), Row::of(record, case)?.regret))).collect()
    };
    let right = rows.iter().filter(|(_, row)| row.regret < 0.5).count();
    let (worst, row) = rows.iter().max_by(|a, b| a.1.regret.total_cmp(&b.1.regret))?;
    let show = |regret: f64| format!("{} %", plain(regret.round()));
    let comparison = view.beside.and_then(|reference| {
        let ends = Ends("o caso de menor arrependimento é", "o de maior é");
        sentence(&regrets(view.shown), &regrets(reference), ends, show)
    });
    Some(Figure {
        question: "O conselho escolheu o modelo mais rápido de cada caso?".to_owned(),
        answer: format!(
            "Em {right} de {} casos, sim. O pior conselho foi o do caso «{worst}»: {} mais lento do que o melhor.",
            rows.len(),
            show(row.regret)
        ),
        body: format!(
            "{}<p class=\"evidencia\">Cada número é o tempo, em vezes o do melhor da linha. Em destaque, o conselho. Um \
             travessão: o modelo não serve no contexto.</p>",
            table.html()
        ),
        comparison: comparison.unwrap_or_default(),
        numbers: String::new(),
        is_of_common_load: false,
    })
}

/// Um caso: quanto cada modelo levou, o conselho, e o arrependimento dele, em porcentagem.
struct Row<'a> {
    times: Vec<&'a Metric>,
    advised: &'a str,
    regret: f64,
}

impl<'a> Row<'a> {
    fn of(record: &'a Record, case: &str) -> Option<Self> {
        let of = |name: String| -> Vec<&Metric> {
            record.metrics.iter().filter(|metric| metric.name == name).collect()
        };
        let advice = *of(format!("{ADVICE}{case}")).first()?;
        Some(Row { times: of(format!("{CASE}{case}")), advised: &advice.model, regret: advice.value })
    }

    fn cells(&self) -> Vec<String> {
        let best = self.times.iter().map(|metric| metric.value).fold(f64::INFINITY, f64::min);
        let cell = |model: &str| {
            let time = self.times.iter().find(|metric| metric.model == model);
            let text = time.map_or("—".to_owned(), |metric| {
                let slowdown = metric.value / best;
                format!("{}×", decimal(slowdown, if slowdown < 10.0 { 2 } else { 0 }))
            });
            if model == self.advised { format!("<strong class=\"conselho\">{text}</strong>") } else { text }
        };
        let mut cells: Vec<String> = Model::ALL.iter().map(|model| cell(model.id())).collect();
        cells.push(format!("{} %", plain(self.regret.round())));
        cells
    }
}

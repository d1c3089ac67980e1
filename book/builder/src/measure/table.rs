//! As tabelas, um modelo por linha: a dos tempos, a de números avulsos e a que acompanha cada gráfico.

use std::fmt::Write;

use registro::format::{decimal, integer, percent, quantity};
use registro::legend::Kind;
use registro::record::ModelResult;

use super::agreement::{Ends, VALUES, Values, sentence};
use super::caption::{Figure, owner};
use super::chart::times_over;
use super::names::Names;
use super::number::TimeScale;
use super::pen::escape;
use super::record::{Record, distinct, time_scale};
use super::view::View;

/// Uma tabela em construção.
pub struct Table {
    class: &'static str,
    titles: Vec<String>,
    rows: String,
}

impl Table {
    /// Uma tabela ainda sem linhas; a primeira coluna é a dos modelos.
    pub fn new(class: &'static str, titles: &[&str]) -> Self {
        Self { class, titles: titles.iter().map(|title| escape(title)).collect(), rows: String::new() }
    }

    /// Os números de um gráfico.
    pub fn of_chart(titles: &[&str]) -> Self {
        Self::new("tempos numeros", titles)
    }

    /// Uma tabela de mesmas colunas, ainda sem linhas.
    pub fn like(other: &Table) -> Self {
        Self { rows: String::new(), titles: other.titles.clone(), ..*other }
    }

    /// As linhas daqui em diante são desta máquina; onde há uma só, não é preciso dizer.
    pub fn machine(&mut self, record: &Record, view: &View) {
        if view.beside.is_some() {
            let (class, owner) = owner(record);
            let span = self.titles.len();
            // Escrever em uma `String` não falha.
            let _ = writeln!(
                self.rows,
                "<tr class=\"de-quem\"><th scope=\"colgroup\" colspan=\"{span}\" class=\"{class}\">{owner}</th></tr>"
            );
        }
    }

    /// A linha de um modelo, com a cor dele.
    pub fn row(&mut self, names: Names, model: &str, cells: &[String]) {
        self.rows(names, model, &[cells.to_vec()]);
    }

    /// As linhas de um modelo, que as encabeça todas.
    pub fn rows(&mut self, names: Names, model: &str, rows: &[Vec<String>]) {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|cells| cells.iter().map(|cell| escape(cell)).collect()).collect();
        self.html_rows(&name(names, model), &rows);
    }

    /// As linhas de um nome qualquer; nome e células já são HTML. Cada célula leva o título da coluna: numa tela estreita a
    /// tabela vira uma lista, e é ele que diz o que o número é.
    pub fn html_rows(&mut self, name: &str, rows: &[Vec<String>]) {
        let span = if rows.len() > 1 { format!(" rowspan=\"{}\"", rows.len()) } else { String::new() };
        let mut heading = format!("<th scope=\"row\"{span}>{name}</th>");
        for cells in rows {
            let titled = cells.iter().zip(&self.titles[1..]);
            let cells: String =
                titled.map(|(cell, title)| format!("<td data-titulo=\"{title}\">{cell}</td>")).collect();
            let _ = writeln!(self.rows, "<tr>{heading}{cells}</tr>");
            heading.clear();
        }
    }

    /// As de outra tabela, embaixo das desta.
    pub fn append(&mut self, other: &Table) {
        self.rows += &other.rows;
    }

    /// A tabela pronta.
    pub fn html(&self) -> String {
        let Self { class, titles, rows } = self;
        let titles: String = titles.iter().map(|title| format!("<th scope=\"col\">{title}</th>")).collect();
        format!(
            "<div class=\"table-wrapper\"><table class=\"{class}\">\n<thead><tr>{titles}</tr></thead>\n\
             <tbody>\n{rows}</tbody></table></div>"
        )
    }
}

/// O nome de um modelo, com a cor dele.
pub fn name(names: Names, model: &str) -> String {
    format!("<span class=\"cor {}\"></span>{}", names.class(model), escape(names.model(model)))
}

/// O valor do leitor e, menor, o da referência. Quem não mediu tem um travessão.
pub fn both(own: Option<String>, reference: Option<Option<String>>) -> String {
    let own = own.map_or_else(|| "—".to_owned(), |own| escape(&own));
    let Some(reference) = reference else { return own };
    let reference = reference.map_or_else(|| "—".to_owned(), |reference| escape(&reference));
    format!(
        "{own} <span class=\"da-referencia\"><span class=\"so-leitor\">na referência: </span>{reference}</span>"
    )
}

/// A tabela dos tempos; nada, sem resultados.
pub fn draw(view: &View) -> Option<Figure> {
    let (results, names) = (&view.shown.results, view.names());
    let first = results.first()?;
    let all = view.beside.into_iter().chain([view.shown]).flat_map(|record| &record.results);
    let models = distinct(all.map(|result| result.model.as_str()));
    let mut table = Table::new("tempos", &["Modelo", "Tempo", "Repetições", "Aceleração", "Eficiência"]);
    for model in models {
        let cell = |show: &dyn Fn(&ModelResult, TimeScale) -> String| {
            let of = |record: &Record| {
                let scale = time_scale(&view.group(record, true));
                record.result(model).map(|result| show(result, scale))
            };
            both(of(view.shown), view.beside.map(of))
        };
        let cells = vec![
            cell(&|result, scale| scale.time(result.median)),
            cell(&|result, scale| range(&result.seconds, scale)),
            cell(&|result, _| format!("{}×", decimal(result.speedup, 2))),
            cell(&|result, _| percent(result.efficiency)),
        ];
        table.html_rows(&name(names, model), &[cells]);
    }
    let speedups = |record: &Record| -> Values {
        let results = record.results.iter().filter(|result| result.model != "serial");
        results.map(|result| (names.model(&result.model).to_owned(), result.speedup)).collect()
    };
    let own = speedups(view.shown);
    let best = own.iter().filter(|(_, speedup)| speedup.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1));
    let mut answer = best.map_or_else(String::new, |(model, speedup)| {
        format!("Quem mais ganhou sobre o serial foi {model}: {}.", times_over(*speedup))
    });
    // Enquanto se mede, ainda não há o que conferir.
    if first.checksum > 0 {
        answer += &format!(" Todos contaram {} primos.", integer(first.checksum));
    }
    let ends = Ends("quem menos ganha é", "quem mais ganha é");
    let comparison = match view.beside {
        Some(reference) if view.has_one_load() => {
            sentence(&own, &speedups(reference), ends, |speedup| format!("{}×", decimal(speedup, 2)))
        }
        Some(_) => Some(OTHER_LOAD.to_owned()),
        None => None,
    };
    Some(Figure {
        question: "Quanto leva cada modelo, e quanto ele ganha sobre o serial?".to_owned(),
        answer: answer.trim().to_owned(),
        body: table.html() + &legend(view),
        comparison: comparison.unwrap_or_default(),
        numbers: String::new(),
        is_of_common_load: true,
    })
}

/// O que se diz de tempos de contas diferentes.
pub const OTHER_LOAD: &str = "As duas máquinas mediram contas de tamanhos diferentes: os tempos de uma não se comparam com os da outra.";

/// O que a letra menor é.
pub fn legend(view: &View) -> String {
    match view.beside {
        Some(_) => "<p class=\"evidencia\">Em letra menor, a máquina de referência.</p>".to_owned(),
        None => String::new(),
    }
}

/// Os números `names`, uma coluna cada um; nada, se ninguém tem nenhum deles.
pub fn of_metrics(view: &View, metrics: &[&str]) -> Option<Figure> {
    let of = |record: &Record, wanted: &str| -> Vec<(String, f64, String)> {
        let metrics = record.metrics.iter().filter(|metric| metric.name == wanted);
        metrics.map(|m| (m.model.clone(), m.value, quantity(m.value, &m.unit))).collect()
    };
    let names = view.names();
    metrics.iter().find(|name| !of(view.shown, name).is_empty())?;
    let all = view.beside.into_iter().chain([view.shown]).flat_map(|record| &record.metrics);
    let models =
        distinct(all.filter(|metric| metrics.contains(&metric.name.as_str())).map(|m| m.model.as_str()));
    let titles = metrics.iter().map(|metric| names.label(Kind::Metric, metric));
    let titles: Vec<&str> = std::iter::once("").chain(titles).collect();
    let mut table = Table::new("tempos numeros", &titles);
    for model in &models {
        let cell = |name: &&str| {
            let shown = |record: &Record| {
                record.metric(name, model).map(|metric| quantity(metric.value, &metric.unit))
            };
            both(shown(view.shown), view.beside.map(shown))
        };
        table.html_rows(&self::name(names, model), &[metrics.iter().map(cell).collect()]);
    }
    let told = |name: &&str| {
        let values = of(view.shown, name);
        let low = values.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let label = names.label(Kind::Metric, name);
        (values.len() > 1).then(|| format!("{label}: o menor é o de {}, {}", names.model(&low.0), low.2))
    };
    let told: Vec<String> = metrics.iter().filter_map(told).collect();
    let values = |record: &Record| -> Values {
        let measured = of(record, metrics[0]).into_iter();
        measured.map(|(model, value, _)| (names.model(&model).to_owned(), value)).collect()
    };
    let unit = view.shown.metrics.iter().find(|metric| metric.name == metrics[0]).map(|metric| &metric.unit);
    let comparison = view.beside.and_then(|reference| {
        let show = |value| quantity(value, unit.map_or("", String::as_str));
        let said = sentence(&values(view.shown), &values(reference), VALUES, show)?;
        Some(if metrics.len() > 1 { format!("{}: {said}", capital(titles[1])) } else { said })
    });
    Some(Figure {
        question: "Quanto custa cada coisa, em cada modelo?".to_owned(),
        answer: if told.is_empty() { String::new() } else { format!("{}.", capital(&told.join("; "))) },
        body: table.html() + &legend(view),
        comparison: comparison.unwrap_or_default(),
        numbers: String::new(),
        is_of_common_load: false,
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
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

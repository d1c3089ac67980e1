//! O mesmo registro no terminal e em JSON.

use std::io::{self, Write};

use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use registro::format::{count, decimal, integer, percent, plain, quantity, seconds};
use registro::legend::{Kind, Legends};
use registro::record::{Claim, Event, Metric, ModelResult, Point, Span, Start, Verdict};
use registro::system;

use crate::run::layout::{self, wrap};
use crate::run::timeline;

/// Recebe os eventos de uma lição e os mostra.
pub trait Report {
    /// Um evento do registro.
    fn event(&mut self, event: &Event);
    /// Uma frase da lição, que não faz parte do registro.
    fn say(&mut self, text: &str);
}

/// Escreve uma linha na saída padrão.
///
/// Quem lê pode ter ido embora (`| head`): então não há mais o que dizer, e o programa termina sem
/// reclamar. Os processos filhos terminam com ele.
pub(super) fn print(line: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        if error.kind() != io::ErrorKind::BrokenPipe {
            eprintln!("erro: não foi possível escrever a saída: {}", system::reason(&error));
        }
        std::process::exit(if error.kind() == io::ErrorKind::BrokenPipe { 0 } else { 1 });
    }
}

/// Um objeto JSON por linha, e nada mais.
pub struct Json;

impl Report for Json {
    fn event(&mut self, event: &Event) {
        print(&to_line(event));
    }

    fn say(&mut self, _text: &str) {}
}

fn to_line(event: &Event) -> String {
    serde_json::to_string(event).unwrap_or_else(|error| unreachable!("um evento sempre vira JSON: {error}"))
}

/// O relatório para quem está no terminal. Junta os resultados até poder mostrar a tabela inteira.
#[derive(Default)]
pub struct Terminal {
    bar: Option<ProgressBar>,
    legends: Legends,
    workers: usize,
    results: Vec<ModelResult>,
    spans: Vec<Span>,
    points: Vec<Point>,
    metrics: Vec<Metric>,
    judging: bool,
}

impl Report for Terminal {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Start(start) => self.start(start),
            Event::Legend(legend) => self.legends.add(legend.clone()),
            Event::Progress(progress) => {
                let bar = self.bar.get_or_insert_with(|| ProgressBar::new(0));
                bar.set_style(bar_style(progress.done < progress.total));
                bar.set_length(progress.total);
                bar.set_position(progress.done);
                bar.set_message(self.legends.model(&progress.model).to_owned());
            }
            Event::Result(result) => self.results.push(result.clone()),
            Event::Span(span) => self.spans.push(span.clone()),
            Event::Point(point) => self.points.push(point.clone()),
            Event::Metric(metric) => self.metrics.push(metric.clone()),
            Event::Claim(claim) => self.claim(claim),
            Event::End(end) => {
                self.flush();
                print(&format!("\nTempo total: {}.", seconds(end.seconds)));
            }
            Event::Unknown => {}
        }
    }

    fn say(&mut self, text: &str) {
        self.flush();
        show(text);
    }
}

/// Escreve um texto na largura do terminal.
pub(super) fn show(text: &str) {
    print(&wrap(text, layout::width()));
}

impl Terminal {
    fn start(&mut self, start: &Start) {
        self.workers = start.workers;
        let machine = &start.machine;
        print(&style(format!("Lição {} · {}", start.lesson, start.title)).bold().to_string());
        show(&format!(
            "Conta os primos abaixo de {}, em {} fatias, com {}.",
            integer(start.workload.limit),
            start.workload.slices,
            count(start.workers, "trabalhador", "trabalhadores"),
        ));
        let cores = count(machine.cores, "núcleo", "núcleos");
        show(&format!("Máquina: {cores}, {}, {}, perfil {}.", machine.cpu, machine.os, machine.profile));
        if start.quick {
            show("Primeira olhada: a conta é pequena, e o que depende de tempo fica por decidir.");
        }
        print("");
    }

    /// Mostra o que se juntou até aqui.
    fn flush(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if !self.results.is_empty() {
            print(&table(&self.results, &self.legends));
            self.results.clear();
        }
        if !self.spans.is_empty() {
            show("\nLinha do tempo: cada caractere é o núcleo em uso; o ponto é espera.");
            let lines = timeline::draw(&self.spans, &self.legends, layout::width() - 10);
            lines.iter().for_each(|line| print(line));
            self.spans.clear();
        }
        if !self.points.is_empty() {
            print(&curves(&self.points, &self.legends));
            self.points.clear();
        }
        if let Some(table) = metrics(&self.metrics, &self.legends) {
            print(&table);
        }
        self.metrics.clear();
    }

    fn claim(&mut self, claim: &Claim) {
        self.flush();
        if !self.judging {
            self.judging = true;
            print(&format!("\n{}", style("As afirmações, e o que se mediu").bold()));
        }
        let verdict = match claim.verdict {
            None => style("definição").dim(),
            Some(verdict) => {
                let label = style(verdict.label()).bold();
                match verdict {
                    Verdict::Confirmed => label.green(),
                    Verdict::Refuted => label.red(),
                    Verdict::Inconclusive => label.yellow(),
                }
            }
        };
        show(&format!("\n  {} {}  [{verdict}]", claim.id, claim.text));
        if !claim.evidence.is_empty() {
            show(&format!("       {}", claim.evidence));
        }
        if let Some(reason) = &claim.reason {
            show(&format!("       {} {reason}", style("Por quê:").bold()));
        }
    }
}

/// Só aparece num terminal: o `indicatif` não desenha nada em arquivo ou pipe.
///
/// O que vem depois da última repetição também leva tempo: uma barra cheia e parada pareceria presa.
fn bar_style(is_running: bool) -> ProgressStyle {
    let template = if is_running { "  {bar:30} {pos}/{len}  {msg}" } else { "  continua medindo…" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn table(results: &[ModelResult], legends: &Legends) -> String {
    let header = ["modelo", "tempo", "menor – maior", "aceleração", "eficiência"];
    let rows = results.iter().map(|result| {
        let low = result.seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let high = result.seconds.iter().copied().fold(0.0, f64::max);
        vec![
            legends.model(&result.model).to_owned(),
            seconds(result.median),
            format!("{} – {}", seconds(low), seconds(high)),
            format!("{}×", decimal(result.speedup, 2)),
            if result.model == "serial" { "—".to_owned() } else { percent(result.efficiency) },
        ]
    });
    let table = layout::table(&header, &rows.collect::<Vec<_>>(), layout::width());
    // Um modelo que discordasse teria parado a lição.
    let primes = results.first().map_or(0, |result| result.checksum);
    format!("{table}\nPrimos contados, por todos: {}.", integer(primes))
}

/// Uma tabela por curva: as abscissas nas linhas, os modelos nas colunas.
fn curves(points: &[Point], legends: &Legends) -> String {
    let mut text = String::new();
    for series in distinct(points.iter().map(|point| point.series.as_str())) {
        let of_series: Vec<&Point> = points.iter().filter(|point| point.series == series).collect();
        let models = distinct(of_series.iter().map(|point| point.model.as_str()));
        let mut xs: Vec<f64> = of_series.iter().map(|point| point.x).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        let (first, unit) = (&of_series[0].x_unit, &of_series[0].y_unit);
        let mut header = vec![first.as_str()];
        header.extend(models.iter().map(|model| legends.model(model)));
        let rows = xs.iter().map(|&x| {
            let cell = |model: &&str| {
                let point = of_series.iter().find(|point| point.model == *model && point.x == x);
                point.map_or("—".to_owned(), |point| decimal(point.y, 2))
            };
            std::iter::once(plain(x)).chain(models.iter().map(cell)).collect()
        });
        let table = layout::table(&header, &rows.collect::<Vec<_>>(), layout::width());
        text.push_str(&format!("\n{unit}:\n{table}\n"));
    }
    text.trim_end().to_owned()
}

/// Os números avulsos que vão a tabelas: os modelos nas linhas, os nomes nas colunas.
fn metrics(metrics: &[Metric], legends: &Legends) -> Option<String> {
    let column = |name: &str| legends.find(Kind::Metric, name).filter(|legend| legend.in_tables);
    let shown: Vec<&Metric> = metrics.iter().filter(|metric| column(&metric.name).is_some()).collect();
    let names = distinct(shown.iter().map(|metric| metric.name.as_str()));
    let models = distinct(shown.iter().map(|metric| metric.model.as_str()));
    let labels = names.iter().filter_map(|name| column(name)).map(|legend| legend.shown());
    let header: Vec<&str> = std::iter::once("").chain(labels).collect();
    let rows = models.iter().map(|model| {
        let cell = |name: &&str| {
            let metric = shown.iter().find(|metric| metric.name == *name && metric.model == *model);
            metric.map_or("—".to_owned(), |metric| quantity(metric.value, &metric.unit))
        };
        std::iter::once(legends.model(model).to_owned()).chain(names.iter().map(cell)).collect()
    });
    let rows: Vec<Vec<String>> = rows.collect();
    (!shown.is_empty()).then(|| format!("\n{}", layout::table(&header, &rows, layout::width())))
}

/// Os valores distintos, na ordem em que aparecem.
fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

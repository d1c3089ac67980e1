//! A linha do tempo: quem trabalhou, quando e em que núcleo.
//!
//! Todos os modelos usam a mesma escala, para que o mais curto seja, à vista, o mais rápido.

use multiprocessamento::workbook::format::{decimal, model_label, seconds};
use multiprocessamento::workbook::record::Span;

use super::names::class;
use super::number::TimeScale;
use super::pen::{Area, Pen, WIDTH, tick_name, ticks};
use super::record::{Record, distinct};

const LEFT: f64 = 24.0;
const RIGHT: f64 = 64.0;
const HEADING: f64 = 21.0;
const LEGEND: f64 = 24.0;
/// Quantos trabalhadores cabem com folga; dali em diante eles dividem uma altura fixa.
const ROOMY: usize = 4;
const TALLEST: f64 = 150.0;
/// Quantas cores de núcleo `caderno.css` define; dali em diante elas se repetem.
const CORE_COLORS: usize = 8;

/// Em que se conta o tempo, e o que diz a cor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruler {
    /// Segundos; a cor é a do modelo.
    Seconds,
    /// Segundos; a cor é a do núcleo.
    SecondsByCore,
    /// O tempo serial da mesma linguagem: é como se comparam programas de velocidades diferentes.
    OwnSerial,
}

/// O gráfico, dos modelos pedidos (nenhum: todos); nada, sem trechos.
pub fn draw(record: &Record, ruler: Ruler, models: &[&str]) -> Option<String> {
    let wanted = |span: &&Span| models.is_empty() || models.contains(&span.model.as_str());
    let spans: Vec<&Span> = record.spans.iter().filter(wanted).collect();
    let mut shown = distinct(spans.iter().map(|span| span.model.as_str()));
    // A ordem é a da página; sem pedido, a do registro.
    shown.sort_by_key(|model| models.iter().position(|wanted| wanted == model));
    let mut lanes: Vec<(&str, f64, Vec<&Span>)> = Vec::new();
    for model in shown {
        let unit = if ruler == Ruler::OwnSerial { last(&of(record, serial_of(model))) } else { 1.0 };
        if unit > 0.0 {
            lanes.push((model, unit, of(record, model)));
        }
    }
    let end = lanes.iter().map(|(_, unit, spans)| last(spans) / unit).fold(0.0, f64::max);
    if end <= 0.0 {
        return None;
    }
    let scale = (WIDTH - LEFT - RIGHT) / end;
    let times = if ruler == Ruler::OwnSerial { TimeScale::RATIO } else { record.time_scale() };
    let mut timeline = Timeline { pen: Pen::default(), y: 0.0, scale, times, ruler };
    if ruler == Ruler::SecondsByCore {
        timeline.legend(&spans);
    }
    let top = timeline.y;
    for (model, unit, own) in lanes {
        timeline.scale = scale / unit;
        timeline.model(model, &own, unit);
    }
    timeline.scale = scale;
    timeline.axis(top, end);
    let title = match ruler {
        Ruler::Seconds => "Linha do tempo de cada modelo; mais curta é mais rápida",
        Ruler::SecondsByCore => "Linha do tempo de cada modelo; a cor diz o núcleo",
        Ruler::OwnSerial => "Linha do tempo de cada modelo, com o tempo serial da mesma linguagem como 1",
    };
    Some(timeline.pen.finish(timeline.y, title))
}

fn of<'a>(record: &'a Record, model: &str) -> Vec<&'a Span> {
    record.spans.iter().filter(|span| span.model == model).collect()
}

/// O modelo serial da linguagem de `model`.
fn serial_of(model: &str) -> &'static str {
    match model {
        free if free.starts_with("python_free") => "python_free_serial",
        python if python.starts_with("python") => "python_serial",
        _ => "serial",
    }
}

/// Um desenho que cresce para baixo.
struct Timeline {
    pen: Pen,
    /// Onde o próximo pedaço começa.
    y: f64,
    /// Unidades do desenho por segundo ou, na régua relativa, por tempo serial.
    scale: f64,
    times: TimeScale,
    ruler: Ruler,
}

impl Timeline {
    /// O nome do modelo e, embaixo, uma faixa por trabalhador.
    fn model(&mut self, model: &str, spans: &[&Span], unit: f64) {
        let mut workers = distinct(spans.iter().map(|span| span.worker));
        workers.sort_unstable();
        let is_roomy = workers.len() <= ROOMY;
        let count = f64::from(u16::try_from(workers.len()).unwrap_or(u16::MAX));
        let pitch = if is_roomy { 18.0 } else { (TALLEST / count).min(10.0) };
        let lane = pitch * 0.82;
        self.pen.text("nome", (LEFT, self.y + HEADING - 6.0), model_label(model));
        self.y += HEADING;
        let middle = self.y + (count * pitch) / 2.0 + 3.5;
        for worker in workers {
            if is_roomy {
                let name = (worker + 1).to_string();
                self.pen.text("fim", (LEFT - 5.0, self.y + lane - 3.0), &name);
            }
            for span in spans.iter().filter(|span| span.worker == worker) {
                self.span(span, lane);
            }
            self.y += pitch;
        }
        let end = last(spans);
        self.pen.text("valor", (LEFT + end * self.scale + 6.0, middle), &self.times.time(end / unit));
        self.y += 6.0;
    }

    fn span(&mut self, span: &Span, height: f64) {
        // Um trecho curto demais para se ver ainda aconteceu.
        let width = ((span.end - span.start) * self.scale).max(0.4);
        let area = Area { x: LEFT + span.start * self.scale, y: self.y, width, height };
        let color =
            if self.ruler == Ruler::SecondsByCore { core_class(span.cpu) } else { class(&span.model) };
        self.pen.rect(&format!("trecho {color}"), area, &tip(span));
    }

    fn axis(&mut self, top: f64, end: f64) {
        let ticks = ticks(self.times.convert(end));
        for &tick in &ticks {
            let x = LEFT + tick * self.scale / self.times.convert(1.0);
            self.pen.line("grade", (x, top), (x, self.y));
            self.pen.text("meio", (x, self.y + 16.0), &tick_name(tick, &ticks));
        }
        let right = WIDTH - RIGHT;
        self.pen.line("eixo", (LEFT, self.y), (right, self.y));
        let title = match self.ruler {
            Ruler::OwnSerial => self.times.name.to_owned(),
            _ => format!("{} desde o início do modelo", self.times.name),
        };
        self.pen.text("meio", ((LEFT + right) / 2.0, self.y + 33.0), &title);
        self.y += 38.0;
    }

    /// A cor de cada núcleo usado.
    fn legend(&mut self, spans: &[&Span]) {
        let mut cores = distinct(spans.iter().map(|span| span.cpu));
        cores.sort_unstable();
        let step = 92.0;
        let mut x = LEFT;
        for core in cores {
            if x + step > WIDTH {
                (x, self.y) = (LEFT, self.y + LEGEND);
            }
            let area = Area { x, y: self.y + 4.0, width: 14.0, height: 14.0 };
            self.pen.rect(&core_class(core), area, "");
            self.pen.text("", (x + 19.0, self.y + 16.0), &format!("núcleo {core}"));
            x += step;
        }
        self.y += LEGEND;
    }
}

fn last(spans: &[&Span]) -> f64 {
    spans.iter().map(|span| span.end).fold(0.0, f64::max)
}

fn tip(span: &Span) -> String {
    format!(
        "trabalhador {}: {} (de {} a {} s), núcleo {}, PID {}, TID {}",
        span.worker + 1,
        seconds(span.end - span.start),
        decimal(span.start, 3),
        decimal(span.end, 3),
        span.cpu,
        span.pid,
        span.tid
    )
}

fn core_class(core: usize) -> String {
    format!("nucleo-{}", core % CORE_COLORS)
}

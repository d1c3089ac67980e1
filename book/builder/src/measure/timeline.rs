//! A linha do tempo: quem trabalhou, quando e em que núcleo.
//!
//! Todos os modelos usam a mesma escala, para que o mais curto seja, à vista, o mais rápido.

use registro::format::{count, decimal, seconds};
use registro::legend::Kind;
use registro::model::Model;
use registro::record::Span;

use super::agreement;
use super::chart::{Chart, Scale, times_over};
use super::names::Names;
use super::number::TimeScale;
use super::pen::{Area, Pen, WIDTH, tick_name, ticks};
use super::record::{Record, distinct, time_scale};
use super::table::Table;

const LEFT: f64 = 24.0;
const RIGHT: f64 = 78.0;
const HEADING: f64 = 25.0;
const LEGEND: f64 = 24.0;
/// Quantos trabalhadores cabem com folga; dali em diante eles dividem uma altura fixa.
const ROOMY: usize = 4;
const TALLEST: f64 = 150.0;
/// Quantos tons de núcleo `cores.css` define; dali em diante eles se repetem. As cores são dos modelos.
const CORE_TONES: usize = 8;
/// Mais trabalhadores do que isto, e a tabela conta todos numa linha.
const MOST_ROWS: usize = 16;

/// Em que se conta o tempo, e o que diz a cor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruler {
    /// Segundos; a cor é a do modelo.
    Seconds,
    /// Segundos; o tom diz o núcleo.
    SecondsByCore,
    /// O tempo serial da mesma linguagem: é como se comparam programas de velocidades diferentes.
    OwnSerial,
}

/// Um modelo e o que vale, em segundos, uma unidade da régua dele.
struct Lane<'a> {
    model: &'a str,
    unit: f64,
    spans: Vec<&'a Span>,
}

impl Lane<'_> {
    /// Quando o modelo acabou, na régua.
    fn end(&self) -> f64 {
        last(&self.spans) / self.unit
    }
}

/// O gráfico, dos modelos pedidos (nenhum: todos); nada, sem trechos. A régua serve a todos os registros de `group`,
/// este entre eles.
pub fn draw(
    record: &Record,
    names: Names,
    ruler: Ruler,
    models: &[&str],
    group: &[&Record],
) -> Option<Chart> {
    let lanes = lanes(record, names, ruler, models);
    let all = group.iter().flat_map(|record| self::lanes(record, names, ruler, models));
    let end = all.map(|lane| lane.end()).fold(0.0, f64::max);
    if lanes.is_empty() || end <= 0.0 {
        return None;
    }
    let scale = (WIDTH - LEFT - RIGHT) / end;
    let times = if ruler == Ruler::OwnSerial { TimeScale::RATIO } else { time_scale(group) };
    let mut timeline = Timeline { pen: Pen::default(), y: 0.0, names, scale, times, ruler };
    if ruler == Ruler::SecondsByCore {
        timeline.legend(&lanes);
    }
    let top = timeline.y;
    for lane in &lanes {
        timeline.scale = scale / lane.unit;
        timeline.model(lane);
    }
    timeline.scale = scale;
    timeline.axis(top, end);
    let title = match ruler {
        Ruler::Seconds => "Quem trabalhou, e quando?",
        Ruler::SecondsByCore => "Em que núcleo cada trabalhador esteve? O tom diz qual",
        Ruler::OwnSerial => "Quem trabalhou, e quando, com o tempo serial da mesma linguagem como 1?",
    };
    let ends = lanes.iter().map(|lane| (names.model(lane.model).to_owned(), lane.end())).collect();
    Some(Chart {
        kind: "linha-do-tempo",
        name: String::new(),
        axes: [Some(Scale { places: (LEFT, WIDTH - RIGHT), values: (0.0, end), is_log: false }), None],
        values: (ends, agreement::Ends("quem acaba primeiro é", "quem acaba por último é")),
        beside: Vec::new(),
        show: Box::new(move |value| times.time(value)),
        title: title.to_owned(),
        summary: summary(&lanes, names, times)?,
        pen: timeline.pen,
        height: timeline.y,
        numbers: numbers(&lanes, names, times),
    })
}

fn lanes<'a>(record: &'a Record, names: Names, ruler: Ruler, models: &[&str]) -> Vec<Lane<'a>> {
    let mut shown = distinct(record.spans.iter().map(|span| span.model.as_str()));
    shown.retain(|model| models.is_empty() || models.contains(model));
    // A ordem é a da página; sem pedido, a do registro.
    shown.sort_by_key(|model| models.iter().position(|wanted| wanted == model));
    let lanes = shown.into_iter().map(|model| {
        let unit = match ruler {
            Ruler::OwnSerial => serial_of(names, model).map_or(0.0, |serial| last(&of(record, serial))),
            _ => 1.0,
        };
        Lane { model, unit, spans: of(record, model) }
    });
    lanes.filter(|lane| lane.unit > 0.0).collect()
}

/// Quem acabou primeiro, e quem por último.
fn summary(lanes: &[Lane], names: Names, times: TimeScale) -> Option<String> {
    let by_end = |a: &&Lane, b: &&Lane| a.end().total_cmp(&b.end());
    let (first, last) = (lanes.iter().min_by(by_end)?, lanes.iter().max_by(by_end)?);
    let told = |lane: &Lane| format!("{}, em {}", names.model(lane.model), times.time(lane.end()));
    Some(match lanes {
        [only] => format!(
            "Acabou {}, com {}.",
            told(only),
            count(workers(only).len(), "trabalhador", "trabalhadores")
        ),
        _ => format!(
            "Acabou primeiro {}; por último, {}, {} o tempo do primeiro.",
            told(first),
            told(last),
            times_over(last.end() / first.end())
        ),
    })
}

/// Centenas de trechos não se leem: cada trabalhador vira uma linha e, onde eles são muitos, todos os do modelo.
fn numbers(lanes: &[Lane], names: Names, times: TimeScale) -> Table {
    let titles = ["Modelo", "Trabalhador", "Trechos", "Ocupado", "Começo", "Fim", "Núcleos"];
    let mut numbers = Table::of_chart(&titles);
    for lane in lanes {
        let workers = workers(lane);
        let row = |name: String, spans: &[&Span]| {
            let time = |seconds: f64| times.time(seconds / lane.unit);
            let mut cores = distinct(spans.iter().map(|span| span.cpu));
            cores.sort_unstable();
            let cores: Vec<String> = cores.iter().map(usize::to_string).collect();
            let start = spans.iter().map(|span| span.start).fold(f64::INFINITY, f64::min);
            let busy = spans.iter().map(|span| span.end - span.start).sum();
            vec![name, spans.len().to_string(), time(busy), time(start), time(last(spans)), cores.join(", ")]
        };
        let rows: Vec<Vec<String>> = if workers.len() > MOST_ROWS {
            vec![row(format!("os {}", workers.len()), &lane.spans)]
        } else {
            let each = workers.iter().map(|worker| {
                let own: Vec<&Span> =
                    lane.spans.iter().copied().filter(|span| span.worker == *worker).collect();
                row((worker + 1).to_string(), &own)
            });
            each.collect()
        };
        numbers.rows(names, lane.model, &rows);
    }
    numbers
}

/// Os trabalhadores de um modelo, em ordem.
fn workers(lane: &Lane) -> Vec<usize> {
    let mut workers = distinct(lane.spans.iter().map(|span| span.worker));
    workers.sort_unstable();
    workers
}

fn of<'a>(record: &'a Record, model: &str) -> Vec<&'a Span> {
    record.spans.iter().filter(|span| span.model == model).collect()
}

/// O modelo serial da linguagem de `model`; nada, de um que a legenda não diz qual é, e que pode ser de qualquer uma.
fn serial_of<'r>(names: Names<'r>, model: &str) -> Option<&'r str> {
    let legend = names.find(Kind::Model, model);
    let own = legend.and_then(|legend| legend.serial.as_deref());
    let is_ours = legend.is_some() || Model::from_id(model).is_some();
    own.or(is_ours.then_some(Model::Serial.id()))
}

/// Um desenho que cresce para baixo.
struct Timeline<'r> {
    pen: Pen,
    names: Names<'r>,
    /// Onde o próximo pedaço começa.
    y: f64,
    /// Unidades do desenho por segundo ou, na régua relativa, por tempo serial.
    scale: f64,
    times: TimeScale,
    ruler: Ruler,
}

impl Timeline<'_> {
    /// O nome do modelo e, embaixo, uma faixa por trabalhador.
    fn model(&mut self, lane: &Lane) {
        let workers = workers(lane);
        let is_roomy = workers.len() <= ROOMY;
        let number = f64::from(u16::try_from(workers.len()).unwrap_or(u16::MAX));
        let pitch = if is_roomy { 18.0 } else { (TALLEST / number).min(10.0) };
        let height = pitch * 0.82;
        self.pen.text("nome", (LEFT, self.y + HEADING - 6.0), self.names.model(lane.model));
        self.y += HEADING;
        let middle = self.y + (number * pitch) / 2.0 + 3.5;
        for worker in workers {
            if is_roomy {
                let name = (worker + 1).to_string();
                self.pen.text("fim", (LEFT - 5.0, self.y + height - 1.5), &name);
            }
            for span in lane.spans.iter().filter(|span| span.worker == worker) {
                self.span(span, height);
            }
            self.y += pitch;
        }
        let end = LEFT + last(&lane.spans) * self.scale;
        self.pen.text("valor", (end + 6.0, middle), &self.times.time(lane.end()));
        self.y += 6.0;
    }

    fn span(&mut self, span: &Span, height: f64) {
        // Um trecho curto demais para se ver ainda aconteceu.
        let width = ((span.end - span.start) * self.scale).max(0.4);
        let area = Area { x: LEFT + span.start * self.scale, y: self.y, width, height };
        let color = if self.ruler == Ruler::SecondsByCore {
            core_class(span.cpu)
        } else {
            self.names.class(&span.model)
        };
        self.pen.rect(&format!("trecho {color}"), area, &tip(span));
    }

    fn axis(&mut self, top: f64, end: f64) {
        let ticks = ticks(self.times.convert(end));
        for &tick in &ticks {
            let x = LEFT + tick * self.scale / self.times.convert(1.0);
            self.pen.line("grade", (x, top), (x, self.y));
            self.pen.text("meio", (x, self.y + 18.0), &tick_name(tick, &ticks));
        }
        let right = WIDTH - RIGHT;
        self.pen.line("eixo", (LEFT, self.y), (right, self.y));
        let title = match self.ruler {
            Ruler::OwnSerial => self.times.name.to_owned(),
            _ => format!("{} desde o início do modelo", self.times.name),
        };
        self.pen.text("meio", ((LEFT + right) / 2.0, self.y + 38.0), &title);
        self.pen.text("meio", ((LEFT + right) / 2.0, self.y + 58.0), "uma faixa por trabalhador");
        self.y += 64.0;
    }

    /// O tom de cada núcleo usado.
    fn legend(&mut self, lanes: &[Lane]) {
        let mut cores = distinct(lanes.iter().flat_map(|lane| &lane.spans).map(|span| span.cpu));
        cores.sort_unstable();
        let step = 108.0;
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
    format!("nucleo-{}", core % CORE_TONES)
}

//! Barras: uma por modelo, do tempo na carga comum ou de um número avulso.
//!
//! A da máquina de referência vai sob a do leitor, mais fina e vazada, na mesma escala: é só assim que se comparam à vista.

use registro::format::quantity;
use registro::legend::Kind;
use registro::record::{Metric, ModelResult};

use super::agreement::{self, Ends, Values};
use super::chart::{Chart, Scale, times_over};
use super::names::Names;
use super::number::{TimeScale, unit_name};
use super::pen::{Area, Pen, WIDTH, tick_name, ticks};
use super::record::{Record, distinct, time_scale};
use super::table::{Table, extremes};
use super::view::View;

/// A largura de uma letra na tela estreita, onde ela é maior.
const LETTER: f64 = 8.8;
const BAR: f64 = 18.0;
const THIN: f64 = 10.0;
/// O que a linha de uma medição só e a de duas ocupam.
const ROW: f64 = 32.0;
const DOUBLE: f64 = 52.0;
/// As marcas do eixo e o nome da unidade.
const AXIS: f64 = 44.0;

/// Um valor, na unidade do eixo, e como ele se lê.
#[derive(Clone)]
struct Value {
    value: f64,
    /// Da menor à maior repetição.
    range: Option<(f64, f64)>,
    label: String,
    tip: String,
}

impl Value {
    fn end(&self) -> f64 {
        self.range.map_or(self.value, |(_, high)| high.max(self.value))
    }
}

/// O que cada máquina mediu de um modelo. Nenhuma das duas: o modelo ainda vai ser medido, e o lugar dele fica.
struct Bar<'a> {
    model: &'a str,
    own: Option<Value>,
    reference: Option<Value>,
}

/// O tempo de cada modelo na carga comum, com a faixa das repetições; nada, sem resultados.
pub fn of_times(view: &View) -> Option<Chart> {
    let times = time_scale(&view.group(view.shown, true));
    let timed = |record: &Record, model: &str| record.result(model).map(|result| time(result, times));
    let bars =
        bars(view, |record| record.results.iter().map(|result| result.model.as_str()).collect(), timed);
    let mut numbers = Table::of_chart(&["Modelo", "Mediana", "Menor", "Maior"]);
    for record in std::iter::once(view.shown).chain(view.beside) {
        numbers.machine(record, view);
        for result in &record.results {
            let (low, high) = extremes(&result.seconds);
            numbers.row(
                view.names(),
                &result.model,
                &[result.median, low, high].map(|time| times.time(time)),
            );
        }
    }
    Some(Chart {
        kind: "barras",
        name: "median".to_owned(),
        title: "Quanto leva cada modelo? Menos é melhor".to_owned(),
        summary: fastest(&bars, view.names())?,
        show: Box::new(move |value| times.time(value)),
        ..chart(&bars, view.names(), times.name, times.convert(1.0), numbers, agreement::TIMES)?
    })
}

fn time(result: &ModelResult, times: TimeScale) -> Value {
    let (low, high) = extremes(&result.seconds);
    let label = times.time(result.median);
    Value {
        value: times.convert(result.median),
        range: (result.seconds.len() > 1).then(|| (times.convert(low), times.convert(high))),
        tip: format!("mediana {label}, de {} a {}", times.time(low), times.time(high)),
        label,
    }
}

/// O número avulso `name`, de cada modelo que o tem; nada, se nenhum tem.
pub fn of_metric(view: &View, name: &str) -> Option<Chart> {
    let unit = named(view.shown, name).next()?.unit.clone();
    let all = std::iter::once(view.shown).chain(view.beside).flat_map(|record| named(record, name));
    // Segundos pedem a unidade em que todos se leiam; as outras já são a do registro.
    let longest = all.map(|metric| metric.value).fold(0.0, f64::max);
    let times = (unit == "s").then(|| TimeScale::fit(longest));
    let valued = |record: &Record, model: &str| record.metric(name, model).map(|metric| value(metric, times));
    let bars = bars(view, |record| named(record, name).map(|metric| metric.model.as_str()).collect(), valued);
    let mut numbers = Table::of_chart(&["Modelo", "Valor"]);
    for record in std::iter::once(view.shown).chain(view.beside) {
        numbers.machine(record, view);
        named(record, name)
            .for_each(|metric| numbers.row(view.names(), &metric.model, &[value(metric, times).label]));
    }
    let question = view.names().find(Kind::Metric, name).and_then(|legend| legend.question.as_deref());
    let factor = times.map_or(1.0, |times| times.convert(1.0));
    let title = times.map_or(unit_name(&unit), |times| times.name).to_owned();
    Some(Chart {
        kind: "barras",
        name: name.to_owned(),
        title: question.unwrap_or("Quanto vale em cada modelo?").to_owned(),
        summary: least_and_most(&bars, view.names())?,
        show: Box::new(move |value| times.map_or_else(|| quantity(value, &unit), |times| times.time(value))),
        ..chart(&bars, view.names(), &title, factor, numbers, agreement::VALUES)?
    })
}

fn named<'a>(record: &'a Record, name: &str) -> impl Iterator<Item = &'a Metric> {
    record.metrics.iter().filter(move |metric| metric.name == name && !metric.model.is_empty())
}

fn value(metric: &Metric, times: Option<TimeScale>) -> Value {
    let (value, label) = match times {
        Some(times) => (times.convert(metric.value), times.time(metric.value)),
        None => (metric.value, quantity(metric.value, &metric.unit)),
    };
    Value { value, range: None, tip: label.clone(), label }
}

/// Os modelos na ordem da referência, que já os tem todos enquanto o leitor ainda mede: nenhuma barra muda de lugar.
fn bars<'a>(
    view: &View<'a>,
    models: impl Fn(&'a Record) -> Vec<&'a str>,
    measured: impl Fn(&Record, &str) -> Option<Value>,
) -> Vec<Bar<'a>> {
    let all = view.beside.into_iter().chain([view.shown]).flat_map(models);
    let bar = |model| Bar {
        model,
        own: measured(view.shown, model),
        reference: view.beside.and_then(|record| measured(record, model)),
    };
    distinct(all).into_iter().map(bar).collect()
}

/// Quem foi o mais rápido, e quem o mais lento.
fn fastest(bars: &[Bar], names: Names) -> Option<String> {
    let ((first, low), (last, high)) = ends(bars)?;
    let own = |wanted: &str| bars.iter().find(|bar| bar.model == wanted && first != wanted)?.own.as_ref();
    let gain = own("serial")
        .map(|serial| format!(", {} mais rápido que o serial", times_over(serial.value / low.value)));
    Some(format!(
        "O mais rápido foi {}, com {}{}; o mais lento, {}, com {}.",
        names.model(first),
        low.label,
        gain.unwrap_or_default(),
        names.model(last),
        high.label
    ))
}

/// O menor e o maior dos valores, e quantas vezes um cabe no outro.
fn least_and_most(bars: &[Bar], names: Names) -> Option<String> {
    let ((first, low), (last, high)) = ends(bars)?;
    if first == last {
        return Some(format!("O valor de {} é {}.", names.model(first), low.label));
    }
    let ratio = high.value / low.value;
    let ratio = if ratio.is_finite() { format!(", {} o menor", times_over(ratio)) } else { String::new() };
    Some(format!(
        "O menor valor é o de {}, {}; o maior, o de {}, {}{ratio}.",
        names.model(first),
        low.label,
        names.model(last),
        high.label
    ))
}

type End<'a, 'b> = (&'a str, &'b Value);

fn ends<'a, 'b>(bars: &'b [Bar<'a>]) -> Option<(End<'a, 'b>, End<'a, 'b>)> {
    let own = || bars.iter().filter_map(|bar| Some((bar.model, bar.own.as_ref()?)));
    let by_value = |a: &End, b: &End| a.1.value.total_cmp(&b.1.value);
    Some((own().min_by(by_value)?, own().max_by(by_value)?))
}

/// As barras e, embaixo, o eixo em que cabem as das duas máquinas. `factor` leva a unidade do registro à do eixo.
fn chart(bars: &[Bar], names: Names, unit: &str, factor: f64, numbers: Table, words: Ends) -> Option<Chart> {
    let values = || bars.iter().flat_map(|bar| [&bar.own, &bar.reference]).flatten();
    let longest = values().map(Value::end).fold(0.0, f64::max);
    if longest <= 0.0 {
        return None;
    }
    let width = |text: &str| letters(text) * LETTER;
    let left = bars.iter().map(|bar| width(names.model(bar.model))).fold(0.0, f64::max) + 12.0;
    let right = values().map(|value| width(&value.label)).fold(0.0, f64::max) + 14.0;
    let scale = (WIDTH - left - right).max(WIDTH / 6.0) / longest;
    let has_two = bars.iter().any(|bar| bar.reference.is_some());
    let row = if has_two { DOUBLE } else { ROW };
    let bottom = row * letters_of(bars.len());
    let mut pen = Pen::default();
    axis(&mut pen, bottom, (left, scale), longest, unit);
    for (index, bar) in (0..).zip(bars) {
        let top = row * letters_of(index) + 6.0;
        let name = names.model(bar.model);
        pen.open(&format!(
            "data-modelo=\"{}\" data-topo=\"{top:.1}\" data-base=\"{:.1}\"",
            bar.model,
            top + BAR
        ));
        pen.text("nome fim", (left - 8.0, top + BAR / 2.0 + 5.0), name);
        if let Some(own) = &bar.own {
            draw(&mut pen, &names.class(bar.model), (top, BAR), (left, scale), (name, own));
        }
        if let Some(reference) = &bar.reference {
            let class = format!("referencia {}", names.class(bar.model));
            let name = format!("{name}, na máquina de referência");
            draw(&mut pen, &class, (top + BAR + 6.0, THIN), (left, scale), (&name, reference));
        }
        pen.ungroup();
    }
    let measured = |side: for<'s> fn(&'s Bar<'_>) -> &'s Option<Value>| -> Values {
        let named = bars
            .iter()
            .filter_map(|bar| Some((names.model(bar.model).to_owned(), side(bar).as_ref()?.value / factor)));
        named.collect()
    };
    Some(Chart {
        kind: "barras",
        name: String::new(),
        title: String::new(),
        summary: String::new(),
        pen,
        height: bottom + AXIS,
        axes: [
            Some(Scale {
                places: (left, left + longest * scale),
                values: (0.0, longest / factor),
                is_log: false,
            }),
            None,
        ],
        numbers,
        values: (measured(|bar| &bar.own), words),
        beside: measured(|bar| &bar.reference),
        show: Box::new(|value| value.to_string()),
    })
}

/// Uma barra: a largura, a faixa das repetições e o valor ao lado.
fn draw(
    pen: &mut Pen,
    class: &str,
    (y, height): (f64, f64),
    (left, scale): (f64, f64),
    (name, value): (&str, &Value),
) {
    let middle = y + height / 2.0;
    // Uma barra curta demais para se ver ainda foi medida.
    let area = Area { x: left, y, width: (value.value * scale).max(1.0), height };
    pen.rect(class, area, &format!("{name}: {}", value.tip));
    if let Some((low, high)) = value.range {
        let (low, high) = (left + low * scale, left + high * scale);
        pen.line("faixa", (low, middle), (high, middle));
        pen.line("faixa", (low, middle - 4.0), (low, middle + 4.0));
        pen.line("faixa", (high, middle - 4.0), (high, middle + 4.0));
    }
    let end = left + (value.end() * scale).max(1.0);
    pen.text("valor", (end + 6.0, middle + 5.5), &value.label);
}

fn letters(text: &str) -> f64 {
    letters_of(text.chars().count())
}

fn letters_of(count: usize) -> f64 {
    f64::from(u16::try_from(count).unwrap_or(u16::MAX))
}

fn axis(pen: &mut Pen, bottom: f64, (left, scale): (f64, f64), longest: f64, unit: &str) {
    let all = ticks(longest);
    // Num espaço estreito, números compridos se encostariam: fica um a cada tantos.
    let widest = all.iter().map(|tick| letters(&tick_name(*tick, &all))).fold(0.0, f64::max);
    let room = all.get(1).map_or(WIDTH, |step| step * scale);
    let every = (1..).find(|every| letters_of(*every) * room >= widest * LETTER + 8.0).unwrap_or(1);
    let ticks: Vec<f64> = all.into_iter().step_by(every).collect();
    for &tick in &ticks {
        let x = left + tick * scale;
        pen.line("grade", (x, 0.0), (x, bottom));
        pen.text("meio", (x, bottom + 18.0), &tick_name(tick, &ticks));
    }
    let right = left + longest * scale;
    pen.line("eixo", (left, bottom), (right, bottom));
    pen.text("fim", (right.max(left + letters(unit) * LETTER / 2.0), bottom + 38.0), unit);
}

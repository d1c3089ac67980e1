//! As curvas: uma grandeza contra outra, uma linha por modelo.
//!
//! O plotters só desenha com cores fixas. Aqui cada papel recebe uma cor de mentira, trocada no fim
//! pela variável de `theme/caderno.css` que muda com o tema.

use std::error::Error;

use multiprocessamento::workbook::format::model_label;
use multiprocessamento::workbook::record::Point;
use plotters::prelude::*;

use super::axis::Axis;
use super::names::class;
use super::pen::{WIDTH, wrap};
use super::record::{Record, distinct};

const HEIGHT: u32 = 320;
const LABELS: u32 = 138;
/// Por letra de um nome mais longo do que a margem, na tela estreita.
const LETTER: u32 = 8;
const LINE: i32 = 17;
const GRID: RGBColor = RGBColor(1, 2, 1);
const AXIS: RGBColor = RGBColor(1, 2, 2);
const GUIDE: RGBColor = RGBColor(1, 2, 3);

/// A série que se compara com a aceleração ideal e com a lei de Amdahl.
const SPEEDUP: &str = "speedup_by_workers";
const SERIAL_FRACTION: &str = "amdahl_serial_fraction";

struct Curve {
    label: String,
    color: RGBColor,
    style: Style,
    dots: Vec<(f64, f64)>,
}

#[derive(PartialEq)]
enum Style {
    Measured,
    Dashed,
    Dotted,
}

/// O gráfico; nada, sem pontos desta série.
pub fn draw(record: &Record, series: &str) -> Option<String> {
    let points: Vec<&Point> = record.points.iter().filter(|point| point.series == series).collect();
    let first = points.first()?;
    let models = distinct(points.iter().map(|point| point.model.as_str()));
    let mut curves: Vec<Curve> = Vec::new();
    if series == SPEEDUP {
        curves.extend(guides(record, &points, &models));
    }
    curves.extend(level(series, &points));
    curves.extend(models.iter().enumerate().map(|(index, model)| Curve {
        label: model_label(model).to_owned(),
        color: placeholder(index),
        style: Style::Measured,
        dots: dots_of(&points, model),
    }));
    let (x_title, y_title) = titles(first);
    let dots = || curves.iter().flat_map(|curve| &curve.dots);
    // Uma razão se lê contra zero, por menor que fique; o que se acrescentou à memória, também.
    let from_zero = ["eficiência", "aceleração", "MiB a mais"].contains(&first.y_unit.as_str());
    let y = if from_zero { Axis::linear } else { Axis::of };
    let axes = (Axis::of(dots().map(|dot| dot.0).collect()), y(dots().map(|dot| dot.1).collect()));
    let mut body = String::new();
    // O plotters escreve em memória; se falhar, a página diz que falta a figura.
    plot(&mut body, &curves, axes, &x_title, &y_title).ok()?;
    Some(wrap(&recolor(&body, &models), f64::from(HEIGHT), &format!("{y_title} por {x_title}")))
}

/// Da esquerda para a direita, seja qual for a ordem em que foram medidos.
fn dots_of(points: &[&Point], model: &str) -> Vec<(f64, f64)> {
    let own = points.iter().filter(|point| point.model == model);
    let mut dots: Vec<(f64, f64)> = own.map(|point| (point.x, point.y)).collect();
    dots.sort_by(|a, b| a.0.total_cmp(&b.0));
    dots
}

/// A aceleração ideal e, onde a lição a ajustou, a que a lei de Amdahl prevê.
fn guides(record: &Record, points: &[&Point], models: &[&str]) -> Vec<Curve> {
    let end = points.iter().map(|point| point.x).fold(1.0, f64::max);
    let mut guides = vec![Curve {
        label: "ideal".to_owned(),
        color: GUIDE,
        style: Style::Dashed,
        dots: vec![(1.0, 1.0), (end, end)],
    }];
    for (index, model) in models.iter().enumerate() {
        let Some(serial) = record.metric(SERIAL_FRACTION, model) else { continue };
        let s = serial.value;
        let at = |step: u32| 1.0 + (end - 1.0) * f64::from(step) / 24.0;
        guides.push(Curve {
            label: "Amdahl".to_owned(),
            color: placeholder(index),
            style: Style::Dotted,
            dots: (0..=24).map(at).map(|n| (n, 1.0 / (s + (1.0 - s) / n))).collect(),
        });
    }
    guides
}

/// A altura em que uma curva muda de sentido, onde há uma: metade da máquina ocupada, ou nem ganho nem perda.
fn level(series: &str, points: &[&Point]) -> Option<Curve> {
    let (label, height) = match series {
        "efficiency_by_task" => ("metade da máquina", 0.5),
        "speedup_by_work" => ("nem ganho nem perda", 1.0),
        "time_by_chunk" => ("o tempo do laço", 1.0),
        _ => return None,
    };
    let start = points.iter().map(|point| point.x).fold(f64::INFINITY, f64::min);
    let end = points.iter().map(|point| point.x).fold(0.0, f64::max);
    let dots = vec![(start, height), (end, height)];
    Some(Curve { label: label.to_owned(), color: GUIDE, style: Style::Dashed, dots })
}

fn titles(point: &Point) -> (String, String) {
    if point.series == SPEEDUP {
        return ("trabalhadores".to_owned(), "aceleração (vezes)".to_owned());
    }
    let unit = |unit: &str| if unit == "us" { "µs".to_owned() } else { unit.to_owned() };
    (unit(&point.x_unit), unit(&point.y_unit))
}

fn plot(
    svg: &mut String,
    curves: &[Curve],
    (x, y): (Axis, Axis),
    x_title: &str,
    y_title: &str,
) -> Result<(), Box<dyn Error>> {
    let width = WIDTH as u32;
    let letters = |curve: &Curve| u32::try_from(curve.label.chars().count()).unwrap_or(0);
    let labels = curves.iter().map(|curve| letters(curve) * LETTER + 18).fold(LABELS, u32::max);
    let root = SVGBackend::with_string(svg, (width, HEIGHT)).into_drawing_area();
    let text = ("sans-serif", 13).into_font();
    let mut chart = ChartBuilder::on(&root)
        .margin_top(26)
        .margin_right(labels)
        .x_label_area_size(42)
        .y_label_area_size(44)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(AXIS)
        .label_style(text.clone())
        .x_desc(x_title)
        .draw()?;
    root.draw(&Text::new(y_title.to_owned(), (4, 4), text.clone()))?;
    let mut ends: Vec<(i32, &Curve)> = Vec::new();
    for curve in curves {
        let Some(&last) = curve.dots.last() else { continue };
        let stroke = curve.color.stroke_width(2);
        let line = curve.dots.iter().copied();
        match curve.style {
            Style::Measured => {
                chart.draw_series(LineSeries::new(line.clone(), stroke))?;
                let marks = line.map(|dot| Circle::new(dot, 4, curve.color.filled()));
                chart.draw_series(marks)?;
            }
            Style::Dashed => {
                chart.draw_series(DashedLineSeries::new(line, 7, 5, stroke))?;
            }
            Style::Dotted => {
                let color = curve.color.filled();
                let dot = move |at| Circle::new(at, 1, color);
                chart.draw_series(DottedLineSeries::new(line, 0, 5, dot))?;
            }
        }
        ends.push((chart.backend_coord(&last).1, curve));
    }
    let left = i32::try_from(width - labels).unwrap_or(0) + 10;
    for (middle, curve) in spread(ends) {
        let mark = (left, middle);
        let color = curve.color.filled();
        root.draw(&Circle::new(mark, if curve.style == Style::Measured { 4 } else { 2 }, color))?;
        root.draw(&Text::new(curve.label.clone(), (left + 8, middle - 6), text.clone()))?;
    }
    root.present()?;
    drop(chart);
    drop(root);
    Ok(())
}

/// Afasta os nomes que cairiam uns sobre os outros, sem tirá-los da ordem nem do desenho.
fn spread(mut ends: Vec<(i32, &Curve)>) -> Vec<(i32, &Curve)> {
    ends.sort_by_key(|(y, _)| *y);
    let mut floor = 12;
    for (y, _) in &mut ends {
        *y = (*y).max(floor);
        floor = *y + LINE;
    }
    let mut ceiling = i32::try_from(HEIGHT).unwrap_or(i32::MAX) - 12;
    for (y, _) in ends.iter_mut().rev() {
        *y = (*y).min(ceiling);
        ceiling = *y - LINE;
    }
    ends
}

fn placeholder(index: usize) -> RGBColor {
    RGBColor(1, 3, u8::try_from(index).unwrap_or(u8::MAX))
}

/// O miolo do SVG do plotters, com as cores de verdade.
fn recolor(svg: &str, models: &[&str]) -> String {
    let hex = |RGBColor(r, g, b): RGBColor| format!("#{r:02X}{g:02X}{b:02X}");
    let inside = svg.split_once('>').map_or(svg, |(_, rest)| rest);
    let mut body = inside.trim().trim_end_matches("</svg>").replace(">\n", ">").replace("\n<", "<");
    for (color, name) in [(GRID, "grade"), (AXIS, "eixo"), (GUIDE, "guia")] {
        body = body.replace(&hex(color), &format!("var(--{name})"));
    }
    for (index, model) in models.iter().enumerate() {
        body = body.replace(&hex(placeholder(index)), &format!("var(--{})", class(model)));
    }
    body
}

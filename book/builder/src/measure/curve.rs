//! As curvas: uma grandeza contra outra, uma linha por modelo, cada uma com a sua marca e o seu tracejado, para que
//! se distingam também sem cor.
//!
//! O plotters desenha os eixos, e só com cores fixas. Aqui cada papel recebe uma cor de mentira, trocada no fim pela
//! variável de `theme/caderno.css` que muda com o tema.

use std::error::Error;

use multiprocessamento::workbook::format::{model_label, plain};
use multiprocessamento::workbook::record::Point;
use plotters::prelude::*;

use super::axis::Axis;
use super::chart::Chart;
use super::names::{MODELS, class};
use super::pen::{MARKS, Pen, WIDTH};
use super::record::{Record, distinct};
use super::table::Table;
use super::titles;

const HEIGHT: u32 = 320;
const LABELS: u32 = 138;
/// Por letra de um nome mais longo do que a margem, na tela estreita.
const LETTER: u32 = 8;
const LINE: f64 = 17.0;
/// Mais curvas do que isto, e o resumo só conta os extremos.
const MOST_TOLD: usize = 3;
const GRID: RGBColor = RGBColor(1, 2, 1);
const AXIS: RGBColor = RGBColor(1, 2, 2);

/// A série que se compara com a aceleração ideal e com a lei de Amdahl.
const SPEEDUP: &str = "speedup_by_workers";
const SERIAL_FRACTION: &str = "amdahl_serial_fraction";

struct Curve {
    label: String,
    /// A cor e o tracejado.
    class: String,
    /// A marca do modelo; uma linha de guia não tem.
    mark: Option<usize>,
    /// Se os pontos foram medidos: os de uma previsão não se marcam.
    is_measured: bool,
    dots: Vec<(f64, f64)>,
}

/// O gráfico; nada, sem pontos desta série. Os eixos servem a todos os registros de `group`, este entre eles.
pub fn draw(record: &Record, series: &str, group: &[&Record]) -> Option<Chart> {
    let points = of(record, series);
    let first = *points.first()?;
    let all: Vec<&Point> = group.iter().flat_map(|record| of(record, series)).collect();
    let models = distinct(all.iter().map(|point| point.model.as_str()));
    let curves = curves(record, series, &models);
    let seen: Vec<Curve> = group.iter().flat_map(|record| self::curves(record, series, &models)).collect();
    let (x_title, y_title) = (titles::of_unit(&first.x_unit), titles::of_unit(&first.y_unit));
    let dots = || seen.iter().flat_map(|curve| &curve.dots);
    // Uma razão se lê contra zero, por menor que fique; o que se acrescentou à memória, também.
    let from_zero = ["eficiência", "aceleração", "MiB a mais"].contains(&first.y_unit.as_str());
    let y = if from_zero { Axis::linear } else { Axis::of };
    let axes = (Axis::of(dots().map(|dot| dot.0).collect()), y(dots().map(|dot| dot.1).collect()));
    // O plotters escreve em memória; se falhar, a página diz que falta a figura.
    let names = (axes.0.titled(x_title), axes.1.titled(y_title));
    let pen = plot(&curves, &seen, axes, names).ok()?;
    let title = titles::of_series(series).map_or_else(|| format!("{y_title} por {x_title}"), str::to_owned);
    Some(Chart {
        title,
        summary: summary(&curves, x_title, y_title)?,
        pen,
        height: f64::from(HEIGHT),
        numbers: numbers(&points, x_title, y_title),
    })
}

fn of<'a>(record: &'a Record, series: &str) -> Vec<&'a Point> {
    record.points.iter().filter(|point| point.series == series).collect()
}

/// Da esquerda para a direita, seja qual for a ordem em que foram medidos.
fn dots_of(points: &[&Point], model: &str) -> Vec<(f64, f64)> {
    let own = points.iter().filter(|point| point.model == model);
    let mut dots: Vec<(f64, f64)> = own.map(|point| (point.x, point.y)).collect();
    dots.sort_by(|a, b| a.0.total_cmp(&b.0));
    dots
}

/// As linhas de guia e, por cima delas, as medidas.
fn curves(record: &Record, series: &str, models: &[&str]) -> Vec<Curve> {
    let points = of(record, series);
    if points.is_empty() {
        return Vec::new();
    }
    let mut curves = if series == SPEEDUP { guides(record, &points, models) } else { Vec::new() };
    curves.extend(level(series, &points));
    let measured = models.iter().zip(marks(models)).map(|(model, mark)| Curve {
        label: model_label(model).to_owned(),
        class: format!("curva tracado-{mark} {}", class(model)),
        mark: Some(mark),
        is_measured: true,
        dots: dots_of(&points, model),
    });
    curves.extend(measured.filter(|curve| !curve.dots.is_empty()));
    curves
}

/// A marca de cada modelo: a da cor dele, ou a próxima livre, se dois dividem a cor.
fn marks(models: &[&str]) -> Vec<usize> {
    let mut marks = Vec::new();
    for model in models {
        let own = MODELS.iter().position(|known| class(known) == class(model)).unwrap_or(0);
        let mut turns = (own..own + MARKS.len()).map(|turn| turn % MARKS.len());
        marks.push(turns.find(|mark| !marks.contains(mark)).unwrap_or(own % MARKS.len()));
    }
    marks
}

/// A aceleração ideal e, onde a lição a ajustou, a que a lei de Amdahl prevê.
fn guides(record: &Record, points: &[&Point], models: &[&str]) -> Vec<Curve> {
    let end = points.iter().map(|point| point.x).fold(1.0, f64::max);
    let mut guides = vec![guide("ideal", vec![(1.0, 1.0), (end, end)])];
    for (model, mark) in models.iter().zip(marks(models)) {
        let Some(serial) = record.metric(SERIAL_FRACTION, model) else { continue };
        let s = serial.value;
        let at = |step: u32| 1.0 + (end - 1.0) * f64::from(step) / 24.0;
        guides.push(Curve {
            class: format!("curva previsao {}", class(model)),
            mark: Some(mark),
            ..guide("Amdahl", (0..=24).map(at).map(|n| (n, 1.0 / (s + (1.0 - s) / n))).collect())
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
    Some(guide(label, vec![(start, height), (end, height)]))
}

fn guide(label: &str, dots: Vec<(f64, f64)>) -> Curve {
    Curve { label: label.to_owned(), class: "curva guia".to_owned(), mark: None, is_measured: false, dots }
}

/// De onde a onde vai cada curva medida; sendo muitas, quais acabam mais alto e mais baixo.
fn summary(curves: &[Curve], x_title: &str, y_title: &str) -> Option<String> {
    let ends = curves.iter().filter(|curve| curve.is_measured);
    let ends: Vec<_> = ends
        .filter_map(|curve| Some((curve.label.as_str(), *curve.dots.first()?, *curve.dots.last()?)))
        .collect();
    let axes = format!("No eixo vertical, {y_title}; no horizontal, {x_title}.");
    if ends.len() > MOST_TOLD {
        let by_last = |a: &&(_, _, (f64, f64)), b: &&(_, _, (f64, f64))| a.2.1.total_cmp(&b.2.1);
        let (low, high) = (ends.iter().min_by(by_last)?, ends.iter().max_by(by_last)?);
        return Some(format!(
            "{axes} Das {} curvas, a que acaba mais alto é a de {}, em {}; a que acaba mais baixo, a de {}, em {}.",
            ends.len(),
            high.0,
            plain(high.2.1),
            low.0,
            plain(low.2.1)
        ));
    }
    let told = ends.iter().map(|(label, (x, y), (last_x, last_y))| {
        let [x, y, last_x, last_y] = [x, y, last_x, last_y].map(|value| plain(*value));
        format!("{label} vai de {y}, em {x}, a {last_y}, em {last_x}")
    });
    let told: Vec<String> = told.collect();
    Some(format!("{axes} A curva de {}.", told.join("; a de ")))
}

fn numbers(points: &[&Point], x_title: &str, y_title: &str) -> Table {
    let mut numbers = Table::of_chart(&["Modelo", x_title, y_title]);
    for model in distinct(points.iter().map(|point| point.model.as_str())) {
        let dots = dots_of(points, model);
        let rows: Vec<Vec<String>> = dots.into_iter().map(|(x, y)| vec![plain(x), plain(y)]).collect();
        numbers.rows(model, &rows);
    }
    numbers
}

/// Os eixos e as curvas deste registro; o espaço dos nomes é o que pedem as de todos.
fn plot(
    curves: &[Curve],
    seen: &[Curve],
    (x, y): (Axis, Axis),
    (x_title, y_title): (String, String),
) -> Result<Pen, Box<dyn Error>> {
    let width = WIDTH as u32;
    let letters = |curve: &Curve| u32::try_from(curve.label.chars().count()).unwrap_or(0);
    let labels = seen.iter().map(|curve| letters(curve) * LETTER + 18).fold(LABELS, u32::max);
    let mut frame = String::new();
    let root = SVGBackend::with_string(&mut frame, (width, HEIGHT)).into_drawing_area();
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
        .label_style(("sans-serif", 13).into_font())
        .x_desc(&x_title)
        .draw()?;
    root.present()?;
    let mut pen = Pen::default();
    pen.text("", (4.0, 14.0), &y_title);
    let mut ends: Vec<(f64, &Curve)> = Vec::new();
    for curve in curves {
        let place = |dot| {
            let (x, y) = chart.backend_coord(dot);
            (f64::from(x), f64::from(y))
        };
        let places: Vec<(f64, f64)> = curve.dots.iter().map(place).collect();
        let Some(last) = places.last() else { continue };
        ends.push((last.1, curve));
        pen.path(&curve.class, &places);
        for ((x, y), at) in curve.dots.iter().zip(&places).filter(|_| curve.is_measured) {
            let tip = format!("{}: {y_title}, {}; {x_title}, {}", curve.label, plain(*y), plain(*x));
            mark(&mut pen, curve, *at, &tip);
        }
    }
    drop(chart);
    drop(root);
    pen.under(&recolor(&frame));
    let left = f64::from(width - labels) + 10.0;
    for (middle, curve) in spread(ends) {
        if !curve.is_measured {
            pen.path(&curve.class, &[(left - 9.0, middle), (left + 6.0, middle)]);
        }
        mark(&mut pen, curve, (left, middle), "");
        pen.text("", (left + 9.0, middle + 5.0), &curve.label);
    }
    Ok(pen)
}

fn mark(pen: &mut Pen, curve: &Curve, at: (f64, f64), tip: &str) {
    if let Some(mark) = curve.mark {
        // A última classe é a da cor.
        pen.mark(curve.class.rsplit(' ').next().unwrap_or_default(), mark, at, tip);
    }
}

/// Afasta os nomes que cairiam uns sobre os outros, sem tirá-los da ordem nem do desenho.
fn spread(mut ends: Vec<(f64, &Curve)>) -> Vec<(f64, &Curve)> {
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut floor = 12.0;
    for (y, _) in &mut ends {
        *y = y.max(floor);
        floor = *y + LINE;
    }
    let mut ceiling = f64::from(HEIGHT) - 12.0;
    for (y, _) in ends.iter_mut().rev() {
        *y = y.min(ceiling);
        ceiling = *y - LINE;
    }
    ends
}

/// O miolo do SVG do plotters, com as cores de verdade.
fn recolor(svg: &str) -> String {
    let hex = |RGBColor(r, g, b): RGBColor| format!("#{r:02X}{g:02X}{b:02X}");
    let inside = svg.split_once('>').map_or(svg, |(_, rest)| rest);
    let body = inside.trim().trim_end_matches("</svg>").replace(">\n", ">").replace("\n<", "<");
    [(GRID, "grade"), (AXIS, "eixo")]
        .into_iter()
        .fold(body, |body, (color, name)| body.replace(&hex(color), &format!("var(--{name})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_models_of_one_color_never_share_a_mark() {
        for models in [
            &["fork", "forkserver", "spawn"][..],
            &[
                "threads",
                "thread_pool",
                "rayon",
                "process_pool",
                "process_pool_socket",
                "processes",
                "python_pool",
            ],
        ] {
            let marks = marks(models);
            assert_eq!(distinct(marks.iter()).len(), models.len(), "{models:?}: {marks:?}");
        }
    }
}

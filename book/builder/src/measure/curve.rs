//! As curvas: uma grandeza contra outra, uma linha por modelo, cada uma com a sua marca e o seu tracejado, para que
//! se distingam também sem cor.

use registro::format::{model_label, plain, quantity};
use registro::record::Point;

use super::agreement;
use super::axis::Axis;
use super::chart::{Chart, Scale};
use super::names::{MODELS, class};
use super::pen::{MARKS, Pen, WIDTH};
use super::record::{Record, distinct};
use super::table::Table;
use super::titles;

const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 258.0;
/// A largura de uma letra na tela estreita, onde ela é maior.
const LETTER: f64 = 8.8;
const LINE: f64 = 23.0;
/// Mais curvas do que isto, e o resumo só conta os extremos.
const MOST_TOLD: usize = 3;

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

/// As grandezas que se leem contra zero, por menores que fiquem: razões, e o que se acrescentou à memória.
const FROM_ZERO: [&str; 3] = ["eficiência", "aceleração", "MiB a mais"];

/// O gráfico; nada, sem pontos desta série. Os eixos servem a todos os registros de `group`, este entre eles.
pub fn draw(record: &Record, series: &str, group: &[&Record]) -> Option<Chart> {
    let points = of(record, series);
    let first = *points.first()?;
    let all: Vec<&Point> = group.iter().flat_map(|record| of(record, series)).collect();
    let models = distinct(all.iter().map(|point| point.model.as_str()));
    let curves = curves(record, series, &models);
    let seen: Vec<Curve> = group.iter().flat_map(|record| self::curves(record, series, &models)).collect();
    let names = (titles::of_unit(&first.x_unit), titles::of_unit(&first.y_unit));
    let dots = || seen.iter().flat_map(|curve| &curve.dots);
    let from_zero = FROM_ZERO.contains(&first.y_unit.as_str());
    let y = if from_zero { Axis::linear } else { Axis::of };
    let axes = (Axis::of(dots().map(|dot| dot.0).collect()), y(dots().map(|dot| dot.1).collect()));
    let (pen, height, scales) = plot(&curves, &axes.0, &axes.1, names);
    let unit = first.y_unit.clone();
    Some(Chart {
        kind: "curva",
        name: series.to_owned(),
        title: titles::of_series(series)
            .map_or_else(|| format!("Como muda {}, por {}?", names.1, names.0), str::to_owned),
        summary: summary(&curves)?,
        pen,
        height,
        axes: scales.map(Some),
        numbers: numbers(&points, names.0, names.1),
        values: (last_in_common(record, series, group), agreement::VALUES),
        beside: Vec::new(),
        show: Box::new(move |value| quantity(value, &unit)),
    })
}

/// Onde cada curva medida está no último ponto que todas as medições têm: é ali que as máquinas se comparam.
fn last_in_common(record: &Record, series: &str, group: &[&Record]) -> agreement::Values {
    let points = of(record, series);
    let models = distinct(points.iter().map(|point| point.model.as_str()));
    let last = |model: &str| {
        let dots = dots_of(&points, model);
        dots.into_iter().rfind(|(x, _)| {
            group.iter().all(|other| dots_of(&of(other, series), model).iter().any(|dot| dot.0 == *x))
        })
    };
    models.iter().filter_map(|model| Some((model_label(model).to_owned(), last(model)?.1))).collect()
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
            ..guide(
                &format!("Amdahl, {}", model_label(model)),
                (0..=24).map(at).map(|n| (n, 1.0 / (s + (1.0 - s) / n))).collect(),
            )
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
fn summary(curves: &[Curve]) -> Option<String> {
    let ends = curves.iter().filter(|curve| curve.is_measured);
    let ends: Vec<_> = ends
        .filter_map(|curve| Some((curve.label.as_str(), *curve.dots.first()?, *curve.dots.last()?)))
        .collect();
    if ends.len() > MOST_TOLD {
        let by_last = |a: &&(_, _, (f64, f64)), b: &&(_, _, (f64, f64))| a.2.1.total_cmp(&b.2.1);
        let (low, high) = (ends.iter().min_by(by_last)?, ends.iter().max_by(by_last)?);
        return Some(format!(
            "Das {} curvas, a que acaba mais alto é a de {}, em {}; a que acaba mais baixo, a de {}, em {}.",
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
    Some(format!("A curva de {}.", told.join("; a de ")))
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

/// Os eixos e as curvas deste registro. Os nomes vão embaixo: ao lado, numa tela estreita, não sobraria lugar para as curvas.
fn plot(curves: &[Curve], x: &Axis, y: &Axis, names: (&str, &str)) -> (Pen, f64, [Scale; 2]) {
    let scales = [x.over((LEFT, WIDTH - RIGHT)), y.over((BOTTOM, TOP))];
    let [across, up] = scales;
    let mut pen = Pen::default();
    pen.text("", (2.0, 15.0), &y.titled(names.1));
    for (value, name) in y.marks() {
        let height = up.place(value);
        pen.line("grade", (LEFT, height), (WIDTH - RIGHT, height));
        pen.text("fim", (LEFT - 6.0, height + 5.0), &name);
    }
    for (value, name) in x.marks() {
        let place = across.place(value);
        pen.line("grade", (place, TOP), (place, BOTTOM));
        // O nome da última marca não passa da borda.
        let middle = place.min(WIDTH - letters(&name) * LETTER / 2.0 - 2.0);
        pen.text("meio", (middle, BOTTOM + 19.0), &name);
    }
    pen.line("eixo", (LEFT, BOTTOM), (WIDTH - RIGHT, BOTTOM));
    pen.line("eixo", (LEFT, BOTTOM), (LEFT, TOP));
    pen.text("meio", ((LEFT + WIDTH - RIGHT) / 2.0, BOTTOM + 40.0), &x.titled(names.0));
    for curve in curves {
        let places: Vec<(f64, f64)> =
            curve.dots.iter().map(|(x, y)| (across.place(*x), up.place(*y))).collect();
        pen.path(&curve.class, &places);
        for ((x, y), at) in curve.dots.iter().zip(&places).filter(|_| curve.is_measured) {
            let tip = format!("{}: {}, {}; {}, {}", curve.label, names.1, plain(*y), names.0, plain(*x));
            mark(&mut pen, curve, *at, &tip);
        }
    }
    let bottom = legend(&mut pen, curves, BOTTOM + 52.0);
    (pen, bottom, scales)
}

/// Os nomes das curvas, quantos couberem em cada linha. Devolve onde acabam.
fn legend(pen: &mut Pen, curves: &[Curve], top: f64) -> f64 {
    let (mut x, mut y) = (LEFT / 2.0, top + 14.0);
    for curve in curves {
        let width = 26.0 + letters(&curve.label) * LETTER + 14.0;
        if x + width > WIDTH && x > LEFT / 2.0 {
            (x, y) = (LEFT / 2.0, y + LINE);
        }
        pen.path(&curve.class, &[(x, y - 5.0), (x + 20.0, y - 5.0)]);
        mark(pen, curve, (x + 10.0, y - 5.0), "");
        pen.text("", (x + 26.0, y), &curve.label);
        x += width;
    }
    y + 8.0
}

fn letters(text: &str) -> f64 {
    f64::from(u16::try_from(text.chars().count()).unwrap_or(u16::MAX))
}

fn mark(pen: &mut Pen, curve: &Curve, at: (f64, f64), tip: &str) {
    if let Some(mark) = curve.mark {
        // A última classe é a da cor.
        pen.mark(curve.class.rsplit(' ').next().unwrap_or_default(), mark, at, tip);
    }
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

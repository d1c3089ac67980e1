//! As curvas: uma grandeza contra outra, uma linha por modelo, cada uma com a sua marca e o seu tracejado, para que
//! se distingam também sem cor.

use registro::format::{plain, quantity};
use registro::legend::{Kind, Legend};
use registro::record::Point;

use super::agreement;
use super::axis::Axis;
use super::chart::{Chart, Scale};
use super::names::Names;
use super::number::unit_name;
use super::pen::{MARKS, Pen, WIDTH};
use super::record::{Record, distinct};
use super::table::Table;

const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 258.0;
/// A largura de uma letra na tela estreita, onde ela é maior.
const LETTER: f64 = 8.8;
const LINE: f64 = 23.0;
/// Mais curvas do que isto, e o resumo só conta os extremos.
const MOST_TOLD: usize = 3;

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
pub fn draw(record: &Record, names: Names, series: &str, group: &[&Record]) -> Option<Chart> {
    let points = of(record, series);
    let first = *points.first()?;
    let all: Vec<&Point> = group.iter().flat_map(|record| of(record, series)).collect();
    let models = distinct(all.iter().map(|point| point.model.as_str()));
    let curves = curves(record, names, series, &models);
    let seen: Vec<Curve> =
        group.iter().flat_map(|record| self::curves(record, names, series, &models)).collect();
    let legend = names.find(Kind::Series, series);
    let axis = |named: fn(&Legend) -> &Option<String>, unit| {
        legend.and_then(|legend| named(legend).as_deref()).unwrap_or(unit_name(unit))
    };
    let titles = (
        axis(|legend| &legend.x_unit, first.x_unit.as_str()),
        axis(|legend| &legend.unit, first.y_unit.as_str()),
    );
    let dots = || seen.iter().flat_map(|curve| &curve.dots);
    let y = if legend.is_some_and(|legend| legend.from_zero) { Axis::linear } else { Axis::of };
    let axes = (Axis::of(dots().map(|dot| dot.0).collect()), y(dots().map(|dot| dot.1).collect()));
    let (pen, height, scales) = plot(&curves, &axes.0, &axes.1, titles);
    let unit = first.y_unit.clone();
    Some(Chart {
        kind: "curva",
        name: series.to_owned(),
        title: legend.map_or_else(
            || format!("Como muda {}, por {}?", titles.1, titles.0),
            |legend| legend.shown().to_owned(),
        ),
        summary: summary(&curves)?,
        pen,
        height,
        axes: scales.map(Some),
        numbers: numbers(&points, names, titles),
        values: (last_in_common(record, names, series, group), agreement::VALUES),
        beside: Vec::new(),
        show: Box::new(move |value| quantity(value, &unit)),
    })
}

/// Onde cada curva medida está no último ponto que todas as medições têm: é ali que as máquinas se comparam.
fn last_in_common(record: &Record, names: Names, series: &str, group: &[&Record]) -> agreement::Values {
    let points = of(record, series);
    let models = distinct(points.iter().map(|point| point.model.as_str()));
    let last = |model: &str| {
        let dots = dots_of(&points, model);
        dots.into_iter().rfind(|(x, _)| {
            group.iter().all(|other| dots_of(&of(other, series), model).iter().any(|dot| dot.0 == *x))
        })
    };
    models.iter().filter_map(|model| Some((names.model(model).to_owned(), last(model)?.1))).collect()
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
fn curves(record: &Record, names: Names, series: &str, models: &[&str]) -> Vec<Curve> {
    let points = of(record, series);
    if points.is_empty() {
        return Vec::new();
    }
    let legend = names.find(Kind::Series, series);
    let amdahl = legend.and_then(|legend| legend.amdahl.as_deref());
    let mut curves = amdahl.map_or_else(Vec::new, |metric| guides(record, names, metric, &points, models));
    curves.extend(legend.and_then(|legend| level(legend, &points)));
    let measured = models.iter().zip(marks(names, models)).map(|(model, mark)| Curve {
        label: names.model(model).to_owned(),
        class: format!("curva tracado-{mark} {}", names.class(model)),
        mark: Some(mark),
        is_measured: true,
        dots: dots_of(&points, model),
    });
    curves.extend(measured.filter(|curve| !curve.dots.is_empty()));
    curves
}

/// A marca de cada modelo: a da cor dele, ou a próxima livre, se dois dividem a cor.
fn marks(names: Names, models: &[&str]) -> Vec<usize> {
    let mut marks = Vec::new();
    for model in models {
        let own = names.mark(model);
        let mut turns = (own..own + MARKS.len()).map(|turn| turn % MARKS.len());
        marks.push(turns.find(|mark| !marks.contains(mark)).unwrap_or(own));
    }
    marks
}

/// A aceleração ideal e, onde a lição a ajustou, a que a lei de Amdahl prevê.
fn guides(record: &Record, names: Names, fraction: &str, points: &[&Point], models: &[&str]) -> Vec<Curve> {
    let end = points.iter().map(|point| point.x).fold(1.0, f64::max);
    let mut guides = vec![guide("ideal", vec![(1.0, 1.0), (end, end)])];
    for (model, mark) in models.iter().zip(marks(names, models)) {
        let Some(serial) = record.metric(fraction, model) else { continue };
        let s = serial.value;
        let at = |step: u32| 1.0 + (end - 1.0) * f64::from(step) / 24.0;
        guides.push(Curve {
            class: format!("curva previsao {}", names.class(model)),
            mark: Some(mark),
            ..guide(
                &format!("Amdahl, {}", names.model(model)),
                (0..=24).map(at).map(|n| (n, 1.0 / (s + (1.0 - s) / n))).collect(),
            )
        });
    }
    guides
}

/// A altura em que uma curva muda de sentido, onde há uma: metade da máquina ocupada, ou nem ganho nem perda.
fn level(legend: &Legend, points: &[&Point]) -> Option<Curve> {
    let level = legend.level.as_ref()?;
    let start = points.iter().map(|point| point.x).fold(f64::INFINITY, f64::min);
    let end = points.iter().map(|point| point.x).fold(0.0, f64::max);
    Some(guide(&level.label, vec![(start, level.y), (end, level.y)]))
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

fn numbers(points: &[&Point], names: Names, (x_title, y_title): (&str, &str)) -> Table {
    let mut numbers = Table::of_chart(&["Modelo", x_title, y_title]);
    for model in distinct(points.iter().map(|point| point.model.as_str())) {
        let dots = dots_of(points, model);
        let rows: Vec<Vec<String>> = dots.into_iter().map(|(x, y)| vec![plain(x), plain(y)]).collect();
        numbers.rows(names, model, &rows);
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
    use registro::legend::{Entry, Legends};

    use super::*;

    #[test]
    fn two_models_of_one_color_never_share_a_mark() {
        let mut legends = Legends::default();
        for (id, family) in [("fork", "processes"), ("forkserver", "processes"), ("spawn", "process_pool")] {
            legends.add(Entry::model(id, id).family(family).owned());
        }
        let names = Names::of(&legends, None);
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
            let marks = marks(names, models);
            assert_eq!(distinct(marks.iter()).len(), models.len(), "{models:?}: {marks:?}");
        }
    }
}

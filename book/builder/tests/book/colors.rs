//! As cores das figuras, vistas por quem não vê todas, e contra o fundo da página.
//!
//! A visão das cores é simulada com as matrizes de Machado, Oliveira e Fernandes (*A physiologically-based model for
//! simulation of color vision deficiency*, 2009), na severidade máxima. A distância é a do OKLab de Ottosson (2020):
//! ao contrário da Lab de 1976, ela não exagera as diferenças entre azuis saturados, e a conta continua curta. O
//! contraste com o fundo é o da WCAG 2.1, critério 1.4.11.

use std::collections::{BTreeMap, BTreeSet};

use scraper::Html;

use crate::sandbox::{Sandbox, select};

type Color = [f64; 3];
type Palette = BTreeMap<String, Color>;

/// Duas cores lado a lado se distinguem a partir de 2; uma marca de oito pixels pede várias vezes isto.
const APART: f64 = 8.0;
/// O que a WCAG pede de um traço que se precisa ver.
const CONTRAST: f64 = 3.0;

const EYES: [(&str, [Color; 3]); 4] = [
    ("todas as cores", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    ),
    (
        "deuteranopia",
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
    (
        "tritanopia",
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ),
];

/// Os dois temas que o livro oferece de saída, com o fundo de cada um: as cores escuras valem nos três temas escuros.
fn themes() -> [(&'static str, Color, Palette); 2] {
    let sandbox = Sandbox::new();
    let css = sandbox.read("book/theme/cores.css");
    let (light, dark) = css.split_once(".navy,").expect("um tema escuro tem cores próprias");
    [("light", [1.0; 3], palette(light)), ("navy", linear("#161923"), palette(dark))]
}

fn palette(css: &str) -> Palette {
    let names = css.split("    --").filter_map(|line| line.split_once(": "));
    let colors = names.filter(|(name, _)| name.starts_with("modelo-") || name.starts_with("nucleo-"));
    colors.map(|(name, rest)| (name.to_owned(), linear(rest.split(';').next().expect("tem fim")))).collect()
}

/// `#rrggbb` em luz, e não no que se grava no arquivo.
fn linear(hex: &str) -> Color {
    [1, 3, 5].map(|at| {
        let byte =
            u8::from_str_radix(&hex[at..at + 2], 16).unwrap_or_else(|_| panic!("não é uma cor: {hex}"));
        let share = f64::from(byte) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    })
}

fn turn(matrix: &[Color; 3], color: Color) -> Color {
    matrix.map(|row| row.iter().zip(color).map(|(weight, part)| weight * part).sum())
}

fn oklab(color: Color) -> Color {
    let cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ];
    let lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ];
    turn(&lab, turn(&cones, color).map(f64::cbrt))
}

fn distance(eye: &[Color; 3], a: Color, b: Color) -> f64 {
    let [a, b] = [a, b].map(|color| oklab(turn(eye, color).map(|part| part.clamp(0.0, 1.0))));
    100.0 * a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

fn contrast(a: Color, b: Color) -> f64 {
    let light = |[r, g, b]: Color| 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    let (a, b) = (light(a), light(b));
    a.max(b) / a.min(b)
}

/// As duplas de cores que algum gráfico do livro põe lado a lado, e as dos modelos da carga comum.
fn pairs() -> BTreeSet<(String, String)> {
    let mut groups = vec![
        ["serial", "threads", "thread-pool", "rayon", "process-pool", "processes"]
            .map(|model| format!("modelo-{model}"))
            .to_vec(),
    ];
    for (_, html) in Sandbox::built().files(".html") {
        let page = Html::parse_document(&html);
        for chart in select(&page, "svg.grafico") {
            let colored = scraper::Selector::parse("[class*=modelo-]").expect("seletor");
            let classes = chart.select(&colored).flat_map(|mark| mark.value().classes());
            let own = classes.filter(|class| class.starts_with("modelo-")).map(str::to_owned);
            groups.push(own.collect::<BTreeSet<_>>().into_iter().collect());
        }
    }
    let two = |group: &Vec<String>| -> Vec<(String, String)> {
        let all = group.iter().flat_map(|a| group.iter().map(move |b| (a.clone(), b.clone())));
        all.filter(|(a, b)| a < b).collect()
    };
    groups.iter().flat_map(two).collect()
}

#[test]
fn colors_of_one_figure_differ_for_every_eye() {
    let pairs = pairs();
    for (theme, _, palette) in themes() {
        for (a, b) in &pairs {
            let color =
                |name: &String| *palette.get(name).unwrap_or_else(|| panic!("{theme}: {name} não tem cor"));
            for (eye, matrix) in &EYES {
                let distance = distance(matrix, color(a), color(b));
                assert!(distance >= APART, "{theme}, {eye}: {a} e {b} estão a {distance:.1}");
            }
        }
    }
}

#[test]
fn every_color_stands_out_from_the_page() {
    for (theme, background, palette) in themes() {
        assert!(palette.len() >= 12 + 8, "{theme}: {:?}", palette.keys());
        for (name, color) in palette {
            let contrast = contrast(color, background);
            assert!(contrast >= CONTRAST, "{theme}: {name} tem contraste {contrast:.2}");
        }
    }
}

#[test]
fn a_core_never_borrows_the_color_of_a_model() {
    let css = Sandbox::new().read("book/theme/cores.css");
    for line in css.lines().filter(|line| line.starts_with(".nucleo-")) {
        assert!(line.contains("var(--nucleo-") && !line.contains("modelo"), "{line}");
    }
}

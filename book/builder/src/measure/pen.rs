//! Uma caneta que escreve SVG.
//!
//! As cores moram em `theme/cores.css`, uma classe por papel: é o que deixa o mesmo desenho
//! legível em todos os temas e no papel. O SVG fica dentro do Markdown, onde uma linha em branco
//! acabaria com ele; por isso a caneta nunca escreve uma.

use std::fmt::Write;

use registro::format::decimal;

/// Largura de todo desenho, em unidades próprias. Numa tela de 390 px o desenho fica com uns 350, e a letra que
/// `theme/graficos.css` lhe dá, maior do que na larga, tem 12 px.
pub const WIDTH: f64 = 480.0;

/// As marcas dos pontos de uma curva, a partir do centro: um círculo, um quadrado, um triângulo, um losango, um
/// triângulo de ponta-cabeça, uma cruz e uma ampulheta. Com a cor, são o que distingue uma curva da outra.
pub const MARKS: [&str; 7] = [
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "m-3.7-3.7h7.4v7.4h-7.4z",
    "m0-5l4.8 8.4h-9.6z",
    "m0-5.2l5.2 5.2l-5.2 5.2l-5.2-5.2z",
    "m0 5l4.8-8.4h-9.6z",
    "m-1.6-5h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z",
    "m-4.6-4.6h9.2l-9.2 9.2h9.2z",
];

/// Um desenho em andamento.
#[derive(Default)]
pub struct Pen {
    body: String,
}

/// Um retângulo: canto superior esquerdo, largura e altura.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// Da borda esquerda do desenho.
    pub x: f64,
    /// Do alto do desenho.
    pub y: f64,
    /// Largura.
    pub width: f64,
    /// Altura.
    pub height: f64,
}

impl Pen {
    /// Um retângulo, com uma dica que aparece sob o ponteiro (vazia, nenhuma).
    ///
    /// A dica vai num atributo, que `theme/caderno.js` transforma em `<title>`: como texto, as
    /// centenas delas entrariam no índice da busca.
    pub fn rect(&mut self, class: &str, area: Area, tip: &str) {
        let Area { x, y, width, height } = area;
        let tip = attribute(tip);
        self.write(format_args!(
            "<rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" \
             height=\"{height:.2}\"{tip}></rect>\n"
        ));
    }

    /// Um segmento de reta.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.write(format_args!(
            "<line class=\"{class}\" x1=\"{:.2}\" y1=\"{:.2}\" x2=\"{:.2}\" y2=\"{:.2}\"></line>\n",
            from.0, from.1, to.0, to.1
        ));
    }

    /// Um texto; a classe diz o tamanho e o alinhamento.
    pub fn text(&mut self, class: &str, at: (f64, f64), text: &str) {
        let (x, y) = at;
        let text = escape(text);
        self.write(format_args!("<text class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\">{text}</text>\n"));
    }

    /// Uma linha que passa por todos os pontos.
    pub fn path(&mut self, class: &str, places: &[(f64, f64)]) {
        let points: Vec<String> = places.iter().map(|(x, y)| format!("{x:.0},{y:.0}")).collect();
        self.write(format_args!("<polyline class=\"{class}\" points=\"{}\"></polyline>\n", points.join(" ")));
    }

    /// A marca de um ponto, uma das de [`MARKS`].
    pub fn mark(&mut self, class: &str, mark: usize, (x, y): (f64, f64), tip: &str) {
        let (shape, tip) = (MARKS[mark % MARKS.len()], attribute(tip));
        self.write(format_args!("<path class=\"{class}\" d=\"M{x:.0} {y:.0}{shape}\"{tip}></path>\n"));
    }

    /// Uma dica só, para tudo o que se desenhar até [`Pen::ungroup`].
    pub fn group(&mut self, tip: &str) {
        self.write(format_args!("<g{}>\n", attribute(tip)));
    }

    /// Um grupo com estes atributos, até [`Pen::ungroup`].
    pub fn open(&mut self, attributes: &str) {
        self.write(format_args!("<g {attributes}>\n"));
    }

    /// Fecha o grupo que [`Pen::group`] ou [`Pen::open`] abriu.
    pub fn ungroup(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// O que se desenhou até aqui.
    pub fn body(&self) -> &str {
        self.body.trim_end()
    }

    fn write(&mut self, arguments: std::fmt::Arguments) {
        // Escrever em uma `String` não falha.
        let _ = self.body.write_fmt(arguments);
    }
}

/// A dica, como atributo; vazia, nenhum.
fn attribute(tip: &str) -> String {
    if tip.is_empty() { String::new() } else { format!(" data-dica=\"{}\"", escape(tip)) }
}

/// O texto, sem nada que o HTML entenda como marca.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Divisões redondas de zero até pouco antes de `end`: entre três e seis delas.
pub fn ticks(end: f64) -> Vec<f64> {
    if !(end.is_finite() && end > 0.0) {
        return vec![0.0];
    }
    let power = 10_f64.powf((end / 5.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| end / step <= 6.0)
        .unwrap_or(end);
    (0..).map(|index| f64::from(index) * step).take_while(|tick| *tick <= end * 1.0001).collect()
}

/// O nome de uma divisão, com as mesmas casas que as outras.
pub fn tick_name(tick: f64, ticks: &[f64]) -> String {
    let needs = |places: usize| {
        let scale = 10_f64.powi(i32::try_from(places).unwrap_or(0));
        ticks.iter().all(|tick| (tick * scale - (tick * scale).round()).abs() < 1e-6)
    };
    decimal(tick, (0..9).find(|places| needs(*places)).unwrap_or(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(1.92), [0.0, 0.5, 1.0, 1.5]);
        assert_eq!(ticks(5.0), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(ticks(0.0), [0.0]);
        for end in [0.013, 0.7, 3.3, 42.0, 999.0] {
            assert!((3..=7).contains(&ticks(end).len()), "{end}: {:?}", ticks(end));
        }
    }

    #[test]
    fn the_names_of_ticks_have_the_same_places() {
        let ticks = [0.0, 0.5, 1.0];
        assert_eq!(ticks.map(|tick| tick_name(tick, &ticks)), ["0,0", "0,5", "1,0"]);
        assert_eq!(tick_name(1000.0, &[0.0, 1000.0]), "1.000");
    }
}

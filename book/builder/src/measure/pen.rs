//! Uma caneta que escreve SVG.
//!
//! As cores moram em `theme/caderno.css`, uma classe por papel: é o que deixa o mesmo desenho
//! legível em todos os temas e no papel. O SVG fica dentro do Markdown, onde uma linha em branco
//! acabaria com ele; por isso a caneta nunca escreve uma.

use std::fmt::Write;

use multiprocessamento::workbook::format::decimal;

/// Largura de todo desenho, em unidades próprias: a 400 px de tela, a letra ainda tem 10 px.
pub const WIDTH: f64 = 480.0;

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
        let tip = match tip {
            "" => String::new(),
            tip => format!(" data-dica=\"{}\"", escape(tip)),
        };
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

    /// O desenho pronto, com o título que um leitor de tela fala.
    pub fn finish(self, height: f64, title: &str) -> String {
        wrap(&self.body, height, title)
    }

    fn write(&mut self, arguments: std::fmt::Arguments) {
        // Escrever em uma `String` não falha.
        let _ = self.body.write_fmt(arguments);
    }
}

/// Um SVG em volta de um corpo já desenhado.
pub fn wrap(body: &str, height: f64, title: &str) -> String {
    let title = escape(title);
    let body = body.trim_end();
    format!(
        "<svg class=\"grafico\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\">\n\
         <title>{title}</title>\n{body}\n</svg>"
    )
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

    #[test]
    fn a_drawing_has_no_blank_line() {
        let mut pen = Pen::default();
        pen.text("x", (0.0, 0.0), "a < b");
        let drawing = pen.finish(10.0, "t");
        assert!(drawing.contains("a &lt; b") && !drawing.contains("\n\n"), "{drawing}");
    }
}

//! Um gráfico inteiro: o desenho, o que um leitor de tela diz dele e os números de que ele saiu.

use super::agreement::{Ends, Values};
use super::pen::{Pen, WIDTH, escape};
use super::table::Table;

/// Um gráfico, antes de virar HTML.
pub struct Chart {
    /// O que o desenho é, e de que grandeza: é por aqui que a página acha onde pôr o palpite do leitor.
    pub kind: &'static str,
    /// O nome da grandeza no registro; vazio, se não é uma só.
    pub name: String,
    /// A pergunta a que a figura responde.
    pub title: String,
    /// A resposta: o que os números **deste** registro dizem, numa frase ou duas.
    pub summary: String,
    /// Os traços.
    pub pen: Pen,
    /// A altura do desenho.
    pub height: f64,
    /// O eixo horizontal e o vertical, onde os há.
    pub axes: [Option<Scale>; 2],
    /// Os números: quem não usa o mouse, ou não vê o desenho, os lê daqui.
    pub numbers: Table,
    /// O que se compara com o mesmo gráfico de outra máquina, e como se chamam as pontas.
    pub values: (Values, Ends),
    /// Os da referência, se o mesmo desenho os mostra.
    pub beside: Values,
    /// Um destes valores, com a unidade.
    pub show: Box<dyn Fn(f64) -> String>,
}

/// De que lugar a que lugar do desenho vai um eixo, e de que valor a que valor, na unidade do registro.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Os lugares das pontas.
    pub places: (f64, f64),
    /// Os valores nelas.
    pub values: (f64, f64),
    /// Se é logarítmico.
    pub is_log: bool,
}

impl Scale {
    /// O lugar de um valor.
    pub fn place(&self, value: f64) -> f64 {
        let along = |value: f64| if self.is_log { value.log10() } else { value };
        let (start, end) = (along(self.values.0), along(self.values.1));
        self.places.0 + (along(value) - start) / (end - start) * (self.places.1 - self.places.0)
    }

    fn json(&self) -> String {
        let Scale { places: (p0, p1), values: (v0, v1), is_log } = self;
        serde_json::json!({ "p0": p0, "p1": p1, "v0": v0, "v1": v1, "log": is_log }).to_string()
    }
}

impl Chart {
    /// O SVG.
    ///
    /// O nome vai em `aria-label`, e não em `aria-labelledby`: um `id` se repetiria na página para imprimir, que junta
    /// todas as outras. O que se vê dele está escrito fora, na linha da resposta.
    pub fn svg(&self) -> String {
        let axis = |name: &str, scale: &Option<Scale>| {
            scale.map_or(String::new(), |scale| format!(" data-eixo-{name}=\"{}\"", escape(&scale.json())))
        };
        format!(
            "<svg class=\"grafico\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{title}\" \
             data-figura=\"{kind}\" data-nome=\"{name}\"{x}{y}>\n<title>{title}</title>\n<desc>{summary}</desc>\n\
             {body}\n</svg>",
            height = self.height,
            title = escape(&self.title),
            kind = self.kind,
            name = escape(&self.name),
            x = axis("x", &self.axes[0]),
            y = axis("y", &self.axes[1]),
            summary = escape(&self.summary),
            body = self.pen.body(),
        )
    }
}

/// `1,98 vez`, `2,50 vezes`: o plural começa no dois.
pub fn times_over(ratio: f64) -> String {
    use registro::format::{decimal, plain};
    let number = if ratio < 10.0 { decimal(ratio, 2) } else { plain(ratio.round()) };
    format!("{number} {}", if ratio < 1.995 { "vez" } else { "vezes" })
}

#[cfg(test)]
mod tests {
    use super::super::agreement;
    use super::*;

    #[test]
    fn a_chart_has_no_blank_line_and_nothing_of_it_becomes_a_tag() {
        let mut pen = Pen::default();
        pen.text("x", (0.0, 0.0), "a < b");
        let chart = Chart {
            kind: "barras",
            name: "a<b".to_owned(),
            title: "t < u".to_owned(),
            summary: "\"s\"".to_owned(),
            pen,
            height: 10.0,
            axes: [Some(Scale { places: (0.0, 1.0), values: (0.0, 2.0), is_log: false }), None],
            numbers: Table::new("tempos", &["Modelo", "a < b"]),
            values: (Vec::new(), agreement::VALUES),
            beside: Vec::new(),
            show: Box::new(|value| value.to_string()),
        };
        let html = chart.svg();
        assert!(!html.contains("\n\n") && !html.contains("< ") && !html.contains("{\""), "{html}");
    }

    #[test]
    fn the_plural_begins_at_two() {
        assert_eq!([1.98, 2.0, 39.4].map(times_over), ["1,98 vez", "2,00 vezes", "39 vezes"]);
    }
}

//! Um gráfico inteiro: o desenho, o que um leitor de tela diz dele e os números de que ele saiu.

use super::pen::{Pen, WIDTH, escape};
use super::table::Table;

/// Um gráfico, antes de virar HTML.
pub struct Chart {
    /// O que se vê, numa linha.
    pub title: String,
    /// O que os números **deste** registro dizem, numa frase ou duas.
    pub summary: String,
    /// Os traços.
    pub pen: Pen,
    /// A altura do desenho.
    pub height: f64,
    /// Os números: quem não usa o mouse, ou não vê o desenho, os lê daqui.
    pub numbers: Table,
}

impl Chart {
    /// O SVG e, dobrada embaixo dele, a tabela.
    ///
    /// O nome vai em `aria-label`, e não em `aria-labelledby`: um `id` se repetiria na página para imprimir, que junta
    /// todas as outras. O `<desc>` é uma frase só, e entra na busca como qualquer outra.
    pub fn html(&self) -> String {
        let (title, summary) = (escape(&self.title), escape(&self.summary));
        format!(
            "<svg class=\"grafico\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{title}\">\n\
             <title>{title}</title>\n<desc>{summary}</desc>\n{body}\n</svg>\n\
             <details class=\"numeros-da-figura\"><summary>Os números desta figura</summary>\n{numbers}\n</details>",
            height = self.height,
            body = self.pen.body(),
            numbers = self.numbers.html(),
        )
    }
}

/// `1,98 vez`, `2,50 vezes`: o plural começa no dois.
pub fn times_over(ratio: f64) -> String {
    use multiprocessamento::workbook::format::{decimal, plain};
    let number = if ratio < 10.0 { decimal(ratio, 2) } else { plain(ratio.round()) };
    format!("{number} {}", if ratio < 1.995 { "vez" } else { "vezes" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_no_blank_line_and_nothing_of_it_becomes_a_tag() {
        let mut pen = Pen::default();
        pen.text("x", (0.0, 0.0), "a < b");
        let numbers = Table::new("tempos", &["Modelo", "a < b"]);
        let chart =
            Chart { title: "t < u".to_owned(), summary: "\"s\"".to_owned(), pen, height: 10.0, numbers };
        let html = chart.html();
        assert!(!html.contains("\n\n") && !html.contains("< "), "{html}");
    }

    #[test]
    fn the_plural_begins_at_two() {
        assert_eq!([1.98, 2.0, 39.4].map(times_over), ["1,98 vez", "2,00 vezes", "39 vezes"]);
    }
}

//! O que vai para o terminal, na largura que ele tem: frases quebradas entre palavras, e tabelas que se repartem.

use comfy_table::{CellAlignment, Table, TableComponent, presets};
use console::{Term, measure_text_width};
use textwrap::{Options, WordSplitter};

/// A largura em que nada se corta. Uma mais estreita do que isto quebraria números.
const NARROWEST: usize = 60;

/// Mais do que isto, e o olho se perde de uma linha para a outra.
const WIDEST: usize = 120;

/// Num arquivo não há largura: fica a do terminal mais comum.
const USUAL: usize = 80;

/// Quantas colunas se podem usar: as do terminal; fora de um, as que `COLUMNS` diz.
pub fn width() -> usize {
    let terminal = Term::stdout();
    let asked = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let columns = if terminal.is_term() { usize::from(terminal.size().1) } else { asked().unwrap_or(USUAL) };
    columns.clamp(NARROWEST, WIDEST)
}

/// O texto, com cada linha comprida quebrada entre palavras; a continuação fica sob o começo do texto dela.
///
/// # Exemplos
///
/// ```
/// use licoes::run::layout::wrap;
/// assert_eq!(wrap("  processos: um para cada tarefa", 20), "  processos: um para\n    cada tarefa");
/// ```
pub fn wrap(text: &str, width: usize) -> String {
    let wrapped = text.lines().map(|line| {
        if measure_text_width(line) <= width {
            return line.to_owned();
        }
        let hang = " ".repeat(hang(line, width));
        let options = Options::new(width)
            .subsequent_indent(&hang)
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        textwrap::fill(line, options)
    });
    wrapped.collect::<Vec<_>>().join("\n")
}

/// Onde a continuação de uma linha começa: sob a segunda coluna, se a linha tem duas, como as da ajuda; senão, dois
/// espaços depois do começo dela.
fn hang(line: &str, width: usize) -> usize {
    let text = line.trim_start();
    let start = line.len() - text.len();
    let second = text.find("  ").map(|gap| {
        let (label, rest) = text.split_at(gap);
        start + measure_text_width(label) + rest.len() - rest.trim_start().len()
    });
    match second {
        Some(column) if 2 * column <= width => column,
        _ if start == 0 => 0,
        _ => start + 2,
    }
}

/// Uma tabela na largura dada. As colunas que não cabem vão para outra, embaixo, com a primeira repetida: nenhum número se
/// parte.
pub fn table(header: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let mut tables = Vec::new();
    let mut next = 1;
    while next < header.len() {
        let fits = |end: &usize| {
            let drawn = draw(header, rows, next..*end);
            drawn.lines().all(|line| measure_text_width(line) <= width)
        };
        // Uma coluna vai sempre: sem ela, nada avançaria.
        let end = (next + 2..=header.len()).rev().find(fits).unwrap_or(next + 1);
        tables.push(draw(header, rows, next..end));
        next = end;
    }
    tables.join("\n")
}

/// A primeira coluna e as de `columns`.
fn draw(header: &[&str], rows: &[Vec<String>], columns: std::ops::Range<usize>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    // Uma régua entre cada duas linhas só atrapalharia a leitura.
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    table.set_header(std::iter::once(&header[0]).chain(&header[columns.clone()]));
    for row in rows {
        table.add_row(std::iter::once(&row[0]).chain(&row[columns.clone()]));
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "       com 10.000 tarefas curtas, a aceleração de map foi 1,84× (1,47 a 1,87), e as respostas, as do laço";

    #[test]
    fn a_long_line_breaks_between_words_and_loses_none() {
        for width in [60, 80, 100] {
            let text = wrap(LONG, width);
            assert!(text.lines().all(|line| measure_text_width(line) <= width), "{text}");
            assert!(text.lines().skip(1).all(|line| line.starts_with("         ")), "{text}");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&text), words(LONG));
        }
    }

    #[test]
    fn the_help_of_an_option_continues_in_its_own_column() {
        let line = "      --limite <N>         Conta os primos abaixo de N [padrão: 1.500.000]";
        let text = wrap(line, 60);
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().skip(1).all(|line| line.find(|c| c != ' ') == Some(27)), "{text}");
    }

    #[test]
    fn what_was_drawn_by_hand_stays_as_it_is() {
        let tree = "Uma tarefa?\n├─ sim ──▶ processos\n└─ não";
        assert_eq!(wrap(tree, 60), tree);
    }

    #[test]
    fn a_wide_table_splits_and_every_cell_stays_whole() {
        let header =
            ["modelo", "nascer e terminar", "memória, parado", "cada tarefa custa", "compensa a partir de"];
        let row =
            ["pool de processos", "1.431 µs", "427 KiB", "0,17 µs", "10,0 ms"].map(str::to_owned).to_vec();
        for width in [60, 80, 100, 120] {
            let text = table(&header, std::slice::from_ref(&row), width);
            assert!(text.lines().all(|line| measure_text_width(line) <= width), "{width}:\n{text}");
            for cell in header.iter().chain(&row.iter().map(String::as_str).collect::<Vec<_>>()) {
                assert!(text.contains(cell), "{width}: falta {cell}\n{text}");
            }
        }
        assert_eq!(table(&header, &[row], 120).matches("pool de processos").count(), 1, "cabe numa só");
    }
}

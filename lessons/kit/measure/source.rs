//! Quantas linhas uma maneira de fazer pede a quem a escreve.

use registro::legend::Entry;

/// As linhas de cada maneira.
pub const LINES: Entry = Entry::metric("lines", "linhas de código");

/// Linhas de código, sem as vazias, entre `ANCHOR: name` e `ANCHOR_END: name`: as mesmas que a página mostra.
///
/// # Exemplos
///
/// ```
/// use licoes::measure::source::lines;
/// let source = "x\n// ANCHOR: a\nfn a() {\n\n}\n// ANCHOR_END: a\ny\n";
/// assert_eq!(lines(source, "a"), 2);
/// ```
pub fn lines(source: &str, name: &str) -> usize {
    let (start, end) = (format!("// ANCHOR: {name}"), format!("// ANCHOR_END: {name}"));
    let inside = source.lines().skip_while(|line| *line != start).skip(1);
    inside.take_while(|line| *line != end).filter(|line| !line.trim().is_empty()).count()
}

//! A linha do tempo no terminal: uma faixa por trabalhador, um caractere por instante.

use console::style;
use registro::format::seconds;
use registro::legend::Legends;
use registro::record::Span;

/// Faixas de um modelo que cabem na tela sem escondê-la.
const MAX_LANES: usize = 16;

/// As linhas do desenho, com `width` caracteres para o tempo.
///
/// Todos os modelos usam a mesma escala: o mais curto é o mais rápido. Cada caractere é o número do
/// núcleo (em base 36), o tom muda de uma fatia para a outra e o ponto é tempo sem trabalho.
pub fn draw(spans: &[Span], legends: &Legends, width: usize) -> Vec<String> {
    let end = spans.iter().map(|span| span.end).fold(0.0, f64::max);
    if end <= 0.0 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut models: Vec<&str> = Vec::new();
    for span in spans {
        if !models.contains(&span.model.as_str()) {
            models.push(&span.model);
        }
    }
    for model in models {
        let of_model: Vec<&Span> = spans.iter().filter(|span| span.model == model).collect();
        let finish = of_model.iter().map(|span| span.end).fold(0.0, f64::max);
        let workers = of_model.iter().map(|span| span.worker + 1).max().unwrap_or(0);
        lines.push(format!("  {} ({})", style(legends.model(model)).bold(), seconds(finish)));
        for worker in 0..workers.min(MAX_LANES) {
            let mut lane: Vec<&Span> =
                of_model.iter().copied().filter(|span| span.worker == worker).collect();
            lane.sort_by(|a, b| a.start.total_cmp(&b.start));
            lines.push(format!("  {:>4} {}", worker + 1, draw_lane(&lane, width, end, finish)));
        }
        if workers > MAX_LANES {
            lines.push(format!("       … e mais {} trabalhadores", workers - MAX_LANES));
        }
    }
    lines.push(format!("       0{:>width$}", seconds(end), width = width - 1));
    lines
}

fn draw_lane(lane: &[&Span], width: usize, end: f64, finish: f64) -> String {
    let mut text = String::new();
    for column in 0..width {
        let instant = (column as f64 + 0.5) / width as f64 * end;
        match lane.iter().position(|span| (span.start..span.end).contains(&instant)) {
            Some(slice) => {
                let core = char::from_digit((lane[slice].cpu % 36) as u32, 36).unwrap_or('?');
                let cell = if slice % 2 == 0 { style(core).bold() } else { style(core).dim() };
                text.push_str(&cell.to_string());
            }
            None if instant < finish => text.push('·'),
            None => break,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(model: &str, worker: usize, cpu: usize, start: f64, end: f64) -> Span {
        Span { model: model.to_owned(), worker, pid: 1, tid: 1, cpu, start, end }
    }

    #[test]
    fn a_lane_shows_the_core_while_it_works_and_a_dot_while_it_waits() {
        console::set_colors_enabled(false);
        let spans = [span("threads", 0, 3, 0.0, 0.5), span("threads", 1, 12, 0.5, 1.0)];
        let lines = draw(&spans, &Legends::default(), 10);
        assert_eq!(lines[1], "     1 33333·····");
        assert_eq!(lines[2], "     2 ·····ccccc");
    }

    #[test]
    fn nothing_measured_draws_nothing() {
        assert!(draw(&[], &Legends::default(), 10).is_empty());
    }
}

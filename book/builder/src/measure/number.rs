//! Os números das figuras, escritos como no terminal.

use registro::format::decimal;

/// Uma unidade de tempo para uma figura inteira: numa coluna, `982 ms` ao lado de `1,95 s` esconde
/// qual dos dois é o menor.
#[derive(Clone, Copy, Debug)]
pub struct TimeScale {
    factor: f64,
    unit: &'static str,
    /// O nome da unidade, por extenso.
    pub name: &'static str,
    places: usize,
}

impl TimeScale {
    /// Tempos divididos pelo de uma régua: não são mais segundos, são vezes.
    pub const RATIO: Self =
        Self { factor: 1.0, unit: "×", name: "vezes o tempo serial da mesma linguagem", places: 2 };

    /// A unidade em que o maior dos tempos se lê bem.
    pub fn fit(longest: f64) -> Self {
        let (factor, unit, name) = match longest {
            time if time >= 0.5 => (1.0, "s", "segundos"),
            time if time >= 0.5e-3 => (1e3, "ms", "milissegundos"),
            _ => (1e6, "µs", "microssegundos"),
        };
        let places = if longest * factor >= 100.0 { 0 } else { 2 };
        Self { factor, unit, name, places }
    }

    /// O tempo nesta unidade.
    pub fn convert(self, time: f64) -> f64 {
        time * self.factor
    }

    /// O tempo, sem a unidade.
    pub fn number(self, time: f64) -> String {
        decimal(self.convert(time), self.places)
    }

    /// O tempo, com a unidade.
    pub fn time(self, time: f64) -> String {
        let space = if self.unit == "×" { "" } else { " " };
        format!("{}{space}{}", self.number(time), self.unit)
    }
}

/// Uma unidade do registro, escrita por extenso no eixo.
pub fn unit_name(unit: &str) -> &str {
    match unit {
        "us" | "µs" => "microssegundos (µs)",
        "ns" => "nanossegundos (ns)",
        "ms" => "milissegundos (ms)",
        "%" => "porcentagem (%)",
        other => other,
    }
}

/// A data de um instante ISO 8601, dia primeiro.
pub fn date(iso: &str) -> String {
    let day = iso.split('T').next().unwrap_or(iso);
    let parts: Vec<&str> = day.split('-').rev().collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_figure_has_one_unit_of_time() {
        let scale = TimeScale::fit(1.95);
        assert_eq!([1.95, 0.982].map(|time| scale.time(time)), ["1,95 s", "0,98 s"]);
        assert_eq!(TimeScale::fit(0.031).time(0.0312), "31,20 ms");
        assert_eq!(TimeScale::fit(0.25).time(0.0312), "31 ms");
    }

    #[test]
    fn a_date_begins_with_the_day() {
        assert_eq!(date("2026-11-22T14:37:06-03:00"), "22/11/2026");
    }
}

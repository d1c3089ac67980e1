//! Números como o leitor os lê.

/// `1234567` como `1.234.567`.
pub fn integer(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

/// Uma quantidade com o nome do que se conta.
///
/// # Exemplos
///
/// ```
/// use registro::format::count;
/// assert_eq!(count(1, "núcleo", "núcleos"), "1 núcleo");
/// assert_eq!(count(1_000, "fatia", "fatias"), "1.000 fatias");
/// ```
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", integer(number as u64), if number == 1 { one } else { many })
}

/// `1.921` com duas casas como `1,92`.
pub fn decimal(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    let text = format!("{:.places$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { "-" } else { "" };
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), integer);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole},{fraction}") }
}

/// Um tempo com três algarismos e a unidade que o deixa legível: `1,92 s`, `45,0 ms`, `3,20 µs`, `7,50 ns`.
///
/// # Exemplos
///
/// ```
/// use registro::format::seconds;
/// assert_eq!(seconds(1.9234), "1,92 s");
/// assert_eq!(seconds(0.045), "45,0 ms");
/// ```
pub fn seconds(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 0.9995 || v == 0.0 => (value, "s"),
        v if v >= 0.9995e-3 => (value * 1e3, "ms"),
        v if v >= 0.9995e-6 => (value * 1e6, "µs"),
        _ => (value * 1e9, "ns"),
    };
    let places = match scaled.abs() {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{} {unit}", decimal(scaled, places))
}

/// Um número sem unidade, com os algarismos que ainda dizem alguma coisa.
pub fn plain(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 3,
    };
    decimal(value, places)
}

/// Um valor com a sua unidade, com os dígitos que ainda dizem alguma coisa.
pub fn quantity(value: f64, unit: &str) -> String {
    match unit {
        "s" => seconds(value),
        "" => plain(value),
        "us" => format!("{} µs", plain(value)),
        unit if value > 0.0 && value < 2.0 => format!("{} {}", plain(value), singular(unit)),
        unit => format!("{} {unit}", plain(value)),
    }
}

/// A unidade de menos de dois: `respostas` como `resposta`. Um símbolo (`ms`, `KiB`) não muda.
pub fn singular(unit: &str) -> String {
    let (noun, rest) = unit.split_at(unit.find(' ').unwrap_or(unit.len()));
    let one = match noun {
        "vezes" => "vez",
        "mensagens" => "mensagem",
        "itens" => "item",
        noun if noun.ends_with("os") || noun.ends_with("as") => &noun[..noun.len() - 1],
        symbol => symbol,
    };
    format!("{one}{rest}")
}

/// Uma fração como porcentagem inteira: `0.953` como `95 %`.
pub fn percent(value: f64) -> String {
    format!("{} %", decimal(value * 100.0, 0))
}

/// Um intervalo de acelerações: `1,95× (1,92 a 1,97)`.
pub fn times(estimate: super::stats::Estimate) -> String {
    let [median, low, high] = [estimate.median, estimate.low, estimate.high].map(|x| decimal(x, 2));
    format!("{median}× ({low} a {high})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_keeps_the_digits_that_matter() {
        assert_eq!(quantity(431.4, "us"), "431 µs");
        assert_eq!(quantity(12.34, "MiB"), "12,3 MiB");
        assert_eq!(quantity(0.023, ""), "0,023");
        assert_eq!(quantity(1.0, "respostas"), "1 resposta");
        assert_eq!(quantity(0.91, "vezes o tempo serial"), "0,91 vez o tempo serial");
        assert_eq!(quantity(1.37, "ms de espera"), "1,37 ms de espera");
        assert_eq!(quantity(0.0, "respostas"), "0 respostas");
        assert_eq!(quantity(5_000_000.0, "primos"), "5.000.000 primos");
    }

    #[test]
    fn numbers_are_written_the_brazilian_way() {
        assert_eq!([0, 999, 1_000, 5_000_000].map(integer), ["0", "999", "1.000", "5.000.000"]);
        assert_eq!(decimal(1234.567, 1), "1.234,6");
        assert_eq!(decimal(-0.001, 2), "0,00");
        assert_eq!(decimal(-1.5, 1), "-1,5");
        assert_eq!(decimal(f64::NAN, 1), "—");
        assert_eq!([12.0, 0.9996, 3.2e-6].map(seconds), ["12,0 s", "1,00 s", "3,20 µs"]);
        assert_eq!([0.9996e-6, 7.5e-9].map(seconds), ["1,00 µs", "7,50 ns"]);
        assert_eq!(percent(0.953), "95 %");
    }
}

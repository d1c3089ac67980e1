//! O eixo de um gráfico: de onde a onde, em que escala e com que marcas.

use registro::format::plain;

use super::chart::Scale;
use super::pen::{tick_name, ticks};
use super::record::distinct;

/// O maior valor, em vezes o menor, a partir de que a escala linear achataria os pequenos: um pico só bastaria.
const FAR_APART: f64 = 30.0;

/// Um eixo.
#[derive(Clone)]
pub struct Axis {
    start: f64,
    end: f64,
    is_log: bool,
    ticks: Vec<f64>,
}

impl Axis {
    /// O eixo em que cabem todos os valores. Os de ordens de grandeza diferentes pedem a escala
    /// logarítmica: na linear, os pequenos ficariam todos no mesmo lugar.
    pub fn of(values: Vec<f64>) -> Self {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        if low > 0.0 && high / low >= FAR_APART {
            let powers = (-12..=15).map(|power| 10_f64.powi(power));
            let ticks: Vec<f64> = powers.filter(|tick| (low..=high).contains(tick)).collect();
            // De cem em cem vezes, se de dez em dez os números se encostariam.
            let step = if ticks.len() > 5 { 2 } else { 1 };
            let ticks = ticks.into_iter().step_by(step).collect();
            return Self { start: low, end: high, is_log: true, ticks };
        }
        Self::linear(values)
    }

    /// O eixo linear, a partir de zero.
    pub fn linear(values: Vec<f64>) -> Self {
        let high = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let mut own = distinct(values);
        own.sort_by(f64::total_cmp);
        let whole = own.len() <= 8 && own.iter().all(|value| value.fract() == 0.0);
        let (ticks, end) = if whole { (own, high) } else { (ticks(high * 1.05), high * 1.05) };
        Self { start: 0.0, end, is_log: false, ticks }
    }
}

impl Axis {
    /// O nome do eixo, com a escala que não se adivinha.
    pub fn titled(&self, name: &str) -> String {
        if self.is_log { format!("{name}; escala logarítmica") } else { name.to_owned() }
    }

    /// O eixo, posto entre dois lugares do desenho.
    pub fn over(&self, places: (f64, f64)) -> Scale {
        Scale { places, values: (self.start, self.end), is_log: self.is_log }
    }

    /// Cada marca, com o nome dela.
    pub fn marks(&self) -> impl Iterator<Item = (f64, String)> {
        self.ticks.iter().map(|tick| {
            let name = if self.is_log { plain(*tick) } else { tick_name(*tick, &self.ticks) };
            (*tick, name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(values: &[f64]) -> Vec<String> {
        Axis::of(values.to_vec()).marks().map(|(_, name)| name).collect()
    }

    #[test]
    fn a_few_whole_values_are_their_own_marks() {
        assert_eq!(marks(&[1.0, 2.0, 4.0, 2.0]), ["1", "2", "4"]);
    }

    #[test]
    fn values_far_apart_get_a_logarithmic_scale() {
        assert_eq!(marks(&[0.5, 40.0, 20_000.0]), ["1", "10", "100", "1.000", "10.000"]);
        assert_eq!(marks(&[8.0, 2_000_000.0]), ["10", "1.000", "100.000"]);
        let axis = Axis::of(vec![1.0, 100.0]);
        assert!((axis.over((0.0, 200.0)).place(10.0) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_linear_scale_starts_at_zero() {
        assert_eq!(marks(&[0.7, 1.9]), ["0,0", "0,5", "1,0", "1,5"]);
    }
}

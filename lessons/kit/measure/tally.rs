//! Uma conta que vários fazem juntos: quanto dela se perdeu, e quanto custou.

use registro::format::{integer, seconds};
use registro::legend::Entry;
use registro::stats::median;

/// As perdas de cada maneira de somar.
pub const LOST: Entry = Entry::metric("lost_updates", "somas perdidas");

/// As contagens de uma maneira de somar, uma por repetição, com vários somando ao mesmo tempo.
///
/// # Exemplos
///
/// ```
/// use licoes::measure::tally::Tally;
/// let mut tally = Tally::expecting(1_000);
/// tally.push((990, 0.001));
/// tally.push((1_000, 0.001));
/// tally.push((980, 0.001));
/// assert_eq!((tally.lost(), tally.is_exact()), (10.0, false));
/// assert_eq!(tally.describe("soma"), "10 de 1.000 somas perdidas, 1,00 µs por soma");
/// ```
#[derive(Clone, Debug)]
pub struct Tally {
    /// Quantas somas foram pedidas em cada repetição.
    pub expected: u64,
    /// Quanto o total valia no fim de cada uma.
    pub counted: Vec<u64>,
    /// Quanto cada uma levou, em segundos.
    pub seconds: Vec<f64>,
}

impl Tally {
    /// Nenhuma contagem ainda, de uma conta que tem que dar `expected`.
    pub fn expecting(expected: u64) -> Self {
        Tally { expected, counted: Vec::new(), seconds: Vec::new() }
    }

    /// Mais uma repetição: quanto deu, e quanto levou.
    pub fn push(&mut self, (counted, seconds): (u64, f64)) {
        self.counted.push(counted);
        self.seconds.push(seconds);
    }

    /// Quantas somas se perderam em cada repetição.
    pub fn losses(&self) -> Vec<f64> {
        self.counted.iter().map(|counted| self.expected.abs_diff(*counted) as f64).collect()
    }

    /// Quantas somas se perderam numa repetição, na mediana.
    pub fn lost(&self) -> f64 {
        median(&self.losses())
    }

    /// Quanto levou cada soma pedida, em segundos, em cada repetição.
    pub fn prices(&self) -> Vec<f64> {
        self.seconds.iter().map(|seconds| seconds / self.expected.max(1) as f64).collect()
    }

    /// Quanto levou cada soma pedida, em segundos, na mediana.
    pub fn price(&self) -> f64 {
        median(&self.prices())
    }

    /// Se nenhuma repetição perdeu nada.
    pub fn is_exact(&self) -> bool {
        self.counted.iter().all(|counted| *counted == self.expected)
    }

    /// As perdas e o preço, para quem lê; `unit` é o que custou o preço: `soma`, `primo`.
    pub fn describe(&self, unit: &str) -> String {
        let price = format!("{} por {unit}", seconds(self.price()));
        match self.lost().round() as u64 {
            _ if self.is_exact() => format!("nenhuma soma perdida, {price}"),
            0 => format!("somas perdidas em alguma repetição, {price}"),
            lost => format!("{} de {} somas perdidas, {price}", integer(lost), integer(self.expected)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(counted: &[u64]) -> Tally {
        Tally { expected: 100, counted: counted.to_vec(), seconds: vec![1e-6; counted.len()] }
    }

    #[test]
    fn a_loss_in_one_repetition_is_told_even_when_the_median_hides_it() {
        assert_eq!(tally(&[100, 100, 100]).describe("soma"), "nenhuma soma perdida, 10,0 ns por soma");
        let once = tally(&[100, 40, 100]);
        assert_eq!((once.lost(), once.is_exact()), (0.0, false));
        assert!(once.describe("soma").starts_with("somas perdidas em alguma repetição"));
    }

    #[test]
    fn a_sum_too_many_is_as_wrong_as_one_too_few() {
        assert_eq!(tally(&[101, 99, 101]).losses(), [1.0; 3]);
    }
}

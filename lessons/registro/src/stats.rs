//! Mediana, e o intervalo em que ela está.
//!
//! Tempos de execução não se distribuem como um sino: têm um chão e, de vez em quando, um atraso grande.
//! Por isso nada aqui usa média ou desvio padrão; só a ordem das medidas.

/// Uma grandeza medida várias vezes: a mediana e um intervalo para ela.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// A mediana das medidas.
    pub median: f64,
    /// O limite de baixo do intervalo.
    pub low: f64,
    /// O limite de cima do intervalo.
    pub high: f64,
}

impl Estimate {
    /// A estimativa a partir de medidas independentes.
    ///
    /// O intervalo vai da k-ésima menor à k-ésima maior medida, com o maior k que ainda contém a mediana
    /// verdadeira com pelo menos 90 % de confiança. Cada medida cai acima ou abaixo dela como uma moeda,
    /// então a chance de erro é a de uma binomial de parâmetro ½ (intervalo de confiança por estatísticas
    /// de ordem; David & Nagaraja, *Order Statistics*, §7.1). Cinco medidas dão k = 1: o intervalo é da
    /// menor à maior, com 93,75 %. Com três ou quatro o intervalo é o mesmo e a confiança é menor; com uma ou
    /// duas não há intervalo, e ele vai de menos a mais infinito.
    ///
    /// # Panics
    ///
    /// Se não há medida nenhuma.
    ///
    /// # Exemplos
    ///
    /// ```
    /// use registro::stats::Estimate;
    /// let tempo = Estimate::of(&[1.3, 1.1, 1.2, 1.9, 1.2]);
    /// assert_eq!((tempo.low, tempo.median, tempo.high), (1.1, 1.2, 1.9));
    /// ```
    pub fn of(samples: &[f64]) -> Self {
        assert!(!samples.is_empty(), "uma estimativa precisa de pelo menos uma medida");
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let trim = trimmed(sorted.len());
        let (low, high) = match sorted.len() {
            0..3 => (f64::NEG_INFINITY, f64::INFINITY),
            len => (sorted[trim], sorted[len - 1 - trim]),
        };
        Estimate { median: median(samples), low, high }
    }
}

/// A mediana.
///
/// # Panics
///
/// Se não há medida nenhuma.
pub fn median(samples: &[f64]) -> f64 {
    assert!(!samples.is_empty(), "a mediana precisa de pelo menos uma medida");
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// Quantas medidas descartar de cada ponta para que o intervalo ainda tenha 90 % de confiança.
fn trimmed(samples: usize) -> usize {
    // A mediana escapa do intervalo se no máximo `k` medidas caem de um dos seus lados.
    let mut probability = 0.5_f64.powi(samples.min(1000) as i32);
    let mut missed = probability;
    let mut k = 0;
    loop {
        probability *= (samples - k) as f64 / (k + 1) as f64;
        missed += probability;
        if 2.0 * missed > 0.10 || k + 1 > samples / 2 {
            return k;
        }
        k += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trim_follows_the_binomial_table() {
        // Tabela de intervalos por estatísticas de ordem, 90 %: n = 5, 7 → extremos; 8 → segunda; 20 → sexta.
        for (samples, k) in [(1, 0), (3, 0), (5, 0), (7, 0), (8, 1), (10, 1), (11, 2), (20, 5)] {
            assert_eq!(trimmed(samples), k, "n = {samples}");
        }
    }

    #[test]
    fn two_samples_are_not_an_interval() {
        let Estimate { low, high, .. } = Estimate::of(&[1.0, 1.0]);
        assert_eq!((low, high), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn an_outlier_moves_neither_the_median_nor_a_long_series_interval() {
        let mut samples = vec![1.0; 19];
        samples.push(100.0);
        assert_eq!(Estimate::of(&samples), Estimate { median: 1.0, low: 1.0, high: 1.0 });
    }
}

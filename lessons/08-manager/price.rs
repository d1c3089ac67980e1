//! O preço de uma operação pequena demais para o relógio: mede-se um lote e divide-se.

use std::hint::black_box;

use licoes::measure::trace::now;
use registro::stats::Estimate;

/// Quanto leva `operation`, em segundos: `repetitions` lotes de `batch` chamadas, e a mediana do preço de uma.
///
/// Um lote antes de todos não conta: é o que abre canais, acorda quem responde e enche as caches.
///
/// # Erros
///
/// O da operação que falhou.
///
/// # Panics
///
/// Se `repetitions` ou `batch` é zero.
pub fn per_operation<T, E>(
    repetitions: usize,
    batch: u32,
    mut operation: impl FnMut() -> Result<T, E>,
) -> Result<Estimate, E> {
    assert!(batch > 0, "um lote precisa de pelo menos uma operação");
    let mut one_batch = || -> Result<f64, E> {
        let start = now();
        for _ in 0..batch {
            black_box(operation()?);
        }
        Ok((now() - start) / f64::from(batch))
    };
    one_batch()?;
    let prices =
        (0..repetitions).map(|_| one_batch()).collect::<Result<Vec<f64>, E>>()?;
    Ok(Estimate::of(&prices))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_more_than_those_that_count() {
        let (mut calls, mut number) = (0, 1_u64);
        let price = per_operation(5, 100, || {
            calls += 1;
            number = number.wrapping_mul(3);
            Ok::<_, std::convert::Infallible>(number)
        });
        assert!(price.is_ok_and(|price| price.median > 0.0));
        assert_eq!(calls, 600);
    }
}

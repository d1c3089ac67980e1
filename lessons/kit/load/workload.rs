//! A carga comum: contar primos por divisão.
//!
//! É um bom caso de estudo porque ocupa o núcleo o tempo todo, tem resposta conhecida e, cortada em
//! fatias, não é uniforme: números maiores pedem mais divisões, então as últimas fatias custam mais.

use std::ops::Range;

/// Respostas conhecidas: quantos primos há abaixo de cada potência de dez.
///
/// Fonte: sequência A006880 da OEIS.
pub const KNOWN: [(u64, u64); 7] = [
    (10, 4),
    (100, 25),
    (1_000, 168),
    (10_000, 1_229),
    (100_000, 9_592),
    (1_000_000, 78_498),
    (10_000_000, 664_579),
];

// ANCHOR: count_primes
/// Quantos primos há em `range`.
///
/// # Exemplos
///
/// ```
/// use licoes::load::workload::count_primes;
/// assert_eq!(count_primes(0..100), 25);
/// ```
pub fn count_primes(range: Range<u64>) -> u64 {
    range.filter(|&n| is_prime(n)).count() as u64
}

fn is_prime(n: u64) -> bool {
    if n < 4 {
        return n >= 2;
    }
    if n % 2 == 0 {
        return false;
    }
    let mut divisor = 3;
    while divisor * divisor <= n {
        if n % divisor == 0 {
            return false;
        }
        divisor += 2;
    }
    true
}
// ANCHOR_END: count_primes

/// Os primos de `range`, um a um.
///
/// # Exemplos
///
/// ```
/// use licoes::load::workload::primes;
/// assert_eq!(primes(10..20).collect::<Vec<_>>(), [11, 13, 17, 19]);
/// ```
pub fn primes(range: Range<u64>) -> impl Iterator<Item = u64> {
    range.filter(|&n| is_prime(n))
}

// ANCHOR: slices
/// Corta `0..limit` em `count` fatias de tamanho igual, a menos de um.
///
/// # Exemplos
///
/// ```
/// use licoes::load::workload::slices;
/// assert_eq!(slices(10, 3), [0..3, 3..6, 6..10]);
/// ```
pub fn slices(limit: u64, count: usize) -> Vec<Range<u64>> {
    let edge = |i: usize| (u128::from(limit) * i as u128 / count as u128) as u64;
    (0..count).map(|i| edge(i)..edge(i + 1)).collect()
}
// ANCHOR_END: slices

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_with_the_known_answers() {
        for (limit, primes) in KNOWN.into_iter().filter(|(limit, _)| *limit <= 1_000_000) {
            assert_eq!(count_primes(0..limit), primes, "abaixo de {limit}");
        }
    }

    #[test]
    fn slices_cover_the_interval_without_gaps() {
        for (limit, count) in [(0, 1), (1, 64), (10, 3), (1_000_003, 64), (u64::MAX, 7)] {
            let slices = slices(limit, count);
            assert_eq!(slices.len(), count);
            assert_eq!(slices[0].start, 0);
            assert_eq!(slices[count - 1].end, limit);
            assert!(slices.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }
}

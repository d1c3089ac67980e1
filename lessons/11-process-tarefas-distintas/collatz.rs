//! Uma tarefa diferente de contar primos: a cadeia de Collatz mais longa.
//!
//! A cadeia de um número: se é par, divide-se por 2; se é ímpar, multiplica-se por 3 e soma-se 1; até chegar a 1.
//! Ninguém provou que ela sempre chega. Como a contagem de primos, ocupa o núcleo o tempo todo e quase não usa
//! memória; ao contrário dela, não se sabe de antemão quanto um pedaço vai custar.

use serde::{Deserialize, Serialize};

/// Uma cadeia: onde começa, e quantos passos leva até 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// O primeiro número.
    pub start: u64,
    /// Quantos passos até 1.
    pub steps: u32,
}

/// A cadeia mais longa entre as que começam abaixo de `limit`; entre iguais, a que começa antes.
///
/// As que começam abaixo de dez bilhões não passam do que cabe em 64 bits.
// ANCHOR: longest_chain
pub fn longest_chain(limit: u64) -> Chain {
    let mut longest = Chain { start: 1, steps: 0 };
    for start in 1..limit {
        let steps = steps_to_one(start);
        if steps > longest.steps {
            longest = Chain { start, steps };
        }
    }
    longest
}

fn steps_to_one(mut n: u64) -> u32 {
    let mut steps = 0;
    while n > 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}
// ANCHOR_END: longest_chain

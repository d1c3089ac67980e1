//! Os trabalhos sobre os quais o conselheiro opina.

use serde_bytes::ByteBuf;

use crate::choice::{Context, Task};
use crate::legend;

/// Um trabalho, e o contexto dele.
pub struct Case {
    /// O identificador no registro.
    pub id: &'static str,
    /// O nome, como o leitor o lê.
    pub name: &'static str,
    pub tasks: Vec<Task>,
    pub context: Context,
}

/// Sete trabalhos, com tarefas que duram o que se pede numa máquina que dá `turns_per_second` voltas por segundo.
pub fn all(workers: usize, turns_per_second: f64) -> Vec<Case> {
    let lasting = |seconds: f64| Task::of((seconds * turns_per_second) as u64);
    // De dez em dez, uma longa: na mão de quem tem a sua parte desde o começo, elas se juntam.
    let uneven = |long: f64, short: f64| -> Vec<Task> {
        let each = |index| lasting(if index % 10 == 0 { long } else { short });
        (0..100).map(each).collect()
    };
    let with_data =
        |bytes| Task { data: ByteBuf::from(vec![7; bytes]), ..lasting(20e-6) };
    let case = |id, tasks, context| Case { id, name: legend::case(id), tasks, context };
    let few = 2 * workers;
    vec![
        case("tiny", vec![lasting(1e-6); 50], Context::Free),
        case("many", vec![lasting(3e-6); 12_000], Context::Free),
        case("few", vec![lasting(40e-3 / few as f64); few], Context::Free),
        case("data", vec![with_data(256 << 10); 48], Context::Free),
        case("lock", uneven(4e-3, 0.1e-3), Context::GlobalLock),
        case("risky", uneven(4e-3, 0.1e-3), Context::Risky),
        case("alone", vec![lasting(2e-3)], Context::Risky),
    ]
}

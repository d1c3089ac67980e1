//! Como se lê o que esta lição mede.

use licoes::measure::exchange::{LATENCY, MANAGER, SHARED_VALUE, THROUGHPUT};
use licoes::measure::tally::LOST;
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    Entry::model("get_insert", "get e insert").family("serial"),
    Entry::model("update", "update por primo").family("process_pool"),
    Entry::model("slice_update", "update por fatia").family("process_pool"),
    SHARED_VALUE,
    Entry::model("mutex", "Mutex entre threads").family("threads"),
    MANAGER,
    LOST,
    Entry::metric("increment_us", "cada soma, com todos somando")
        .question("Quanto leva somar cada primo, com todos somando ao mesmo tempo?"),
    Entry::metric("operation_us", "cada soma, sem mais ninguém")
        .question("Quanto leva somar 1, sem mais ninguém por perto?"),
    LATENCY,
    THROUGHPUT,
    Entry::series(
        "operations_by_workers",
        "Quantas somas por milissegundo, pelo número de trabalhadores?",
    ),
];

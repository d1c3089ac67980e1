//! Como se lê o que esta lição mede.

use licoes::measure::exchange::{CHANNEL, LATENCY, QUEUE, ROUND_TRIP, THROUGHPUT};
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    QUEUE,
    CHANNEL,
    Entry::model("put", "put").family("process_pool"),
    Entry::model("get", "get").family("serial"),
    Entry::metric("accepted", "itens que couberam"),
    Entry::metric("refused_after", "espera até a recusa"),
    Entry::series(
        "items_by_time",
        "Quantos itens se produzem e se consomem, ao longo do tempo?",
    ),
    Entry::metric("free_put", "um put, com um consumidor que não descansa"),
    Entry::metric("slow_put", "um put, com um consumidor que descansa"),
    LATENCY,
    THROUGHPUT,
    ROUND_TRIP,
    Entry::metric("feed", "a carga comum, por uma fila"),
];

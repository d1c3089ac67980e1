//! Como se lê o que esta lição mede.

use licoes::measure::compare::SPEEDUP_AXIS;
use licoes::measure::exchange::{
    CHANNEL, LATENCY, PIPE, ROUND_TRIP, SIZE_AXIS, THROUGHPUT,
};
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    PIPE,
    CHANNEL,
    Entry::series(
        "fits_by_size",
        "Quanto cabe num canal que ninguém lê, pelo tamanho da mensagem?",
    )
    .x_unit(SIZE_AXIS),
    Entry::metric("few", "mensagens que cabem no canal"),
    Entry::metric("many", "mensagens que não cabem"),
    Entry::metric("turns", "as mesmas, se um lado lê primeiro"),
    Entry::metric("reader_thread", "as mesmas, com uma thread que lê"),
    LATENCY,
    THROUGHPUT,
    ROUND_TRIP,
    Entry::series(
        "speedup_by_share",
        "Quanto se ganha, pela parte da conta no primeiro estágio?",
    )
    .unit(SPEEDUP_AXIS)
    .from_zero(),
    Entry::metric("pipeline_speedup", "aceleração, na divisão mais igual"),
    Entry::metric("pipeline_allowed", "o que o estágio mais lento permitiria"),
];

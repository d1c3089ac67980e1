//! Como se lê o que esta lição mede.

use licoes::measure::compare::{
    BUSY_CORES, SERIAL_FRACTION, SPEEDUP_AXIS, SPEEDUP_BY_WORKERS,
};
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    SPEEDUP_BY_WORKERS,
    Entry::series(
        "io_speedup_by_workers",
        "Quanto ganha uma tarefa que só espera, pelo número de trabalhadores?",
    )
    .unit(SPEEDUP_AXIS)
    .from_zero(),
    SERIAL_FRACTION,
    BUSY_CORES,
    Entry::metric("light_speedup", "aceleração de uma conta pequena"),
];

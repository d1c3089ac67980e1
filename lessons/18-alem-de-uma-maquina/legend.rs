//! Como se lê o que esta lição mede.

use licoes::measure::compare::{SPEEDUP_AXIS, SPEEDUP_BY_WORKERS};
use licoes::measure::crew::{CARRY, DELIVERY};
use licoes::measure::exchange::{ROUND_TRIP, SIZE_AXIS};
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    // Só aparece ao lado do Pool, da rayon e dos ranks de um host.
    Entry::model("mpi_two_hosts", "MPI, dois hosts").family("thread_pool"),
    Entry::model("mpi_predicted", "previsto").family("serial"),
    SPEEDUP_BY_WORKERS,
    ROUND_TRIP,
    DELIVERY,
    CARRY,
    Entry::metric("fed_by_one", "ranks que um alimenta com tarefas de 1 ms").in_tables(),
    Entry::series(
        "metg_by_bytes",
        "Qual é a menor tarefa que ainda rende metade dos trabalhadores, pelos bytes que leva?",
    )
    .x_unit(SIZE_AXIS),
    Entry::series(
        "speedup_by_ranks",
        "Quanto ganham tarefas que dormem, pelo número de ranks?",
    )
    .unit(SPEEDUP_AXIS)
    .from_zero(),
    Entry::metric("saturates_at", "ranks que saturam um rank 0"),
    Entry::metric("death_s", "até o erro, depois da morte de um rank"),
];

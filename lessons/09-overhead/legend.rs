//! Como se lê o que esta lição mede.

use licoes::measure::birth::{FORK, FORKSERVER, IDLE_MEMORY, LIFETIME, SPAWN};
use licoes::measure::compare::SPEEDUP_AXIS;
use licoes::python::twin::{POOL, THREADS};
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    // Antes da primeira tarefa.
    FORK,
    FORKSERVER,
    SPAWN,
    THREADS,
    Entry::model("python_processes", "Process do Python").family("python_pool"),
    POOL,
    LIFETIME,
    IDLE_MEMORY,
    // Cada tarefa.
    Entry::model("process_pool_socket", "pool por soquete")
        .family("process_pool_socket"),
    Entry::series(
        "efficiency_by_task",
        "Quanto rende cada modelo, pelo tamanho da tarefa?",
    )
    .unit("eficiência (1 é o ideal)")
    .from_zero()
    .level(0.5, "metade da máquina"),
    Entry::metric("task_us", "cada tarefa custa").in_tables(),
    Entry::metric("metg50_us", "METG(50 %)")
        .question(
            "Qual é a menor tarefa com que cada um ainda rende metade da máquina?",
        )
        .in_tables(),
    // A mesma entrega, degrau por degrau.
    Entry::model("socket_apply", "soquete: apply").family("process_pool_socket"),
    Entry::model("socket_one_each", "soquete: uma para cada")
        .family("process_pool_socket"),
    Entry::model("socket_map", "soquete: adiantadas").family("process_pool_socket"),
    Entry::model("memory_apply", "memória: apply").family("process_pool"),
    Entry::model("memory_imap", "memória: imap").family("process_pool"),
    Entry::model("memory_map", "memória: map").family("process_pool"),
    Entry::model("memory_chunks", "memória: em blocos").family("process_pool"),
    Entry::metric("step_us", "cada tarefa").in_tables(),
    Entry::metric("step_sleeps", "despertares em mil").in_tables(),
    // O trabalho inteiro.
    Entry::series("speedup_by_work", "A partir de que tamanho de trabalho se ganha?")
        .unit(SPEEDUP_AXIS)
        .from_zero()
        .level(1.0, "nem ganho nem perda"),
    Entry::metric("break_even", "compensa a partir de").in_tables(),
];

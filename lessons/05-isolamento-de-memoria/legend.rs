//! Como se lê o que esta lição mede.

use licoes::measure::birth::{FORK, SPAWN};
use licoes::measure::exchange::{MANAGER, PIPE, QUEUE, SHARED_VALUE};
use licoes::measure::fate::ABORT;
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    FORK,
    SPAWN,
    QUEUE,
    PIPE,
    MANAGER,
    SHARED_VALUE,
    Entry::metric("changes_seen", "mudanças que o processo viu"),
    ABORT,
    Entry::metric("counted_and_lost", "respostas prontas que se perderam"),
    Entry::failure(
        "stray_write",
        "Alguém escreve por um ponteiro errado",
        "escrever fora",
    ),
    Entry::metric("arrived", "primos que chegaram")
        .question("Quanto da soma chegou ao programa principal?"),
];

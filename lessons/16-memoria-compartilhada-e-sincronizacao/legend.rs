//! Como se lê o que esta lição mede.

use licoes::measure::tally::LOST;
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    // A errada: perde somas.
    Entry::model("load_store", "ler e escrever").family("serial"),
    Entry::model("fetch_add", "fetch_add").family("processes"),
    Entry::model("value_update", "Value::update").family("processes"),
    Entry::model("lock", "Lock").family("processes"),
    Entry::model("semaphore", "Semaphore").family("processes"),
    Entry::model("local_sum", "soma local").family("processes"),
    LOST,
    Entry::metric("increment_ns", "cada soma")
        .question("Quanto leva cada soma, com todos somando ao mesmo tempo?"),
    Entry::metric("semaphore_ns", "cada soma, com o semáforo"),
    Entry::metric("sums", "somas pedidas"),
    Entry::series(
        "increment_by_distance",
        "A distância entre dois contadores muda o tempo de cada soma?",
    ),
    Entry::model("shared_array", "SharedArray").family("processes"),
    Entry::model("pieces", "pedaços copiados").family("process_pool"),
    Entry::metric("sieve", "fazer a peneira")
        .question("Quanto leva a peneira de dez milhões?"),
    Entry::metric("sieve_size", "memória da peneira, em vezes o tamanho dela")
        .question("Quanta memória a peneira ocupa?"),
    Entry::metric("most_inside_6", "o mais que houve numa sala de seis vagas"),
    Entry::metric("most_inside_2", "o mais que houve numa sala de duas vagas"),
];

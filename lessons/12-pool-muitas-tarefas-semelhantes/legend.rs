//! Como se lê o que esta lição mede.

use licoes::python::twin::POOL;
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    POOL,
    Entry::model("automatic_chunk", "tamanho automático").family("processes"),
    Entry::model("python_automatic_chunk", "automático, em Python")
        .family("python_threads"),
    Entry::series("time_by_chunk", "Qual é o tamanho de chunk mais rápido?")
        .level(1.0, "o tempo do laço"),
    Entry::series("time_by_tasks", "Quanto custa cada tarefa, pelo número de tarefas?"),
    // Quem chama `map` espera por tudo, como no laço: a cor é a dele.
    Entry::model("map", "map").family("serial"),
    Entry::model("imap", "imap").family("processes"),
    Entry::model("imap_unordered", "imap_unordered").family("process_pool"),
    Entry::series(
        "arrival_by_answer",
        "Quanto se espera até ter cada resposta na mão?",
    ),
    Entry::metric("first_answer_ms", "primeira resposta").in_tables(),
    Entry::metric("all_answers_ms", "todas as respostas").in_tables(),
    Entry::series(
        "memory_by_answers",
        "Quanta memória a mais se ocupa, enquanto se consomem as respostas?",
    )
    .from_zero(),
    Entry::metric("read_ahead", "entrada lida além do consumido").in_tables(),
];

//! Como se lê o que esta lição mede.

use licoes::measure::fate::ABORT;
use licoes::python::twin::POOL;
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    POOL,
    Entry::failure(
        "panic",
        "Uma tarefa entra em pânico (exceção, em Python)",
        "pânico ou exceção",
    ),
    Entry::failure("exit", "Uma tarefa sai do programa", "sair"),
    ABORT,
    Entry::failure("kill", "Uma tarefa leva um kill -9", "kill -9"),
    Entry::failure("stuck", "Uma tarefa não termina nunca", "não terminar"),
    // Até o erro ou, sem erro nenhum, até a lição desistir.
    Entry::metric("panic_s", "espera, depois de um pânico ou de uma exceção"),
    Entry::metric("exit_s", "espera, depois de um exit"),
    Entry::metric("abort_s", "espera, depois de um abort"),
    Entry::metric("kill_s", "espera, depois de um kill -9"),
    Entry::metric("stuck_s", "espera por um laço sem fim"),
    Entry::metric("left_after_ctrl_c", "processos que ficaram depois de um Ctrl-C"),
    Entry::metric("lines_after_ctrl_c", "linhas de erro depois de um Ctrl-C"),
    Entry::series(
        "time_by_deaths",
        "Quanto leva o mesmo trabalho, pelo número de processos mortos?",
    ),
    Entry::metric("tasks", "tarefas da última tempestade"),
    Entry::metric("charged", "quanto o contador somou"),
    Entry::metric("right_places", "respostas certas nos seus lugares"),
];

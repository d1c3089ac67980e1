//! Como se lê o que esta lição mede.

use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    Entry::model("own_limits", "um Process para cada tarefa").family("processes"),
    Entry::model("short_limit", "Pool, com o limite curto").family("process_pool"),
    Entry::model("long_limit", "Pool, com o limite longo").family("process_pool"),
    Entry::failure("cancelled", "Uma de três tarefas é cancelada", "ser cancelada"),
    Entry::metric("lived", "vida da tarefa errada, em limites dela")
        .question("Quanto a tarefa errada vive além do limite dela?"),
    Entry::model("urgent", "Process, sem pedir nada").family("processes"),
    Entry::model("patient", "Process, com nice 10").family("processes"),
    Entry::model("pool_first", "um do Pool").family("process_pool"),
    Entry::model("pool_second", "o outro do Pool").family("process_pool"),
    Entry::metric("core_share", "parte do núcleo")
        .question("Que parte de um núcleo dividido cada processo leva?"),
];

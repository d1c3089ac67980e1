//! O título de cada gráfico de números avulsos e de cada curva.

/// O que mostram as barras de um número avulso.
pub fn of_metric(name: &str) -> Option<&'static str> {
    Some(match name {
        "arrived" => "Quanto da soma chegou ao programa principal",
        "birth_us" => "Tempo de criar cada trabalhador",
        "core_share" => "Parte de um núcleo dividido que cada processo levou",
        "idle_share" => "Parte do tempo em que os trabalhadores ficaram sem fatia",
        "increment_ns" => "Tempo de cada soma, com todos somando ao mesmo tempo",
        "increment_us" => "Tempo de somar cada primo, com todos somando ao mesmo tempo",
        "lived" => "Quanto a tarefa errada viveu além do limite dela",
        "metg50_us" => "Menor tarefa que ainda ocupa metade da máquina",
        "operation_us" => "Tempo de somar 1, sem mais ninguém por perto",
        "pss_kib" => "Memória que cada trabalhador parado acrescenta",
        "sieve" => "Tempo da peneira de dez milhões",
        "sieve_size" => "Memória que a peneira ocupa",
        "spawn_us" => "Tempo de nascer e terminar",
        "speedup" => "Aceleração sobre o serial da mesma linguagem",
        _ => return None,
    })
}

/// O que mostra uma curva.
pub fn of_series(name: &str) -> Option<&'static str> {
    Some(match name {
        "arrival_by_answer" => "Espera até ter cada resposta na mão",
        "birth_by_memory" => "Tempo de nascer e terminar, pelo tamanho do pai",
        "efficiency_by_task" => "Eficiência, pelo tamanho da tarefa",
        "fits_by_size" => "Quanto cabe num canal que ninguém lê, pelo tamanho da mensagem",
        "increment_by_distance" => "Tempo de cada soma, pela distância entre os contadores",
        "io_speedup_by_workers" => "Aceleração de uma tarefa que só espera, pelo número de trabalhadores",
        "items_by_time" => "Itens produzidos e consumidos, ao longo do tempo",
        "latency_by_size" => "Tempo de uma mensagem, pelo tamanho dela",
        "lines_left" => "Quanto restou do arquivo, pelo momento da morte do programa",
        "memory_by_answers" => "Memória a mais, enquanto se consomem as respostas",
        "metg_by_bytes" => "Menor tarefa que ainda ocupa metade dos trabalhadores, pelos bytes que leva",
        "operations_by_workers" => "Somas por milissegundo, pelo número de trabalhadores",
        "speedup_by_ranks" => "Aceleração de tarefas que dormem, pelo número de ranks",
        "speedup_by_share" => "Aceleração, pela parte da conta no primeiro estágio",
        "speedup_by_work" => "Aceleração, pelo tamanho do trabalho",
        "speedup_by_workers" => "Aceleração, pelo número de trabalhadores",
        "throughput_by_size" => "Bytes por segundo, pelo tamanho da mensagem",
        "time_by_chunk" => "Tempo, pelo tamanho do chunk",
        "time_by_deaths" => "Tempo do mesmo trabalho, pelo número de processos mortos",
        "time_by_tasks" => "Preço de cada tarefa, pelo número de tarefas",
        _ => return None,
    })
}

/// Uma unidade do registro, escrita por extenso no eixo.
pub fn of_unit(unit: &str) -> &str {
    match unit {
        "us" | "µs" => "microssegundos (µs)",
        "ns" => "nanossegundos (ns)",
        "ms" => "milissegundos (ms)",
        "%" => "porcentagem (%)",
        "aceleração" => "aceleração (vezes)",
        "eficiência" => "eficiência (1 é o ideal)",
        "bytes" => "tamanho (bytes)",
        other => other,
    }
}

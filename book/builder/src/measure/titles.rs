//! A pergunta a que responde cada gráfico de números avulsos e cada curva.

/// A das barras de um número avulso.
pub fn of_metric(name: &str) -> Option<&'static str> {
    Some(match name {
        "arrived" => "Quanto da soma chegou ao programa principal?",
        "birth_us" => "Quanto custa criar cada trabalhador?",
        "core_share" => "Que parte de um núcleo dividido cada processo leva?",
        "idle_share" => "Por quanto do tempo os trabalhadores ficam sem fatia?",
        "increment_ns" => "Quanto leva cada soma, com todos somando ao mesmo tempo?",
        "increment_us" => "Quanto leva somar cada primo, com todos somando ao mesmo tempo?",
        "lived" => "Quanto a tarefa errada vive além do limite dela?",
        "metg50_us" => "Qual é a menor tarefa com que cada um ainda rende metade da máquina?",
        "operation_us" => "Quanto leva somar 1, sem mais ninguém por perto?",
        "pss_kib" => "Quanta memória acrescenta cada trabalhador parado?",
        "sieve" => "Quanto leva a peneira de dez milhões?",
        "sieve_size" => "Quanta memória a peneira ocupa?",
        "spawn_us" => "Quanto leva nascer e terminar?",
        "speedup" => "Quanto cada um ganha sobre o serial da mesma linguagem?",
        _ => return None,
    })
}

/// A de uma curva.
pub fn of_series(name: &str) -> Option<&'static str> {
    Some(match name {
        "arrival_by_answer" => "Quanto se espera até ter cada resposta na mão?",
        "birth_by_memory" => "O tamanho do pai muda o tempo de nascer e terminar?",
        "efficiency_by_task" => "Quanto rende cada modelo, pelo tamanho da tarefa?",
        "fits_by_size" => "Quanto cabe num canal que ninguém lê, pelo tamanho da mensagem?",
        "increment_by_distance" => "A distância entre dois contadores muda o tempo de cada soma?",
        "io_speedup_by_workers" => "Quanto ganha uma tarefa que só espera, pelo número de trabalhadores?",
        "items_by_time" => "Quantos itens se produzem e se consomem, ao longo do tempo?",
        "latency_by_size" => "Quanto leva uma mensagem, pelo tamanho dela?",
        "lines_left" => "Quanto resta do arquivo, pelo momento da morte do programa?",
        "memory_by_answers" => "Quanta memória a mais se ocupa, enquanto se consomem as respostas?",
        "metg_by_bytes" => {
            "Qual é a menor tarefa que ainda rende metade dos trabalhadores, pelos bytes que leva?"
        }
        "operations_by_workers" => "Quantas somas por milissegundo, pelo número de trabalhadores?",
        "speedup_by_ranks" => "Quanto ganham tarefas que dormem, pelo número de ranks?",
        "speedup_by_share" => "Quanto se ganha, pela parte da conta no primeiro estágio?",
        "speedup_by_work" => "A partir de que tamanho de trabalho se ganha?",
        "speedup_by_workers" => "Quanto se ganha, pelo número de trabalhadores?",
        "throughput_by_size" => "Quantos bytes por segundo passam, pelo tamanho da mensagem?",
        "time_by_chunk" => "Qual é o tamanho de chunk mais rápido?",
        "time_by_deaths" => "Quanto leva o mesmo trabalho, pelo número de processos mortos?",
        "time_by_tasks" => "Quanto custa cada tarefa, pelo número de tarefas?",
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

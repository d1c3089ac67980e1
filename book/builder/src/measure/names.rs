//! Os modelos que têm cor nas figuras.

/// O que uma página pode pedir pelo nome.
pub const MODELS: [&str; 64] = [
    "serial",
    "threads",
    "thread_pool",
    "rayon",
    "process_pool",
    "process_pool_socket",
    "processes",
    "mpi",
    "mpi_two_hosts",
    "mpi_predicted",
    "python_serial",
    "python_threads",
    "python_pool",
    "python_processes",
    "python_free_serial",
    "python_free_threads",
    "global_lock",
    "spawn",
    "fork",
    "forkserver",
    "queue",
    "pipe",
    "manager",
    "shared_value",
    "channel",
    "mutex",
    "get_insert",
    "update",
    "slice_update",
    "blocks",
    "cards",
    "handed_out",
    "blocks_alternated",
    "cards_alternated",
    "handed_out_alternated",
    "own_limits",
    "short_limit",
    "long_limit",
    "urgent",
    "patient",
    "pool_first",
    "pool_second",
    "draft",
    "in_place",
    "map",
    "imap",
    "imap_unordered",
    "automatic_chunk",
    "python_automatic_chunk",
    "load_store",
    "fetch_add",
    "value_update",
    "lock",
    "semaphore",
    "local_sum",
    "shared_array",
    "pieces",
    "socket_apply",
    "socket_one_each",
    "socket_map",
    "memory_apply",
    "memory_imap",
    "memory_map",
    "memory_chunks",
];

/// A classe CSS que dá a um modelo a sua cor, a mesma em toda figura; as cores moram em
/// `theme/caderno.css`.
///
/// Um canal e um método de início têm a cor do lado a que pertencem, processos ou threads: um olho não
/// distingue vinte cores.
pub fn class(model: &str) -> String {
    let color = match model {
        // Do lado do pool, e do que serve ou entrega a quem pede.
        "queue" | "pipe" | "manager" | "update" | "slice_update" | "put" | "spawn" => "process_pool",
        "handed_out" | "handed_out_alternated" | "short_limit" | "long_limit" => "process_pool",
        "memory_apply" | "memory_imap" | "memory_map" | "memory_chunks" => "process_pool",
        "socket_apply" | "socket_one_each" | "socket_map" => "process_pool_socket",
        "pool_first" | "pool_second" | "imap_unordered" | "draft" | "pieces" => "process_pool",
        // Do lado dos processos feitos à mão, e da memória que eles dividem.
        "shared_value" | "shared_array" | "fork" | "forkserver" => "processes",
        "blocks" | "blocks_alternated" | "cards" | "cards_alternated" => "processes",
        "own_limits" | "urgent" | "patient" | "imap" | "automatic_chunk" => "processes",
        "fetch_add" | "value_update" | "lock" | "semaphore" | "local_sum" => "processes",
        "channel" | "mutex" => "threads",
        // As erradas: a que perde somas, e a que estraga o arquivo.
        "get_insert" | "load_store" | "in_place" => "serial",
        // Quem chama `map` espera por tudo, como no laço.
        "get" | "map" => "serial",
        "global_lock" => "thread_pool",
        // Só aparece ao lado do Pool, da rayon e dos ranks de um host.
        "mpi_two_hosts" => "thread_pool",
        "mpi_predicted" => "serial",
        "python_automatic_chunk" => "python_threads",
        "python_free_serial" => "python_serial",
        "python_processes" => "python_pool",
        own => own,
    };
    format!("modelo-{}", color.replace('_', "-"))
}

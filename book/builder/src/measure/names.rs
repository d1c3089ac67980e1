//! Os modelos que têm cor nas figuras.

/// Cada um tem uma cor, a mesma em toda figura, em `theme/caderno.css`.
pub const MODELS: [&str; 10] = [
    "serial",
    "threads",
    "thread_pool",
    "rayon",
    "process_pool",
    "processes",
    "mpi",
    "python_serial",
    "python_threads",
    "python_pool",
];

/// A classe CSS que dá a um modelo a sua cor.
pub fn class(model: &str) -> String {
    format!("modelo-{}", model.replace('_', "-"))
}

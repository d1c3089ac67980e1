//! Passo 4: a tabela vai para um arquivo, inteira ou nada.

#[path = "../programa/models.rs"]
mod models;
#[path = "../programa/table.rs"]
mod table;

use std::path::Path;

use licoes::load::model::Model;
use licoes::load::workload::slices;
use multiprocessamento::init;

// ANCHOR: main
fn main() -> Result<(), String> {
    init();
    let path = Path::new("primos.csv");
    table::check_place(path, false)?; // antes da conta: depois, seria tarde
    let mut rows = Vec::new();
    let slices = slices(1_000_000, 64);
    models::run(Model::ProcessPool, &slices, 2, |row| rows.push(row))
        .map_err(|error| error.to_string())?;
    rows.sort_by_key(|row| (row.start, row.end));
    table::save(path, &table::csv(&rows))
}
// ANCHOR_END: main

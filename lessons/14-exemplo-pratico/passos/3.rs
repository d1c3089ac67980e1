//! Passo 3: qualquer modelo, e o andamento enquanto se espera.

#[path = "../programa/models.rs"]
mod models;
#[allow(dead_code, reason = "guardar a tabela é assunto do passo 4")]
#[path = "../programa/table.rs"]
mod table;

use indicatif::ProgressBar;
use licoes::load::model::Model;
use licoes::load::workload::slices;
use multiprocessamento::{Error, init};

// ANCHOR: main
fn main() -> Result<(), Error> {
    init();
    let slices = slices(1_000_000, 64);
    let bar = ProgressBar::new(slices.len() as u64);
    let mut rows = Vec::new();
    models::run(Model::Processes, &slices, 2, |row| {
        rows.push(row);
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    rows.sort_by_key(|row| (row.start, row.end));
    print!("{}", table::csv(&rows));
    Ok(())
}
// ANCHOR_END: main

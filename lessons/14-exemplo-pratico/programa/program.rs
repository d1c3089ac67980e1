//! O programa, dos argumentos ao resumo.

use std::time::Instant;

use indicatif::ProgressBar;
use licoes::load::model::Model;
use licoes::load::workload::slices;
use registro::format::{integer, seconds};

use super::arguments::Arguments;
use super::models;
use super::table::{self, Row};

// ANCHOR: count
/// Conta, guarda e resume. O resumo termina com o total, sozinho na linha: outro
/// programa o lê dali.
pub fn count(arguments: &Arguments) -> Result<String, String> {
    if let Some(path) = &arguments.output {
        table::check_place(path, arguments.replace)?;
    }
    let start = Instant::now();
    let rows = count_with_progress(arguments)?;
    let took = start.elapsed().as_secs_f64();
    if let Some(path) = &arguments.output {
        table::save(path, &table::csv(&rows))?;
    }
    Ok(summary(arguments, &rows, took))
}

fn count_with_progress(arguments: &Arguments) -> Result<Vec<Row>, String> {
    let slices = slices(arguments.limit, arguments.slices);
    // Vai para a saída de erros, e só se ela for um terminal.
    let bar = ProgressBar::new(slices.len() as u64);
    let mut rows = Vec::new();
    let counted = models::run(arguments.model, &slices, arguments.workers, |row| {
        rows.push(row);
        bar.inc(1);
    });
    bar.finish_and_clear();
    counted.map_err(|error| error.to_string())?;
    // Ficaram prontas em qualquer ordem; no arquivo, a ordem é uma só.
    rows.sort_by_key(|row| (row.start, row.end));
    Ok(rows)
}
// ANCHOR_END: count

// ANCHOR: summary
fn summary(arguments: &Arguments, rows: &[Row], took: f64) -> String {
    let mut text = format!(
        "modelo: {}\ntrabalhadores: {}\nfatias: {}\ntempo: {}\n",
        arguments.model.label(),
        if arguments.model == Model::Serial { 1 } else { arguments.workers },
        integer(rows.len() as u64),
        seconds(took)
    );
    if let Some(path) = &arguments.output {
        text += &format!("tabela: {}\n", path.display());
    }
    let total: u64 = rows.iter().map(|row| row.primes).sum();
    text + &format!("primos abaixo de {}:\n{total}\n", integer(arguments.limit))
}
// ANCHOR_END: summary

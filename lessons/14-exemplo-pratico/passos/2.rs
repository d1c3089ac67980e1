//! Passo 2: cada fatia vira uma linha, e as linhas viram uma tabela.

#[allow(dead_code, reason = "guardar a tabela é assunto do passo 4")]
#[path = "../programa/table.rs"]
mod table;

use licoes::load::workload::slices;
use multiprocessamento::{Error, Pool, init};

// ANCHOR: main
fn main() -> Result<(), Error> {
    init();
    let pool = Pool::new(2)?;
    let rows = pool.map(table::count, slices(1_000_000, 64))?;
    print!("{}", table::csv(&rows));
    Ok(())
}
// ANCHOR_END: main

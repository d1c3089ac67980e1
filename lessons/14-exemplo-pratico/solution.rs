//! Exercício 14, uma solução.

mod check;

use std::fs;
use std::ops::Range;
use std::path::Path;

use check::{Fim, contar};
use multiprocessamento::{Pool, init};

fn main() -> std::process::ExitCode {
    init();
    check::check(exportar)
}

// ANCHOR: solution
/// Conta as fatias com `processos` processos e guarda o resultado em `caminho`, em linhas
/// JSON: um objeto por linha, na ordem das fatias.
fn exportar(fatias: Vec<Range<u64>>, processos: usize, caminho: &Path) -> Fim {
    let pool = Pool::new(processos)?;
    let mut texto = String::new();
    // `imap` devolve na ordem das fatias; o primeiro erro sai sem tocar no disco.
    for linha in pool.chunk_size(1)?.imap(contar, fatias) {
        texto += &serde_json::to_string(&linha??)?;
        texto.push('\n');
    }
    let rascunho = caminho.with_extension(format!("{}.rascunho", std::process::id()));
    let guardado =
        fs::write(&rascunho, texto).and_then(|()| fs::rename(&rascunho, caminho));
    if guardado.is_err() {
        let _ = fs::remove_file(&rascunho);
    }
    Ok(guardado?)
}
// ANCHOR_END: solution

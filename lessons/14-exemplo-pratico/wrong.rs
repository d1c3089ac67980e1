//! Respostas erradas ao exercício 14.

#[path = "check.rs"]
mod check;

use std::fs::{self, File};
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use check::{Fim, Linha, contar};
use multiprocessamento::{Error, Pool};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "14-json-a-mao",
        main: || check::check(by_hand),
        loses: "em JSON que se lê de volta",
    },
    Wrong {
        name: "14-na-ordem-em-que-ficam-prontas",
        main: || check::check(as_ready),
        loses: "na ordem",
    },
    Wrong {
        name: "14-conta-em-serie",
        main: || check::check(in_series),
        loses: "entre os dois processos",
    },
    Wrong {
        name: "14-escreve-por-cima",
        main: || check::check(in_place),
        loses: "o arquivo de antes",
    },
    Wrong {
        name: "14-vai-escrevendo",
        main: || check::check(row_by_row),
        loses: "se uma fatia falha",
    },
    Wrong {
        name: "14-esquece-o-rascunho",
        main: || check::check(forgets_the_draft),
        loses: "se uma fatia falha",
    },
];

fn counted(
    slices: Vec<Range<u64>>,
    workers: usize,
) -> Result<Vec<Linha>, Box<dyn std::error::Error>> {
    let rows = Pool::new(workers)?.chunk_size(1)?.map(contar, slices)?;
    Ok(rows.into_iter().collect::<Result<_, _>>()?)
}

fn json(rows: &[Linha]) -> String {
    rows.iter()
        .map(|row| serde_json::to_string(row).expect("uma linha") + "\n")
        .collect()
}

fn swap(path: &Path, text: String) -> Fim {
    let draft = path.with_extension("rascunho");
    fs::write(&draft, text)?;
    Ok(fs::rename(draft, path)?)
}

/// Monta o JSON com `format!`: a aspa da nota o quebra.
fn by_hand(slices: Vec<Range<u64>>, workers: usize, path: &Path) -> Fim {
    let line = |row: Linha| {
        let Linha { inicio, fim, primos, nota, pid, processador } = row;
        format!(
            r#"{{"inicio":{inicio},"fim":{fim},"primos":{primos},"nota":"{nota}","pid":{pid},"processador":{processador}}}"#
        ) + "\n"
    };
    swap(path, counted(slices, workers)?.into_iter().map(line).collect())
}

fn as_ready(slices: Vec<Range<u64>>, workers: usize, path: &Path) -> Fim {
    let pool = Pool::new(workers)?;
    let rows = pool.chunk_size(1)?.imap_unordered(contar, slices);
    let rows = rows
        .collect::<Result<Vec<_>, Error>>()?
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    swap(path, json(&rows))
}

/// Tem um pool, e conta sem ele.
fn in_series(slices: Vec<Range<u64>>, workers: usize, path: &Path) -> Fim {
    let _pool = Pool::new(workers)?;
    let rows = slices.into_iter().map(contar).collect::<Result<Vec<_>, _>>()?;
    swap(path, json(&rows))
}

fn in_place(slices: Vec<Range<u64>>, workers: usize, path: &Path) -> Fim {
    Ok(fs::write(path, json(&counted(slices, workers)?))?)
}

/// Abre o arquivo antes da conta, e escreve cada linha assim que pode.
fn row_by_row(slices: Vec<Range<u64>>, workers: usize, path: &Path) -> Fim {
    let mut file = File::create(path)?;
    let pool = Pool::new(workers)?;
    for row in pool.chunk_size(1)?.imap(contar, slices) {
        writeln!(file, "{}", serde_json::to_string(&row??)?)?;
    }
    Ok(())
}

/// Troca de nome no fim, mas o erro no meio deixa o rascunho.
fn forgets_the_draft(slices: Vec<Range<u64>>, workers: usize, path: &Path) -> Fim {
    let draft = path.with_extension("rascunho");
    row_by_row(slices, workers, &draft)?;
    Ok(fs::rename(draft, path)?)
}

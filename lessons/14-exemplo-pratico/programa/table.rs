//! O resultado: uma linha por fatia, e o arquivo que as guarda.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use licoes::load::workload::count_primes;
use serde::{Deserialize, Serialize};

// ANCHOR: row
/// O que se sabe de uma fatia.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub start: u64,
    pub end: u64,
    pub primes: u64,
}

/// A tarefa: uma fatia entra, uma linha sai.
pub fn count(slice: Range<u64>) -> Row {
    Row { start: slice.start, end: slice.end, primes: count_primes(slice) }
}
// ANCHOR_END: row

// ANCHOR: csv
/// As linhas em CSV, na ordem das fatias. `total` soma os primos desde a primeira.
pub fn csv(rows: &[Row]) -> String {
    let mut text = "inicio,fim,primos,total\n".to_owned();
    let mut total = 0;
    for Row { start, end, primes } in rows {
        total += primes;
        // Só números: nada aqui pede aspas.
        text.push_str(&format!("{start},{end},{primes},{total}\n"));
    }
    text
}
// ANCHOR_END: csv

// ANCHOR: check
/// Confere, antes da conta, que o arquivo vai poder ser escrito em `path`.
pub fn check_place(path: &Path, replace: bool) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => {
            return Err(format!("«{}» não é um arquivo comum", path.display()));
        }
        Ok(_) if !replace => {
            return Err(format!(
                "«{}» já existe; troque o nome, ou use --substituir",
                path.display()
            ));
        }
        _ => {}
    }
    let draft = draft_of(path);
    File::create_new(&draft)
        .and_then(|_| fs::remove_file(&draft))
        .map_err(|error| cannot_write(path, &error))
}
// ANCHOR_END: check

// ANCHOR: save
/// Escreve `text` em `path`, inteiro ou nada: num rascunho ao lado, que depois troca de
/// nome.
pub fn save(path: &Path, text: &str) -> Result<(), String> {
    let draft = draft_of(path);
    let saved = write_new(&draft, text).and_then(|()| fs::rename(&draft, path));
    saved.map_err(|error| {
        let _ = fs::remove_file(&draft);
        cannot_write(path, &error)
    })
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    // Sem isto, uma queda de energia poderia deixar o nome novo num arquivo vazio.
    file.sync_all()
}

/// Na mesma pasta, porque entre discos diferentes não se troca de nome.
fn draft_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}
// ANCHOR_END: save

/// O erro em uma linha.
fn cannot_write(path: &Path, error: &io::Error) -> String {
    let reason = match error.kind() {
        // Em /proc, por exemplo, é assim que se recusa um arquivo novo.
        ErrorKind::NotFound
            if draft_of(path)
                .parent()
                .is_some_and(|folder| folder.join(".").is_dir()) =>
        {
            "essa pasta não aceita arquivos".to_owned()
        }
        ErrorKind::NotFound => "a pasta não existe".to_owned(),
        ErrorKind::NotADirectory => "o caminho passa por um arquivo".to_owned(),
        ErrorKind::PermissionDenied => "sem permissão".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "ali só se pode ler".to_owned(),
        ErrorKind::StorageFull => "o disco está cheio".to_owned(),
        ErrorKind::InvalidFilename => "o nome não serve".to_owned(),
        _ => error.to_string(),
    };
    format!("não dá para escrever «{}»: {reason}", path.display())
}

//! A conferência do exercício 14: um formato a mais, repartido entre processos, e inteiro ou nada.

use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::{self, ExitCode};

use licoes::load::workload::{primes, slices};
use licoes::measure::trace::{Piece, process_seconds};
use licoes::run::exercise::{
    Check, expect_equal, expect_no_children, expect_shared_work,
};
use licoes::system::scratch::Scratch;
use serde::{Deserialize, Serialize};

/// O que se sabe de uma fatia. Em JSON, os campos saem nesta ordem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linha {
    pub inicio: u64,
    pub fim: u64,
    pub primos: u64,
    /// Um texto qualquer: pode ter aspas, acentos e mais de uma linha.
    pub nota: String,
    /// O processo que contou, e quanto ele já tinha trabalhado.
    pub pid: u32,
    pub processador: f64,
}

/// A tarefa. Uma fatia que passa de [`PROIBIDO`] dá um erro.
pub fn contar(fatia: Range<u64>) -> Result<Linha, String> {
    if fatia.end > PROIBIDO {
        return Err(format!("a fatia que termina em {} está proibida", fatia.end));
    }
    let (inicio, fim) = (fatia.start, fatia.end);
    let achados: Vec<u64> = primes(fatia).collect();
    let maior = achados.last().map_or("nenhum".to_owned(), u64::to_string);
    Ok(Linha {
        inicio,
        fim,
        primos: achados.len() as u64,
        nota: format!("maior é \"{maior}\";\n\tfatia \\ {inicio}"),
        pid: process::id(),
        processador: process_seconds(),
    })
}

/// Além daqui, [`contar`] falha.
pub const PROIBIDO: u64 = 1_000_000;

/// O que uma resposta devolve.
pub type Fim = Result<(), Box<dyn Error>>;

const OLD: &str = "o arquivo de antes\n";

/// Confere uma resposta.
pub fn check(answer: impl Fn(Vec<Range<u64>>, usize, &Path) -> Fim) -> ExitCode {
    let mut check = Check::new(14);
    check.point("sem fatias, o arquivo fica vazio", || {
        let folder = folder()?;
        let path = folder.path().join("linhas.jsonl");
        answer(Vec::new(), 2, &path).map_err(|error| error.to_string())?;
        expect_equal(read(&path)?.as_str(), "")
    });
    let mut rows = Vec::new();
    check.point("uma linha por fatia, em JSON que se lê de volta", || {
        rows = export(&answer, slices(20_000, 50))?;
        let expected = slices(20_000, 50).into_iter().map(contar);
        let expected = expected.collect::<Result<Vec<_>, _>>()?;
        let total = |rows: &[Linha]| rows.iter().map(|row| row.primos).sum::<u64>();
        expect_equal(rows.len(), expected.len())?;
        expect_equal(total(&rows), total(&expected))?;
        let noted = |row: &Linha| expected.iter().any(|other| other.nota == row.nota);
        match rows.iter().find(|row| !noted(row)) {
            Some(row) => Err(format!("a nota chegou mudada: {:?}", row.nota)),
            None => Ok(()),
        }
    });
    check.point("na ordem das fatias", || {
        // A primeira é a mais cara: quem as escreve assim que ficam prontas as troca.
        let uneven = vec![0..600_000, 600_000..600_010, 600_010..600_020];
        for slices in [slices(20_000, 50), uneven] {
            let rows = export(&answer, slices.clone())?;
            let found: Vec<_> = rows.iter().map(|row| row.inicio..row.fim).collect();
            let swapped =
                (1..).zip(found.iter().zip(&slices)).find(|(_, (a, b))| a != b);
            if let Some((number, (found, expected))) = swapped {
                return Err(format!(
                    "a linha {number} devia ser {expected:?}, e é {found:?}"
                ));
            }
        }
        Ok(())
    });
    check.point("o trabalho se reparte entre os dois processos", || {
        let rows = export(&answer, slices(800_000, 64))?;
        expect_shared_work(&pieces(&rows), 2)
    });
    check.point("o arquivo de antes fica inteiro até o novo estar pronto", || {
        replaced_at_once(&answer)
    });
    check.point("se uma fatia falha, nada muda na pasta", || failed(&answer));
    check.point("nenhum processo fica rodando", expect_no_children);
    check.finish()
}

fn folder() -> Result<Scratch, String> {
    Scratch::new().map_err(|error| error.to_string())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("o arquivo não se lê: {error}"))
}

/// As linhas que a resposta escreveu, lidas de volta.
fn export(
    answer: &impl Fn(Vec<Range<u64>>, usize, &Path) -> Fim,
    slices: Vec<Range<u64>>,
) -> Result<Vec<Linha>, String> {
    let folder = folder()?;
    let path = folder.path().join("linhas.jsonl");
    answer(slices, 2, &path).map_err(|error| error.to_string())?;
    let text = read(&path)?;
    if !text.ends_with('\n') {
        return Err("a última linha não termina".to_owned());
    }
    let parse = |line| {
        serde_json::from_str(line).map_err(|_| format!("isto não é uma linha: {line}"))
    };
    text.lines().map(parse).collect()
}

/// O que cada processo trabalhou: a diferença entre duas linhas seguidas dele.
fn pieces(rows: &[Linha]) -> Vec<Piece<()>> {
    let mut pids: Vec<u32> = rows.iter().map(|row| row.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    let spent = |pid| {
        let own = rows.iter().filter(|row| row.pid == pid).map(|row| row.processador);
        own.fold(0.0, f64::max)
    };
    let piece = |pid| Piece {
        value: (),
        pid,
        tid: pid,
        cpu: 0,
        start: 0.0,
        end: 0.0,
        cpu_seconds: spent(pid),
    };
    pids.into_iter().map(piece).collect()
}

/// Um segundo nome do arquivo de antes mostra se ele foi trocado por outro, ou escrito por cima.
fn replaced_at_once(
    answer: &impl Fn(Vec<Range<u64>>, usize, &Path) -> Fim,
) -> Result<(), String> {
    let folder = folder()?;
    let [path, second] = ["linhas.jsonl", "antes"].map(|name| folder.path().join(name));
    fs::write(&path, OLD)
        .and_then(|()| fs::hard_link(&path, &second))
        .map_err(|error| error.to_string())?;
    answer(slices(1_000, 4), 2, &path).map_err(|error| error.to_string())?;
    if read(&path)? == OLD {
        return Err("o arquivo ainda é o de antes".to_owned());
    }
    if read(&second)? != OLD {
        return Err(
            "o novo foi escrito por cima do de antes: uma interrupção no meio \
                    perderia os dois"
                .to_owned(),
        );
    }
    expect_only(folder.path(), &["antes", "linhas.jsonl"])
}

fn failed(
    answer: &impl Fn(Vec<Range<u64>>, usize, &Path) -> Fim,
) -> Result<(), String> {
    let folder = folder()?;
    let path = folder.path().join("linhas.jsonl");
    fs::write(&path, OLD).map_err(|error| error.to_string())?;
    // A que falha é a do meio: antes dela já houve linhas prontas.
    let slices = vec![0..1_000, 1_000..PROIBIDO + 1, 2_000..3_000];
    if answer(slices, 2, &path).is_ok() {
        return Err("uma fatia falhou, e a resposta disse que deu certo".to_owned());
    }
    expect_equal(read(&path)?.as_str(), OLD)?;
    expect_only(folder.path(), &["linhas.jsonl"])
}

fn expect_only(folder: &Path, names: &[&str]) -> Result<(), String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    found.sort();
    match found.iter().find(|name| !names.contains(&name.as_str())) {
        Some(left) => Err(format!("«{left}» ficou na pasta")),
        None => Ok(()),
    }
}

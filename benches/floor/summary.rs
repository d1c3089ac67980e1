//! O que o criterion mediu, numa tela: um grupo por tabela, um nome por linha, e nas colunas o que variou.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use registro::format::seconds;
use serde::Deserialize;

/// Uma medida, como o criterion a identifica.
#[derive(Deserialize)]
struct Identity {
    group_id: String,
    function_id: String,
    value_str: Option<String>,
    /// Quantas coisas há numa volta: `Elements`, se são tarefas ou mensagens.
    throughput: Option<BTreeMap<String, u64>>,
}

/// Dela, só a mediana, em ns.
#[derive(Deserialize)]
struct Estimates {
    median: Median,
}

#[derive(Deserialize)]
struct Median {
    point_estimate: f64,
}

struct Measure {
    when: SystemTime,
    identity: Identity,
    /// Em segundos.
    median: f64,
}

impl Measure {
    fn value(&self) -> &str {
        self.identity.value_str.as_deref().unwrap_or_default()
    }
}

/// Mostra o que foi medido desde `since`.
pub fn show(since: SystemTime) {
    let mut measures = Vec::new();
    collect(&Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("criterion"), since, &mut measures);
    measures.sort_by_key(|measure| measure.when);
    if measures.is_empty() {
        return;
    }
    println!(
        "\nResumo: a mediana do tempo de cada volta; se ela leva muitas tarefas ou mensagens, de cada uma delas."
    );
    let groups = in_order(measures.iter().map(|measure| measure.identity.group_id.as_str()));
    for group in groups {
        let measures: Vec<&Measure> =
            measures.iter().filter(|measure| measure.identity.group_id == group).collect();
        table(group, &measures);
    }
}

fn table(group: &str, measures: &[&Measure]) {
    let names = in_order(measures.iter().map(|measure| measure.identity.function_id.as_str()));
    let columns = in_order(measures.iter().map(|measure| measure.value()));
    println!("\n{group}");
    print!("{:42}", "");
    columns.iter().for_each(|column| print!("{column:>11}"));
    println!();
    for name in names {
        print!("  {name:40}");
        for column in &columns {
            let cell = measures
                .iter()
                .find(|measure| measure.identity.function_id == name && measure.value() == *column);
            print!("{:>11}", cell.map_or_else(String::new, |measure| seconds(measure.median)));
        }
        println!();
    }
}

/// Cada um uma vez, na ordem em que aparecem.
fn in_order<'m>(all: impl Iterator<Item = &'m str>) -> Vec<&'m str> {
    let mut once = Vec::new();
    all.for_each(|one| {
        if !once.contains(&one) {
            once.push(one);
        }
    });
    once
}

/// As medidas em `folder` e nas pastas dentro dela. Uma que não se lê fica de fora: o criterion já a mostrou.
fn collect(folder: &Path, since: SystemTime, measures: &mut Vec<Measure>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.file_name().is_some_and(|name| name == "new") {
            measures.extend(read(&path).filter(|measure| measure.when >= since));
        } else if path.is_dir() {
            collect(&path, since, measures);
        }
    }
}

fn read(folder: &Path) -> Option<Measure> {
    let estimates = File::open(folder.join("estimates.json")).ok()?;
    let when = estimates.metadata().ok()?.modified().ok()?;
    let Estimates { median } = serde_json::from_reader(estimates).ok()?;
    let identity: Identity = serde_json::from_reader(File::open(folder.join("benchmark.json")).ok()?).ok()?;
    let each = |identity: &Identity| identity.throughput.as_ref()?.get("Elements").copied();
    let median = median.point_estimate * 1e-9 / each(&identity).unwrap_or(1) as f64;
    Some(Measure { when, identity, median })
}

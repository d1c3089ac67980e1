//! Uma caixa por processo, com as threads dele dentro, modelo a modelo.

use registro::format::count;
use registro::model::Model;

use super::agreement;
use super::chart::Chart;
use super::names::Names;
use super::pen::{Area, Pen, WIDTH};
use super::record::{Record, distinct};
use super::table::Table;

const THREAD: Area = Area { x: 0.0, y: 0.0, width: 114.0, height: 25.0 };
const GAP: f64 = 6.0;
const PADDING: f64 = 8.0;
const HEADING: f64 = 24.0;
const PER_ROW: usize = 3;
/// Mais do que isto não ensina mais nada e não cabe na página.
const MOST: usize = 16;

/// Um processo e as threads dele.
struct Process {
    pid: u32,
    threads: Vec<u32>,
}

/// O desenho; nada, sem trechos destes modelos.
pub fn draw(record: &Record, names: Names) -> Option<Chart> {
    let mut pen = Pen::default();
    let mut numbers = Table::of_chart(&["Modelo", "Processo (PID)", "Threads (TID)"]);
    let (mut headings, mut counts) = (Vec::new(), Vec::new());
    let mut y = 0.0;
    // O serial, o primeiro, não reparte trabalho.
    for model in Model::ALL[1..].iter().map(|model| model.id()) {
        let processes = processes(record, model);
        if !processes.is_empty() {
            let heading = heading(names.model(model), &processes);
            pen.text("nome", (1.0, y + 15.0), &heading);
            y = row(&mut pen, y + HEADING, &names.class(model), &processes) + 12.0;
            headings.push(heading);
            counts.push((names.model(model).to_owned(), processes.len() as f64));
            let rows: Vec<Vec<String>> = processes.iter().map(cells).collect();
            numbers.rows(names, model, &rows);
        }
    }
    (y > 0.0).then(|| Chart {
        kind: "processos",
        name: String::new(),
        axes: [None, None],
        values: (counts, agreement::Ends("quem usa menos processos é", "quem usa mais é")),
        beside: Vec::new(),
        show: Box::new(|value| count(value as usize, "processo", "processos")),
        title: "Quantos processos há em cada modelo, e quantas threads?".to_owned(),
        summary: format!("Quem fez o trabalho: {}.", headings.join("; ")),
        pen,
        height: y - 11.0,
        numbers,
    })
}

fn cells(process: &Process) -> Vec<String> {
    let threads: Vec<String> = process.threads.iter().map(u32::to_string).collect();
    vec![process.pid.to_string(), threads.join(", ")]
}

fn processes(record: &Record, model: &str) -> Vec<Process> {
    let mut pairs: Vec<(u32, u32)> =
        record.spans.iter().filter(|span| span.model == model).map(|span| (span.pid, span.tid)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let threads = |pid| pairs.iter().filter(move |pair| pair.0 == pid).map(|pair| pair.1).collect();
    distinct(pairs.iter().map(|pair| pair.0))
        .into_iter()
        .map(|pid| Process { pid, threads: threads(pid) })
        .collect()
}

fn heading(name: &str, processes: &[Process]) -> String {
    let threads = processes.iter().map(|process| process.threads.len()).sum();
    let more = if threads > MOST { format!(" ({MOST} aqui)") } else { String::new() };
    format!(
        "{name}: {}, {}{more}",
        count(processes.len(), "processo", "processos"),
        count(threads, "thread", "threads"),
    )
}

/// As caixas de um modelo, quebrando a linha onde acaba a largura. Devolve onde elas acabam.
fn row(pen: &mut Pen, top: f64, class: &str, processes: &[Process]) -> f64 {
    let (mut x, mut y, mut tallest) = (1.0, top, 0.0_f64);
    for process in processes.iter().take(MOST) {
        let threads = process.threads.len().min(MOST);
        let width = size(threads.min(PER_ROW), THREAD.width);
        let height = size(threads.div_ceil(PER_ROW), THREAD.height) + HEADING - PADDING;
        if x + width > WIDTH {
            (x, y, tallest) = (1.0, y + tallest + GAP, 0.0);
        }
        pen.group(&format!("PID {}: {}", process.pid, count(process.threads.len(), "thread", "threads")));
        pen.rect(&format!("processo {class}"), Area { x, y, width, height }, "");
        pen.text("", (x + PADDING, y + 17.0), &format!("PID {}", process.pid));
        for (index, tid) in process.threads.iter().take(MOST).enumerate() {
            let area = Area {
                x: x + PADDING + steps(index % PER_ROW, THREAD.width),
                y: y + HEADING + steps(index / PER_ROW, THREAD.height),
                ..THREAD
            };
            pen.rect(&format!("thread {class}"), area, "");
            let middle = (area.x + area.width / 2.0, area.y + 16.5);
            pen.text("meio", middle, &format!("TID {tid}"));
        }
        pen.ungroup();
        x += width + GAP;
        tallest = tallest.max(height);
    }
    y + tallest
}

/// Quanto ocupam, com as margens, estas tantas caixas lado a lado.
fn size(count: usize, each: f64) -> f64 {
    steps(count, each) - GAP + 2.0 * PADDING
}

fn steps(count: usize, each: f64) -> f64 {
    f64::from(u16::try_from(count).unwrap_or(u16::MAX)) * (each + GAP)
}

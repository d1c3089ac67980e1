//! Uma caixa por processo, com as threads dele dentro, modelo a modelo.

use multiprocessamento::workbook::format::{count, model_label};

use super::names::class;
use super::pen::{Area, Pen, WIDTH};
use super::record::{Record, distinct};

/// Os modelos que se comparam aqui; o serial não reparte trabalho.
const MODELS: [&str; 5] = ["threads", "thread_pool", "rayon", "process_pool", "processes"];

const THREAD: Area = Area { x: 0.0, y: 0.0, width: 98.0, height: 24.0 };
const GAP: f64 = 6.0;
const PADDING: f64 = 8.0;
const HEADING: f64 = 22.0;
const PER_ROW: usize = 4;
/// Mais do que isto não ensina mais nada e não cabe na página.
const MOST: usize = 16;

/// Um processo e as threads dele.
struct Process {
    pid: u32,
    threads: Vec<u32>,
}

/// O desenho; nada, sem trechos destes modelos.
pub fn draw(record: &Record) -> Option<String> {
    let mut pen = Pen::default();
    let mut y = 0.0;
    for model in MODELS {
        let processes = processes(record, model);
        if !processes.is_empty() {
            pen.text("nome", (1.0, y + 15.0), &heading(model, &processes));
            y = row(&mut pen, y + HEADING, &class(model), &processes) + 12.0;
        }
    }
    (y > 0.0).then(|| pen.finish(y - 11.0, "Processos e threads de cada modelo"))
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

fn heading(model: &str, processes: &[Process]) -> String {
    let threads = processes.iter().map(|process| process.threads.len()).sum();
    let more = if threads > MOST { format!(" ({MOST} aqui)") } else { String::new() };
    format!(
        "{}: {}, {}{more}",
        model_label(model),
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

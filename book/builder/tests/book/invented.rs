//! Medições inventadas, para que os testes saibam de antemão o que a página deve mostrar.

use registro::legend::{Entry, Legend};
use registro::model::Model;
use registro::record::{
    Claim, End, Event, Machine, Metric, ModelResult, Point, Span, Start, Verdict, Workload,
};

/// Os modelos da carga comum, com a aceleração que o registro inventado dá a cada um.
pub(crate) const MODELS: [(&str, f64); 6] = [
    ("serial", 1.0),
    ("threads", 1.98),
    ("thread_pool", 1.97),
    ("rayon", 1.96),
    ("process_pool", 1.92),
    ("processes", 1.8),
];

/// O que uma falha deixou em cada modelo: respostas certas e erradas, processos e mortos.
pub(crate) const FATES: [(&str, [f64; 4]); 3] = [
    ("threads", [0.0, 0.0, 1.0, 1.0]),
    ("fork", [62.0, 2.0, 2.0, 0.0]),
    ("process_pool", [63.0, 0.0, 2.0, 1.0]),
];

/// O registro inventado de uma lição, um evento por linha.
pub(crate) fn record(lesson: u32) -> String {
    lines(&events(lesson))
}

pub(crate) fn lines(events: &[Event]) -> String {
    events.iter().map(|event| serde_json::to_string(event).expect("é JSON") + "\n").collect()
}

/// Como se leem os nomes do registro inventado.
const LEGEND: [Entry; 7] = [
    Entry::model("fork", "fork").family("processes"),
    Entry::series("speedup_by_workers", "Quanto se ganha, pelo número de trabalhadores?")
        .unit("aceleração (vezes)")
        .from_zero()
        .amdahl("amdahl_serial_fraction"),
    Entry::metric("amdahl_serial_fraction", "fração serial"),
    Entry::metric("spawn_us", "nascer e terminar").question("Quanto leva nascer e terminar?").in_tables(),
    Entry::metric("pss_kib", "memória, parado").in_tables(),
    Entry::metric("cpu_over_wall", "núcleos ocupados"),
    Entry::failure("abort", "Uma tarefa aborta", "abortar"),
];

/// Os casos em que se aconselha, e como se leem.
const CASES: [(&str, &str); 2] = [("tiny", "quase nada"), ("risky", "arriscadas e desiguais")];

fn legends() -> impl Iterator<Item = Event> {
    let case = |(id, label): (&str, &str)| Legend {
        id: format!("case_{id}"),
        label: label.to_owned(),
        ..Entry::metric("", "").owned()
    };
    let declared = Model::EVERY.map(Model::legend).into_iter().chain(LEGEND);
    declared.map(|entry| entry.owned()).chain(CASES.into_iter().map(case)).map(Event::Legend)
}

/// O que cada modelo levou em dois casos, em milissegundos.
const ADVICE: [(&str, &str, f64); 4] = [
    ("tiny", "serial", 0.1),
    ("tiny", "process_pool", 3.0),
    ("risky", "process_pool", 25.0),
    ("risky", "processes", 43.35),
];

pub(crate) fn events(lesson: u32) -> Vec<Event> {
    let mut events = vec![Event::Start(start(lesson))];
    events.extend(legends());
    for (index, (model, speedup)) in (0_u32..).zip(MODELS) {
        let median = 1.9 / speedup;
        events.push(Event::Result(ModelResult {
            model: model.to_owned(),
            seconds: vec![median * 0.99, median, median * 1.05],
            median,
            speedup,
            efficiency: if model == "serial" { 1.0 } else { speedup / 2.0 },
            checksum: 148_933,
        }));
        events.extend((0..8).map(|slice| Event::Span(span(model, index, slice))));
        events.extend([(1.0, 1.0), (2.0, speedup)].map(|dot| Event::Point(point(model, dot))));
    }
    events.push(Event::Metric(metric("amdahl_serial_fraction", "process_pool", 0.04, "")));
    events.push(Event::Metric(metric("spawn_us", "processes", 1_431.4, "us")));
    events.push(Event::Metric(metric("cpu_over_wall", "", 1.966, "")));
    for (model, [right, wrong, processes, died]) in FATES {
        let values =
            [("asked", 64.0), ("right", right), ("wrong", wrong), ("processes", processes), ("died", died)];
        let fate = values.map(|(name, value)| metric(&format!("abort_{name}"), model, value, ""));
        events.extend(fate.map(Event::Metric));
    }
    for (case, model, milliseconds) in ADVICE {
        events.push(Event::Metric(metric(&format!("case_{case}"), model, milliseconds, "ms")));
    }
    for ((case, _), (model, regret)) in CASES.into_iter().zip([("serial", 0.0), ("processes", 73.4)]) {
        events.push(Event::Metric(metric(&format!("advice_{case}"), model, regret, "%")));
    }
    let verdicts = [Some(Verdict::Confirmed), Some(Verdict::Refuted), Some(Verdict::Inconclusive), None];
    events.extend((1..).zip(verdicts).map(|(number, verdict)| {
        Event::Claim(Claim {
            id: format!("{lesson}.C{number}"),
            text: format!("Afirmação {number} <das notas>."),
            verdict,
            evidence: format!("figura {number}"),
            bound: None,
            threshold: None,
            reason: None,
            is_timed: false,
        })
    }));
    events.push(Event::End(End { seconds: 9.0, others: 0.0 }));
    events
}

fn start(lesson: u32) -> Start {
    Start {
        lesson,
        title: "Paralelismo real".to_owned(),
        machine: Machine {
            cores: 2,
            cpu: "Processador <de teste>".to_owned(),
            os: "Linux".to_owned(),
            rustc: "1.95.0".to_owned(),
            profile: "dev".to_owned(),
            load: 0.1,
        },
        date: "2026-11-22T14:37:06-03:00".to_owned(),
        commit: String::new(),
        workload: Workload { name: "primes".to_owned(), limit: 2_000_000, slices: 64 },
        workers: 2,
        quick: false,
    }
}

fn span(model: &str, index: u32, slice: u32) -> Span {
    let worker = if model == "serial" { 0 } else { slice % 2 };
    let is_process = model.starts_with("process");
    Span {
        model: model.to_owned(),
        worker: worker as usize,
        pid: if is_process { 7000 + 10 * index + worker } else { 4000 },
        tid: if is_process { 7000 + 10 * index + worker } else { 4100 + 10 * index + worker },
        cpu: worker as usize,
        start: f64::from(slice) * 0.1,
        end: f64::from(slice) * 0.1 + 0.1,
    }
}

fn point(model: &str, (x, y): (f64, f64)) -> Point {
    Point {
        series: "speedup_by_workers".to_owned(),
        model: model.to_owned(),
        x,
        x_unit: "trabalhadores".to_owned(),
        y,
        y_unit: "aceleração".to_owned(),
    }
}

fn metric(name: &str, model: &str, value: f64, unit: &str) -> Metric {
    Metric { name: name.to_owned(), model: model.to_owned(), value, unit: unit.to_owned() }
}

//! O que todo gráfico promete: um nome, um resumo, a tabela dos números e, ao lado de outro, a mesma escala.

use std::fs;

use livro::project::Lesson;
use registro::legend::{Kind, Legends};
use registro::record::{Event, Verdict};
use scraper::Html;

use crate::invented::{MODELS, events, lines, record};
use crate::sandbox::{Sandbox, readers, reference, repository, select, text, walk};

/// Um registro em que tudo levou o dobro, com este limite na carga comum.
fn slower(limit: u64) -> String {
    let mut events = events(3);
    for event in &mut events {
        match event {
            Event::Start(start) => start.workload.limit = limit,
            Event::Result(result) => {
                result.median *= 2.0;
                result.seconds.iter_mut().for_each(|time| *time *= 2.0);
            }
            Event::Span(span) => (span.start, span.end) = (span.start * 2.0, span.end * 2.0),
            Event::Point(point) => point.y /= 2.0,
            Event::Metric(metric) => metric.value *= 2.0,
            _ => {}
        }
    }
    lines(&events)
}

fn figure(directive: &str, readers_own: Option<&str>) -> Html {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &record(3));
    if let Some(own) = readers_own {
        sandbox.write(&readers(3), own);
    }
    let html = sandbox.fill(directive).expect("a diretiva existe");
    assert!(!html.trim().contains("\n\n"), "uma linha em branco acabaria com o HTML: {html}");
    Html::parse_fragment(&html)
}

#[test]
fn every_chart_of_the_book_has_a_name_a_summary_and_its_numbers() {
    let sandbox = Sandbox::built();
    let mut charts = 0;
    for (name, html) in sandbox.files(".html") {
        let page = Html::parse_document(&html);
        for figure in select(&page, "figure.medida") {
            let of = |selector: &str| {
                let selector = scraper::Selector::parse(selector).expect("seletor");
                figure.select(&selector).collect::<Vec<_>>()
            };
            let Some(chart) = of("svg.grafico").first().copied() else { continue };
            charts += 1;
            let (title, summary) = (text(of("svg > title")[0]), text(of("svg > desc")[0]));
            assert_eq!(chart.attr("role"), Some("img"), "{name}: {title}");
            assert_eq!(chart.attr("aria-label"), Some(title.as_str()), "{name}");
            assert!(summary.ends_with('.') && summary.chars().count() > 20, "{name}: {title}: {summary}");
            assert!(!summary.contains("NaN") && !summary.contains("inf "), "{name}: {summary}");
            assert_eq!(text(of("details.numeros-da-figura > summary")[0]), "Os números desta figura");
            assert!(!of("details.numeros-da-figura tbody tr").is_empty(), "{name}: {title}");
        }
    }
    assert!(charts > 40, "{charts}");
}

#[test]
fn every_chart_the_pages_ask_for_has_its_own_title() {
    walk(&repository().join("book/src"), &mut |path| {
        let page = fs::read_to_string(path).unwrap_or_default();
        for directive in page.split("{{#medida ").skip(1) {
            let words: Vec<&str> = directive.split("}}").next().unwrap_or("").split_whitespace().collect();
            let cited = words[0].strip_prefix("lesson-").and_then(|number| number.parse().ok());
            let Some(lesson) = cited.or(Lesson::of_chapter(path).map(|lesson| lesson.number)) else {
                continue;
            };
            let legends = legends(lesson);
            let title = match words[..] {
                [.., "curva", series] => {
                    legends.find(Kind::Series, series).map(|legend| legend.label.clone())
                }
                [.., "barras", metric] => {
                    legends.find(Kind::Metric, metric).and_then(|legend| legend.question.clone())
                }
                _ => continue,
            };
            assert!(title.is_some(), "{}: {words:?} não tem título na legenda da lição", path.display());
        }
    });
}

/// As legendas do registro de referência de uma lição.
fn legends(lesson: u32) -> Legends {
    let record = fs::read_to_string(repository().join(reference(lesson))).expect("há um");
    let mut legends = Legends::default();
    for line in record.lines() {
        if let Ok(Event::Legend(legend)) = serde_json::from_str(line) {
            legends.add(legend);
        }
    }
    legends
}

#[test]
fn the_summary_says_what_this_record_shows() {
    for (directive, wanted) in [
        (
            "{{#medida barras}}",
            "O mais rápido foi threads, com 0,96 s, 1,98 vez mais rápido que o serial; o mais lento, serial, com 1,90 s.",
        ),
        ("{{#medida barras spawn_us}}", "O valor de processos é 1.431 µs."),
        ("{{#medida linha-do-tempo serial}}", "Acabou serial, em 0,80 s, com 1 trabalhador."),
        (
            "{{#medida destinos abort}}",
            "Uma tarefa aborta. Perdeu respostas: threads (64), pool de processos (1); entregou respostas erradas: fork (2).",
        ),
    ] {
        let page = figure(directive, None);
        for told in ["svg > desc", "p.figura-resposta"] {
            assert_eq!(text(select(&page, told)[0]), wanted, "{directive}");
        }
    }
    let page = figure("{{#medida curva speedup_by_workers}}", None);
    let summary = text(select(&page, "svg > desc")[0]);
    assert!(summary.contains("Das 6 curvas, a que acaba mais alto é a de threads, em 1,98; a que acaba mais baixo, a de serial, em 1."), "{summary}");
}

#[test]
fn the_numbers_of_a_chart_are_those_of_the_record() {
    for (directive, row, wanted) in [
        ("{{#medida barras}}", 0, "serial | 1,90 s | 1,88 s | 2,00 s"),
        ("{{#medida barras spawn_us}}", 0, "processos | 1.431 µs"),
        ("{{#medida linha-do-tempo threads}}", 0, "threads | 1 | 4 | 0,40 s | 0,00 s | 0,70 s | 0"),
        ("{{#medida linha-do-tempo threads}}", 1, "2 | 4 | 0,40 s | 0,10 s | 0,80 s | 1"),
        ("{{#medida curva speedup_by_workers}}", 3, "2 | 1,98"),
        ("{{#medida processos}}", 0, "threads | 4000 | 4110, 4111"),
        ("{{#medida destinos abort}}", 1, "fork | abortar | 64 | 62 | 2 | 0 | 2 | 0"),
    ] {
        let page = figure(directive, None);
        let rows = select(&page, "details.numeros-da-figura tbody tr");
        let cells: Vec<String> = rows[row].child_elements().map(text).collect();
        assert_eq!(cells.join(" | "), wanted, "{directive}");
    }
}

#[test]
fn two_records_side_by_side_share_the_scale() {
    let length = |mark: scraper::ElementRef| -> f64 {
        mark.attr("width").and_then(|width| width.parse().ok()).expect("tem largura")
    };
    for (directive, own, reference) in [
        ("{{#medida barras}}", "rect.modelo-serial:not(.referencia)", "rect.referencia.modelo-serial"),
        (
            "{{#medida barras spawn_us}}",
            "rect.modelo-processes:not(.referencia)",
            "rect.referencia.modelo-processes",
        ),
        (
            "{{#medida linha-do-tempo}}",
            ".maquina-leitor + svg rect.trecho.modelo-serial",
            ".maquina-referencia + svg rect.trecho.modelo-serial",
        ),
    ] {
        let page = figure(directive, Some(&slower(2_000_000)));
        let [own, reference] = [own, reference].map(|mark| length(select(&page, mark)[0]));
        assert!((own / reference - 2.0).abs() < 0.02, "{directive}: {own} {reference}");
        assert_eq!(select(&page, "figure").len(), 1, "{directive}: uma figura só");
    }
    let page = figure("{{#medida curva speedup_by_workers}}", Some(&slower(2_000_000)));
    let axes = |number: usize| {
        let chart = select(&page, "svg.grafico")[number];
        ["data-eixo-x", "data-eixo-y"].map(|axis| chart.attr(axis).expect("tem eixo").to_owned())
    };
    assert_eq!(axes(0), axes(1), "os mesmos eixos");
}

#[test]
fn times_of_different_loads_keep_their_own_scales() {
    let page = figure("{{#medida barras}}", Some(&slower(1_000)));
    let widths: Vec<_> = select(&page, "rect.modelo-serial").iter().map(|bar| bar.attr("width")).collect();
    assert!(widths.len() == 2 && widths[0] == widths[1], "{widths:?}");
}

#[test]
fn every_mark_of_a_chart_says_its_value_under_the_pointer() {
    for (directive, mark, count) in [
        ("{{#medida barras}}", "rect[data-dica]", MODELS.len()),
        ("{{#medida curva speedup_by_workers}}", "path[data-dica]", 2 * MODELS.len()),
        ("{{#medida processos}}", "g[data-dica]", 3 + 2 * 2),
        ("{{#medida destinos abort}}", "g[data-dica]", 3),
    ] {
        assert_eq!(select(&figure(directive, None), mark).len(), count, "{directive}");
    }
}

#[test]
fn the_figure_says_where_the_two_machines_agree_and_where_they_differ() {
    let said = |directive: &str, own: &str| {
        let page = figure(directive, Some(own));
        select(&page, "p.figura-comparacao").first().map(|said| text(*said)).unwrap_or_default()
    };
    let twice = slower(2_000_000);
    let agree = said("{{#medida barras}}", &twice);
    assert!(agree.starts_with("As duas máquinas concordam: o mais rápido é threads nas duas"), "{agree}");
    assert!(agree.contains("quase as mesmas"), "{agree}");

    let mut events = events(3);
    for event in &mut events {
        match event {
            Event::Result(result) if result.model == "threads" => result.median *= 9.0,
            Event::Claim(claim) if claim.id == "3.C2" => claim.verdict = Some(Verdict::Confirmed),
            _ => {}
        }
    }
    let differ = said("{{#medida barras}}", &lines(&events));
    assert!(differ.contains("o mais lento é threads nesta, serial na de referência"), "{differ}");
    assert!(differ.contains("Onde mais se afastam é em threads: 8,64 s nesta, 0,96 s na outra."), "{differ}");
    let verdicts = said("{{#medida vereditos}}", &lines(&events));
    assert_eq!(verdicts, "As duas máquinas dão o mesmo veredito a 2 de 3; diferem em 3.C2.");

    let other = said("{{#medida tabela}}", &slower(1_000));
    assert!(other.contains("não se comparam"), "{other}");
    assert!(select(&figure("{{#medida barras}}", None), "p.figura-comparacao").is_empty(), "só há uma");
}

#[test]
fn a_model_still_to_be_measured_keeps_its_place() {
    let mut events = events(3);
    events.retain(|event| !matches!(event, Event::Result(result) if result.model != "serial"));
    for (directive, row) in [("{{#medida barras}}", "g[data-modelo]"), ("{{#medida tabela}}", "tbody tr")] {
        let page = figure(directive, Some(&lines(&events)));
        assert_eq!(select(&page, row).len(), MODELS.len(), "{directive}");
    }
}

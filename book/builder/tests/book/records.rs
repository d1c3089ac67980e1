//! De que registro as figuras saem, e o que a página diz quando não há nenhum.

use registro::record::Event;

use crate::invented::{events, lines, record};
use crate::sandbox::{Sandbox, readers, reference};

/// O registro de uma máquina com este processador.
fn record_from(cpu: &str) -> String {
    let mut events = events(3);
    if let Event::Start(start) = &mut events[0] {
        start.machine.cpu = cpu.to_owned();
    }
    lines(&events)
}

#[test]
fn the_readers_record_comes_before_the_reference() {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &record_from("processador da referência"));
    let page = sandbox.fill("{{#medida tabela}}").expect("há registro");
    assert!(page.contains("Máquina de referência") && page.contains("processador da referência"));

    sandbox.write(&readers(3), &record_from("processador do leitor"));
    let page = sandbox.fill("{{#medida tabela}}").expect("há registro");
    let owners: Vec<usize> = ["processador do leitor", "processador da referência"]
        .into_iter()
        .filter_map(|cpu| page.find(cpu))
        .collect();
    assert!(owners.len() == 2 && owners.is_sorted(), "as duas, a do leitor primeiro: {page}");
}

#[test]
fn without_a_record_the_page_says_what_to_run() {
    let sandbox = Sandbox::new();
    let page = sandbox.fill("{{#medida tabela}}").expect("não é um erro");
    assert!(page.contains("ainda não foi feita"), "{page}");
    assert!(page.contains("cargo run --bin lesson-3"), "{page}");
    let value = sandbox.fill("{{#medida valor median serial}}").expect("não é um erro");
    assert!(value.contains('—'), "{value}");
}

#[test]
fn a_broken_record_is_named_and_the_reference_shown_in_its_place() {
    let whole = record(3);
    for broken in ["", "isto não é JSON\n", &whole[..whole.len() / 2], &record(2)] {
        let sandbox = Sandbox::new();
        sandbox.write(&reference(3), &whole);
        sandbox.write(&readers(3), broken);
        let page = sandbox.fill("{{#medida tabela}}").expect("não é um erro");
        assert!(page.contains("caderno/lesson-3.json"), "{broken:.40}: {page}");
        assert!(page.contains("cargo run --bin lesson-3"), "{page}");
        assert!(page.contains("Máquina de referência") && !page.contains("Sua máquina"), "{page}");
    }
}

#[test]
fn a_first_look_stands_alone_and_never_in_the_place_of_a_careful_measure() {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &record_from("processador da referência"));
    let mut events = events(3);
    if let Event::Start(start) = &mut events[0] {
        (start.quick, start.machine.cpu) = (true, "processador apressado".to_owned());
    }
    sandbox.write("caderno/lesson-3-rapida.json", &lines(&events));
    for directive in ["{{#medida tabela}}", "{{#medida barras}}", "{{#medida vereditos}}"] {
        let page = sandbox.fill(directive).expect("há registro");
        assert!(page.contains("Primeira olhada") && page.contains("processador apressado"), "{page}");
        assert!(!page.contains("processador da referência") && !page.contains("figura-comparacao"), "{page}");
    }
    let value = sandbox.fill("{{#medida valor median serial}}").expect("há registro");
    assert!(value.contains("primeira olhada"), "{value}");

    sandbox.write(&readers(3), &record_from("processador do leitor"));
    let page = sandbox.fill("{{#medida tabela}}").expect("há registro");
    assert!(page.contains("processador do leitor") && !page.contains("apressado"), "{page}");
}

#[test]
fn a_record_of_another_version_is_still_read() {
    let sandbox = Sandbox::new();
    let newer = record(3).replacen('\n', "\n{\"event\":\"legend\",\"kind\":\"model\",\"id\":\"x\"}\n", 1);
    sandbox.write(&readers(3), &newer);
    let page = sandbox.fill("{{#medida tabela}}").expect("há registro");
    assert!(page.contains("Sua máquina"), "{page}");
}

/// O registro que um caderno de antes das legendas deixou.
fn unnamed() -> String {
    let mut events = events(3);
    events.retain(|event| !matches!(event, Event::Legend(_)));
    lines(&events)
}

#[test]
fn a_record_without_names_shows_the_ids_and_asks_for_another_measure() {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &record_from("processador da referência"));
    sandbox.write(&readers(3), &unnamed());
    for (directive, id) in [
        ("{{#medida tabela}}", "process_pool"),
        ("{{#medida barras}}", "process_pool"),
        ("{{#medida barras spawn_us}}", "processes"),
        ("{{#medida metricas spawn_us}}", "spawn_us"),
        ("{{#medida linha-do-tempo process_pool}}", "process_pool"),
        ("{{#medida linha-do-tempo relativa threads}}", "threads"),
        ("{{#medida curva speedup_by_workers}}", "process_pool"),
        ("{{#medida processos}}", "process_pool"),
        ("{{#medida destinos abort}}", "abort"),
        ("{{#medida conselhos}}", "case_"),
        ("{{#medida vereditos}}", "3.C1"),
    ] {
        let page = sandbox.fill(directive).expect(directive);
        assert_eq!(page.matches("versão anterior do caderno").count(), 1, "{directive}: {page}");
        assert!(page.contains("Meça de novo") && page.contains(&format!(">{id}")), "{directive}: {page}");
        assert!(!page.contains("processador da referência"), "os nomes de um não são os do outro: {page}");
    }
    let value = sandbox.fill("{{#medida metrica spawn_us processes}}").expect("há registro");
    assert!(value.contains("1.431 µs") && value.contains("Sua máquina"), "{value}");
}

/// De um modelo sem legenda não se sabe a linguagem, nem, portanto, o serial com que se compara.
#[test]
fn an_unnamed_model_is_not_measured_against_the_serial_of_another_language() {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &unnamed().replace("\"threads\"", "\"python_threads\""));
    let draw = |models: &str| {
        sandbox.fill(&format!("{{{{#medida linha-do-tempo {models}}}}}")).expect("há registro")
    };
    assert!(draw("serial python_threads").contains(">python_threads"));
    let relative = draw("relativa serial python_threads");
    assert!(relative.contains(">serial") && !relative.contains(">python_threads"), "{relative}");
}

#[test]
fn only_records_without_names_leave_a_page_unchecked() {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &unnamed());
    for directive in ["{{#medida valor median thread}}", "{{#medida destinos abortt}}"] {
        assert!(sandbox.fill(directive).is_ok(), "{directive}: não se sabe que nomes há");
    }
    sandbox.write(&readers(3), &record(3));
    let error = sandbox.fill("{{#medida destinos abortt}}").expect_err("agora se sabe").to_string();
    assert!(error.contains("não conheço a falha `abortt`"), "{error}");
}

#[test]
fn an_undecided_claim_says_why_and_what_to_do() {
    let mut events = events(3);
    for event in &mut events {
        if let Event::Claim(claim) = event
            && claim.id == "3.C3"
        {
            claim.reason = Some("há um núcleo só; meça onde haja dois".to_owned());
        }
    }
    let sandbox = Sandbox::new();
    sandbox.write(&readers(3), &lines(&events));
    let page = sandbox.fill("{{#medida vereditos}}").expect("há registro");
    assert!(page.contains("há um núcleo só; meça onde haja dois"), "{page}");
}

#[test]
fn a_book_without_any_record_still_builds() {
    Sandbox::new().build().expect("o livro se deixa construir");
}

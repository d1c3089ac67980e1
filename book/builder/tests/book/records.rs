//! De que registro as figuras saem, e o que a página diz quando não há nenhum.

use multiprocessamento::workbook::record::Event;

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
fn a_broken_record_is_named_instead_of_hidden_by_the_reference() {
    let whole = record(3);
    for broken in ["", "isto não é JSON\n", &whole[..whole.len() / 2], &record(2)] {
        let sandbox = Sandbox::new();
        sandbox.write(&reference(3), &whole);
        sandbox.write(&readers(3), broken);
        let page = sandbox.fill("{{#medida tabela}}").expect("não é um erro");
        assert!(page.contains("caderno/lesson-3.json"), "{broken:.40}: {page}");
        assert!(page.contains("cargo run --bin lesson-3"), "{page}");
    }
}

#[test]
fn a_book_without_any_record_still_builds() {
    Sandbox::new().build().expect("o livro se deixa construir");
}

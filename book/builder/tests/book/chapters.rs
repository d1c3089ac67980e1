//! Cada capítulo de lição leva o leitor à lição e à comparação dela.

use std::fs;

use scraper::Html;

use crate::sandbox::{Sandbox, lessons, repository, select, text};

#[test]
fn each_lesson_chapter_names_its_lesson_and_its_bench() {
    let book = Sandbox::built();
    for (lesson, name) in lessons() {
        let page = Html::parse_document(&book.read(&format!("book/book/{name}")));
        let main = text(select(&page, "main")[0]);
        assert!(main.contains(&format!("cargo run --bin lesson-{lesson}")), "{name}");
        let links = select(&page, "main a[href^='comparar-com-cargo-bench.html']");
        assert!(!links.is_empty() || main.contains("cargo bench --bench"), "{name}");
    }
}

#[test]
fn each_lesson_chapter_shows_its_measurement() {
    let book = Sandbox::built();
    for (_, name) in lessons() {
        let page = Html::parse_document(&book.read(&format!("book/book/{name}")));
        assert!(!select(&page, "main figure.medida table.tempos").is_empty(), "{name}: tabela");
        assert!(!select(&page, "main figure.medida svg.grafico").is_empty(), "{name}: gráfico");
        assert!(!select(&page, "main figure.medida ul.vereditos").is_empty(), "{name}: vereditos");
        assert!(select(&page, "main .sem-medida").is_empty(), "{name}: falta uma medida em book/records");
        let values = select(&page, "main .valor-medido").into_iter().map(text);
        assert!(values.filter(|value| value == "—").count() == 0, "{name}: falta um valor em book/records");
    }
}

/// O navegador põe um campo em cada pergunta, e compara o que o leitor escreve com o que está dobrado nela.
#[test]
fn each_question_has_what_was_measured_folded_in_it() {
    let book = Sandbox::built();
    for (_, name) in lessons() {
        let page = Html::parse_document(&book.read(&format!("book/book/{name}")));
        let questions = select(&page, "h2#preveja-antes-de-medir ~ ol > li");
        let answers = select(&page, "h2#preveja-antes-de-medir ~ ol > li > details.mediu");
        assert!(!answers.is_empty(), "{name}: nenhuma pergunta");
        assert_eq!(answers.len(), select(&page, "details.mediu").len(), "{name}: uma resposta fora do lugar");
        let asking = questions.into_iter().filter(|item| text(*item).contains("O que se mediu")).count();
        assert_eq!(asking, answers.len(), "{name}: uma resposta por pergunta");
        for answer in answers {
            assert_eq!(answer.attr("open"), None, "{name}: à vista antes do palpite");
        }
        // A referência responde a todas: o que se pergunta existe.
        for measured in select(&page, "details.mediu > .medido") {
            let value = measured.attr("data-valor").and_then(|value| value.parse().ok());
            assert!(value.is_some_and(f64::is_finite), "{name}: {}", text(measured));
        }
    }
}

#[test]
fn the_search_leads_to_no_hint_no_solution_and_no_measure() {
    let book = Sandbox::built();
    let index =
        book.files(".js").into_iter().find(|(name, _)| name.contains("searchindex")).expect("há um índice").1;
    assert!(index.contains("O que dizem as notas"), "a prosa está lá");
    for (number, name) in lessons() {
        let page = Html::parse_document(&book.read(&format!("book/book/{name}")));
        for spoiler in ["details.dica p", "details.mediu > .medido", "p.figura-resposta"] {
            for told in select(&page, spoiler).into_iter().map(text).filter(|told| told.len() > 40) {
                assert!(!index.contains(&told), "{number}: a busca acha «{told}»");
            }
        }
        assert!(!page.html().contains(['\u{e000}', '\u{e001}']), "{name}: sobrou um sinal");
    }
}

#[test]
fn the_summary_numbers_chapters_like_lessons() {
    let book = Sandbox::built();
    let toc = Html::parse_document(&book.read("book/book/toc.html"));
    for (lesson, name) in lessons() {
        let link = select(&toc, &format!("a[href='{name}']"))[0];
        assert!(text(link).starts_with(&format!("{lesson}. ")), "{}", text(link));
    }
    let numbered = select(&toc, "li.chapter-item strong").len();
    assert_eq!(numbered, folders().len(), "todas as lições aparecem no sumário");
}

/// As pastas das lições; ao lado delas estão o que dividem, o registro e os testes.
fn folders() -> Vec<String> {
    let entries = fs::read_dir(repository().join("lessons")).expect("pasta");
    let names = entries.flatten().map(|folder| folder.file_name().display().to_string());
    names.filter(|name| name.starts_with(|first: char| first.is_ascii_digit())).collect()
}

#[test]
fn each_lesson_folder_has_its_chapter() {
    assert!(!folders().is_empty());
    for name in folders() {
        assert!(repository().join(format!("book/src/{name}.md")).is_file(), "falta {name}.md");
    }
}

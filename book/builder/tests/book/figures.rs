//! O que cada diretiva põe na página.

use scraper::Html;

use registro::model::Model;
use registro::record::{Event, ModelResult};

use crate::invented::{MODELS, events, lines, record};
use crate::sandbox::{Sandbox, reference, select, text};

fn figure(directive: &str) -> Html {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &record(3));
    let html = sandbox.fill(directive).expect("a diretiva existe");
    assert!(!html.trim().contains("\n\n"), "uma linha em branco acabaria com o HTML: {html}");
    Html::parse_fragment(&html)
}

fn inline(directive: &str) -> String {
    text(figure(directive).root_element())
}

#[test]
fn every_figure_says_whose_it_is_and_how_to_repeat_it() {
    for directive in [
        "{{#medida tabela}}",
        "{{#medida barras}}",
        "{{#medida linha-do-tempo}}",
        "{{#medida curva speedup_by_workers}}",
        "{{#medida processos}}",
        "{{#medida destinos abort}}",
        "{{#medida conselhos}}",
        "{{#medida vereditos}}",
    ] {
        let page = figure(directive);
        let caption = text(select(&page, "figure > figcaption")[0]);
        // Só o que mostra tempos da carga comum diz de que tamanho ela é.
        let load = "; primos abaixo de 2.000.000 em 64 fatias, 2 trabalhadores";
        let is_timed = ["tabela", "barras", "linha-do-tempo"].iter().any(|name| directive.contains(name));
        assert_eq!(
            caption,
            format!(
                "Máquina de referência: 2 núcleos, Processador <de teste>, 22/11/2026{}; cargo run --bin lesson-3",
                if is_timed { load } else { "" }
            ),
            "{directive}"
        );
        assert!(text(select(&page, "figure > p.figura-pergunta")[0]).len() > 10, "{directive}");
        let answer = text(select(&page, "figure > p.figura-resposta")[0]);
        assert!(answer.len() > 10 && answer.ends_with('.'), "{directive}: {answer}");
    }
}

#[test]
fn what_was_measured_with_mpi_is_repeated_with_mpi() {
    let mut events = events(3);
    let with_mpi = events.iter().find_map(|event| match event {
        Event::Result(result) => Some(ModelResult { model: "mpi".to_owned(), ..result.clone() }),
        _ => None,
    });
    events.insert(1, Event::Result(with_mpi.expect("um modelo")));
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &lines(&events));
    let page = sandbox.fill("{{#medida tabela}}").expect("a diretiva existe");
    assert!(page.contains("<code>cargo run --features mpi --bin lesson-3</code>"), "{page}");
}

#[test]
fn every_chart_has_a_title_and_names_every_model() {
    for (directive, models) in [
        ("{{#medida barras}}", &MODELS[..]),
        ("{{#medida linha-do-tempo}}", &MODELS[..]),
        ("{{#medida curva speedup_by_workers}}", &MODELS[..]),
        ("{{#medida processos}}", &MODELS[1..]),
    ] {
        let page = figure(directive);
        let chart = select(&page, "svg.grafico[role=img]")[0];
        assert!(!text(select(&page, "svg > title")[0]).is_empty(), "{directive}");
        let words: Vec<String> = select(&page, "svg text").into_iter().map(text).collect();
        for (model, _) in models {
            let name = Model::from_id(model).expect("um dos comuns").label();
            let is_named = words.iter().any(|word| word == name || word.starts_with(&format!("{name}:")));
            assert!(is_named, "{directive}: falta {name} em {words:?}");
            let color = format!("modelo-{}", model.replace('_', "-"));
            assert!(chart.html().contains(&color), "{directive}: falta a cor de {name}");
        }
    }
}

#[test]
fn the_table_has_brazilian_numbers() {
    let page = figure("{{#medida tabela}}");
    let rows: Vec<String> = select(&page, "tbody tr").into_iter().map(cells).collect();
    assert_eq!(rows.len(), MODELS.len());
    assert_eq!(rows[0], "serial | 1,90 s | 1,88–2,00 s | 1,00× | 100 %");
    assert_eq!(rows[4], "pool de processos | 0,99 s | 0,98–1,04 s | 1,92× | 96 %");
}

fn cells(row: scraper::ElementRef) -> String {
    let cells: Vec<String> = row.child_elements().map(text).collect();
    cells.join(" | ")
}

#[test]
fn a_shorter_bar_is_a_shorter_time() {
    let page = figure("{{#medida barras}}");
    let width = |model: &str| -> f64 {
        let bar = select(&page, &format!("rect.modelo-{model}"))[0];
        bar.attr("width").and_then(|width| width.parse().ok()).expect("tem largura")
    };
    let ratio = width("process-pool") / width("serial");
    assert!((ratio - 1.0 / 1.92).abs() < 0.01, "{ratio}");
    assert_eq!(select(&page, "line.faixa").len(), 3 * MODELS.len());
}

#[test]
fn a_bar_can_show_any_metric_of_the_models() {
    let page = figure("{{#medida barras spawn_us}}");
    let words: Vec<String> = select(&page, "svg text").into_iter().map(text).collect();
    for wanted in ["processos", "1.431 µs", "microssegundos (µs)"] {
        assert!(words.iter().any(|word| word == wanted), "falta {wanted} em {words:?}");
    }
    assert_eq!(select(&page, "rect.modelo-processes").len(), 1);
    let absent = figure("{{#medida barras pss_kib}}");
    assert_eq!(select(&absent, "div.sem-medida").len(), 1);
}

#[test]
fn a_table_can_put_several_metrics_side_by_side() {
    let page = figure("{{#medida metricas spawn_us pss_kib}}");
    let titles: Vec<String> = select(&page, "thead th").into_iter().map(text).collect();
    assert_eq!(titles, ["", "nascer e terminar", "memória, parado"]);
    let rows: Vec<String> = select(&page, "tbody tr").into_iter().map(cells).collect();
    assert_eq!(rows, ["processos | 1.431 µs | —"]);
    let absent = figure("{{#medida metricas pss_kib}}");
    assert_eq!(select(&absent, "div.sem-medida").len(), 1);
}

#[test]
fn any_page_can_show_the_record_of_a_lesson_it_names() {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &record(3));
    let cite = |directive| sandbox.fill_page("por-dentro-do-pool.md", directive);
    assert!(cite("{{#medida lesson-3 metrica spawn_us processes}}").expect("existe").contains("1.431 µs"));
    let table = cite("{{#medida lesson-3 metricas spawn_us}}").expect("existe");
    assert!(table.contains("<code>cargo run --bin lesson-3</code>"), "{table}");
    for directive in ["{{#medida tabela}}", "{{#medida lesson-99 tabela}}", "{{#rodar lesson-3}}"] {
        let error = cite(directive).expect_err(directive).to_string();
        assert!(error.contains("por-dentro-do-pool.md") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_relative_timeline_counts_in_the_serial_time_of_its_language() {
    let page = figure("{{#medida linha-do-tempo relativa serial threads}}");
    let words: Vec<String> = select(&page, "svg text").into_iter().map(text).collect();
    assert!(words.iter().filter(|word| *word == "1,00×").count() == 2, "{words:?}");
    assert!(words.iter().any(|word| word == "vezes o tempo serial da mesma linguagem"), "{words:?}");
    let slice = select(&page, "rect.trecho")[0];
    assert!(slice.attr("data-dica").is_some_and(|tip| tip.contains("100 ms")), "a dica fica em segundos");
}

#[test]
fn the_timeline_shows_each_slice_with_who_ran_it() {
    let page = figure("{{#medida linha-do-tempo}}");
    let slices = select(&page, "rect.trecho");
    assert_eq!(slices.len(), 8 * MODELS.len());
    let tip = slices[8].attr("data-dica").expect("tem dica");
    assert_eq!(tip, "trabalhador 1: 100 ms (de 0,000 a 0,100 s), núcleo 0, PID 4000, TID 4110");
}

#[test]
fn the_timeline_follows_the_order_of_the_page() {
    let page = figure("{{#medida linha-do-tempo threads serial}}");
    let names: Vec<String> = select(&page, "svg text.nome").into_iter().map(text).collect();
    assert_eq!(names, ["threads", "serial"]);
}

#[test]
fn the_timeline_can_be_of_some_models_and_by_core() {
    let page = figure("{{#medida linha-do-tempo por-nucleo threads processes}}");
    let words: Vec<String> = select(&page, "svg text").into_iter().map(text).collect();
    for wanted in ["threads", "processos", "núcleo 0", "núcleo 1"] {
        assert!(words.iter().any(|word| word == wanted), "falta {wanted} em {words:?}");
    }
    assert!(!words.iter().any(|word| word == "rayon"), "{words:?}");
    assert_eq!(select(&page, "rect.trecho.nucleo-1").len(), 8);
}

#[test]
fn the_speedup_curve_has_the_ideal_and_amdahls_law() {
    let page = figure("{{#medida curva speedup_by_workers}}");
    let words: Vec<String> = select(&page, "svg text").into_iter().map(text).collect();
    for wanted in ["ideal", "Amdahl, pool de processos", "trabalhadores", "aceleração (vezes)"] {
        assert!(words.iter().any(|word| word == wanted), "falta {wanted} em {words:?}");
    }
}

#[test]
fn the_process_diagram_tells_one_process_from_many() {
    let page = figure("{{#medida processos}}");
    let count = |selector: &str| select(&page, selector).len();
    assert_eq!((count("rect.processo.modelo-threads"), count("rect.thread.modelo-threads")), (1, 2));
    assert_eq!((count("rect.processo.modelo-processes"), count("rect.thread.modelo-processes")), (2, 2));
    let words: Vec<String> = select(&page, "svg text").into_iter().map(text).collect();
    for wanted in
        ["threads: 1 processo, 2 threads", "processos: 2 processos, 2 threads", "PID 4000", "TID 4110"]
    {
        assert!(words.iter().any(|word| word == wanted), "falta {wanted} em {words:?}");
    }
}

#[test]
fn the_advice_is_marked_in_its_row_with_the_regret_beside_it() {
    let page = figure("{{#medida conselhos}}");
    let words = |cells: &str| -> Vec<String> { select(&page, cells).into_iter().map(text).collect() };
    let row = |number| words(&format!("table.conselhos tbody tr:nth-child({number}) > *"));
    assert_eq!(row(1), ["quase nada", "1,00×", "—", "—", "—", "30×", "—", "0 %"]);
    assert_eq!(row(2), ["arriscadas e desiguais", "—", "—", "—", "—", "1,00×", "1,73×", "73 %"]);
    assert!(row(3).is_empty(), "só os casos que o registro tem");
    assert_eq!(words("td > .conselho"), ["1,00×", "1,73×"]);
}

#[test]
fn the_fates_show_who_died_and_which_answers_were_lost_or_wrong() {
    let page = figure("{{#medida destinos abort}}");
    let words: Vec<String> = select(&page, "svg text").into_iter().map(text).collect();
    for wanted in [
        "Uma tarefa aborta",
        "threads",
        "0 de 64 certas, 64 perdidas",
        "morreu o processo, com tudo o que tinha",
        "fork",
        "62 de 64 certas, 2 erradas",
        "2 processos, todos vivos",
        "pool de processos",
        "63 de 64 certas, 1 perdida",
        "morreu 1 de 2 processos",
        "perdida",
    ] {
        assert!(words.iter().any(|word| word == wanted), "falta {wanted} em {words:?}");
    }
    let count = |selector: &str| select(&page, selector).len();
    // Com a legenda: uma resposta de cada tipo.
    assert_eq!((count("rect.errada"), count("text.sinal")), (2 + 1, 2 + 1));
    assert_eq!(count("rect.morto"), 64 + 1 + 1 + (1 + 1));
    assert_eq!(count("line.cruz"), 2 * count("rect.morto"));
    assert_eq!(count("rect.processo"), 2 + 1);
    assert!(!text(select(&page, "svg > title")[0]).is_empty());
}

#[test]
fn each_claim_shows_its_verdict_and_a_definition_has_none() {
    let page = figure("{{#medida vereditos}}");
    let claims: Vec<String> = select(&page, "ul.vereditos > li").into_iter().map(text).collect();
    assert_eq!(
        claims,
        [
            "3.C1 Afirmação 1 <das notas>. confirmada figura 1",
            "3.C2 Afirmação 2 <das notas>. refutada figura 2",
            "3.C3 Afirmação 3 <das notas>. inconclusiva figura 3",
            "3.C4 Afirmação 4 <das notas>. definição figura 4",
        ]
        .map(|claim| claim.replace(" figura", "figura"))
    );
    for class in ["confirmada", "refutada", "inconclusiva", "definicao"] {
        assert_eq!(select(&page, &format!(".veredito.{class}")).len(), 1, "{class}");
    }
}

#[test]
fn a_sentence_can_cite_a_number() {
    for (directive, shown) in [
        ("{{#medida metrica cpu_over_wall}}", "1,97"),
        ("{{#medida metrica spawn_us processes}}", "1.431 µs"),
        ("{{#medida metrica spawn_us threads}}", "—"),
        ("{{#medida metrica nunca_medida}}", "—"),
        ("{{#medida valor median process_pool}}", "0,99 s"),
        ("{{#medida valor speedup process_pool}}", "1,92×"),
        ("{{#medida valor efficiency process_pool}}", "96 %"),
        ("{{#medida valor median mpi}}", "—"),
        ("{{#medida ponta speedup_by_workers process_pool primeira}}", "1,00×"),
        ("{{#medida ponta speedup_by_workers process_pool ultima}}", "1,92×"),
        ("{{#medida ponta speedup_by_workers mpi ultima}}", "—"),
    ] {
        assert_eq!(inline(directive), shown, "{directive}");
    }
}

/// O que a página lê de uma pergunta, para achar o lugar do palpite na figura.
fn asked(declaration: &str) -> [String; 4] {
    let page = figure(&format!("{{{{#pergunta {declaration} | numero}}}} {{{{#fim}}}}"));
    let [question] = select(&page, "details.mediu")[..] else { panic!("uma pergunta") };
    let [read] = select(&page, ".medido")[..] else { panic!("uma leitura") };
    let of = |element: scraper::ElementRef, name: &str| element.attr(name).unwrap_or_default().to_owned();
    let place = [of(question, "data-nome"), of(question, "data-modelo")];
    let number = |name: &str| of(read, name).parse::<f64>().map(|number| format!("{number:.4}"));
    let [guess, factor] = ["data-valor", "data-fator"].map(|name| number(name).expect("um número"));
    [place.join(" "), guess, of(read, "data-unidade"), factor]
}

#[test]
fn a_guess_has_its_place_in_the_figure_whatever_is_asked() {
    for (declaration, read) in [
        ("metrica spawn_us processes", ["spawn_us processes", "1431.0000", "µs", "1.0003"]),
        // Palpitar "o dobro" é palpitar onde a primeira fica: duas vezes a segunda.
        (
            "razao metrica case_risky processes : metrica case_risky process_pool",
            ["case_risky processes", "1.7340", "vezes", "25.0000"],
        ),
        (
            "razao ponta speedup_by_workers threads ultima : valor speedup process_pool",
            ["speedup_by_workers threads", "1.0312", "vezes", "1.9200"],
        ),
        (
            "parte metrica abort_wrong fork : metrica abort_asked fork",
            ["abort_wrong fork", "3.1250", "%", "0.6400"],
        ),
    ] {
        assert_eq!(asked(declaration), read, "{declaration}");
    }
}

#[test]
fn quantities_of_different_units_do_not_divide() {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &record(3));
    let asked = "{{#pergunta razao metrica spawn_us processes : metrica case_tiny serial | numero}}";
    let error = sandbox.fill(asked).expect_err("µs por ms").to_string();
    assert!(error.contains("unidades diferentes") && error.contains(asked), "{error}");
}

#[test]
fn what_a_record_does_not_have_is_said_on_the_page() {
    let page = inline("{{#medida curva latency_by_bytes}}");
    assert!(page.contains("ainda não tem o que esta figura mostra"), "{page}");
    assert!(page.contains("cargo run --bin lesson-3"), "{page}");
}

#[test]
fn a_directive_that_does_not_exist_is_an_error_of_one_line() {
    let sandbox = Sandbox::new();
    // É a legenda do registro que diz que nomes há.
    sandbox.write(&reference(3), &record(3));
    for directive in [
        "{{#medida}}",
        "{{#medida pizza}}",
        "{{#medida tabela grande}}",
        "{{#medida curva}}",
        "{{#medida metricas}}",
        "{{#medida metricas abort_right}}",
        "{{#medida destinos}}",
        "{{#medida destinos abortt}}",
        "{{#medida linha-do-tempo mpii}}",
        "{{#medida valor mean threads}}",
        "{{#medida valor median thread}}",
        "{{#medidas tabela}}",
        "{{#rodar agora}}",
    ] {
        let error = sandbox.fill(directive).expect_err(directive).to_string();
        assert!(error.starts_with("book/src/03-paralelismo-real.md: "), "{error}");
        assert!(error.contains(directive) && !error.contains('\n'), "{error}");
    }
}

#[test]
fn hints_come_one_at_a_time_and_the_solution_folded() {
    let sandbox = Sandbox::new();
    let folder = "lessons/03-paralelismo-real";
    sandbox.write(&format!("{folder}/hints.md"), "Primeira, com `código`.\n\n---\n\nSegunda.\n\nMais.\n");
    let code = "// ANCHOR: tudo\nfn main() {\n    // {{#include 404.md}}\n}\n// ANCHOR_END: tudo\n";
    sandbox.write(&format!("{folder}/solution.rs"), code);
    sandbox.write("book/src/03-paralelismo-real.md", "# Lição\n\n{{#dicas}}\n\n{{#solucao}}\n");
    sandbox.build().expect("o livro se deixa construir");
    let page = Html::parse_document(&sandbox.read("book/book/03-paralelismo-real.html"));
    let folds: Vec<String> = select(&page, "main details > summary").into_iter().map(text).collect();
    assert_eq!(folds, ["Dica 1", "Dica 2", "Uma solução"]);
    assert_eq!(text(select(&page, "details.dica code")[0]), "código");
    assert_eq!(text(select(&page, "details.dica + details.dica")[0]), "Dica 2 Segunda. Mais.");
    let solution = select(&page, "details.solucao code.language-rust")[0];
    assert_eq!(text(solution), "fn main() { // {{#include 404.md}} }");
}

#[test]
fn escaped_directives_stay_as_text() {
    let sandbox = Sandbox::new();
    sandbox.write("book/src/metodologia.md", "# M\n\n`\\{{#medida tabela}}`\n");
    sandbox.build().expect("o livro se deixa construir");
    let page = Html::parse_document(&sandbox.read("book/book/metodologia.html"));
    assert_eq!(text(select(&page, "main code")[0]), "{{#medida tabela}}");
}

//! O que o servidor conta sobre o que mudou, e sobre até onde o leitor chegou.

use std::fs;

use registro::kept;
use serde_json::{Value, json};

use crate::invented::record;
use crate::sandbox::{Sandbox, lessons, readers};
use crate::server::{News, Server};

const CHAPTER: &str = "book/src/metodologia.md";

fn watch(server: &Server, since: &str) -> News {
    server.begin(&format!("GET /novidades?desde={since} HTTP/1.1\r\nHost: {}\r\n\r\n", server.host()))
}

/// O resumo que a página recebe.
fn state(server: &Server) -> String {
    let page = server.get("/metodologia.html");
    let after = page.split_once("data-estado=\"").expect("a página o tem").1;
    after.split('"').next().expect("fecha").to_owned()
}

/// O que mudou, e em que lição.
fn next(news: &mut News) -> (String, Value) {
    let (kind, what) = news.next().expect("uma notícia");
    assert_eq!(kind, "novidade");
    (what["mudou"].as_str().expect("é texto").to_owned(), what["licao"].clone())
}

#[test]
fn an_open_page_learns_what_changed() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox);
    let old = state(&server);
    let mut news = watch(&server, &old);
    let change = |what: &str, lesson: Value| (what.to_owned(), lesson);

    sandbox.write(&readers(3), &record(3));
    assert_eq!(next(&mut news), change("registro", json!(3)));
    sandbox.write("lessons/03-paralelismo-real/exercise.rs", "fn main() {}\n");
    assert_eq!(next(&mut news), change("exercicio", json!(3)));
    kept::save_answer(&sandbox.path("caderno"), 12, "fn main() {}\n").expect("guarda");
    assert_eq!(next(&mut news), change("exercicio", json!(12)));

    // Um livro quebrado não chega à página; o consertado, sim, e já pronto.
    sandbox.write(CHAPTER, "# M\n\n{{#medida pizza}}\n");
    let (_, broken) = news.next().expect("uma notícia");
    assert_eq!(broken["mudou"], "erro");
    assert!(broken["linha"].as_str().is_some_and(|line| line.contains("pizza")), "{broken}");
    sandbox.write(CHAPTER, "# Métodos novos\n");
    assert_eq!(next(&mut news), change("livro", Value::Null));
    let built = fs::read_to_string(sandbox.path("book/book/metodologia.html")).expect("está pronto");
    assert!(built.contains("Métodos novos"));

    // Quem ficou um tempo sem ouvir sabe, ao voltar, do que perdeu; quem está em dia não ouve nada de antes.
    let mut late = watch(&server, &old);
    let missed: Vec<String> = (0..3).map(|_| next(&mut late).0).collect();
    assert_eq!(missed, ["livro", "registro", "exercicio"]);
    let mut fresh = watch(&server, &state(&server));
    sandbox.write(&readers(5), &record(5));
    assert_eq!(next(&mut fresh), change("registro", json!(5)));
}

#[test]
fn the_progress_of_the_reader_is_told_lesson_by_lesson() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox);
    let line = |lesson: usize| server.data("/progresso")[lesson - 1].clone();
    assert_eq!(server.data("/progresso").as_array().map(Vec::len), Some(lessons().len()));
    let none = json!({"confirmada": 0, "refutada": 0, "inconclusiva": 0});
    let mut expected = json!({
        "licao": 3, "titulo": "Paralelismo real", "capitulo": "03-paralelismo-real.html",
        "medida": null, "olhada": false, "quebrado": false, "vereditos": none, "exercicio": "por fazer",
    });
    assert_eq!(line(3), expected);

    sandbox.write(&readers(3), &record(3));
    let answer = "lessons/03-paralelismo-real/exercise.rs";
    kept::save_answer(&sandbox.path("caderno"), 3, &sandbox.read(answer)).expect("guarda");
    expected["medida"] = json!("2026-11-22T14:37:06-03:00");
    expected["vereditos"] = json!({"confirmada": 1, "refutada": 1, "inconclusiva": 1});
    expected["exercicio"] = json!("resolvido");
    assert_eq!(line(3), expected);

    sandbox.write(answer, "fn main() {}\n");
    assert_eq!(line(3)["exercicio"], "mudou");
    fs::remove_file(sandbox.path(answer)).expect("apaga");
    assert_eq!(line(3)["exercicio"], Value::Null);
    // O registro de outra lição, ou quebrado, não é desta.
    sandbox.write(&readers(4), &record(5));
    sandbox.write(&readers(5), "{");
    assert_eq!((&line(4)["medida"], &line(5)["medida"]), (&Value::Null, &Value::Null));
    assert_eq!(line(4)["vereditos"], none);
}

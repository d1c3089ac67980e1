//! O que acontece quando uma página pede ao servidor que rode uma lição.

use registro::kept;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::fake;
use crate::sandbox::readers;
use crate::server::{News, Server, eventually};

const ORDER: &str = r#"{"licao": 3, "trabalhadores": 2, "tamanho": "curta", "modelos": ["rayon"]}"#;

fn kinds(news: &[(String, Value)]) -> Vec<&str> {
    let mut kinds: Vec<&str> = news.iter().map(|(kind, _)| kind.as_str()).collect();
    kinds.dedup();
    kinds
}

/// A única notícia deste tipo.
fn only<'a>(news: &'a [(String, Value)], kind: &str) -> &'a Value {
    let found: Vec<&Value> = news.iter().filter(|(name, _)| name == kind).map(|(_, what)| what).collect();
    assert_eq!(found.len(), 1, "{kind}: {news:?}");
    found[0]
}

#[test]
fn a_measurement_is_told_from_the_compiler_to_the_record() {
    let sandbox = fake::sandbox("");
    fake::measure(&sandbox);
    let server = Server::start(&sandbox);
    let answer = server.post("/medir", ORDER);
    assert!(answer.status.starts_with("HTTP/1.1 200"), "{}", answer.status);
    let news = answer.all();
    let kinds = kinds(&news);
    assert!(kinds.starts_with(&["compilando", "compilado", "figura", "andamento", "figura"]), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"fim"), "{kinds:?}");
    assert_eq!(news[..2], [1, 2].map(|done| ("compilando".to_owned(), json!({"feito": done, "total": 2}))));
    assert_eq!(*only(&news, "andamento"), json!({"modelo": "pool de processos", "feito": 1, "total": 2}));
    assert_eq!(sandbox.read("arguments").trim(), "--json --trabalhadores 2 --rapido --modelo rayon");

    assert_eq!(sandbox.read(&readers(3)), sandbox.read("record"));
    let page = server.get("/03-paralelismo-real.html");
    let last = news.iter().rfind(|(kind, _)| kind == "figura").expect("uma figura");
    assert!(page.contains(last.1["html"].as_str().expect("é texto")), "a página mostra a última figura");
}

#[test]
fn one_at_a_time_and_a_page_that_leaves_gives_its_turn_back() {
    let sandbox = fake::sandbox(fake::WAIT_FOREVER);
    let server = Server::start(&sandbox);
    for path in ["/medir", "/conferir"] {
        let first = server.post(path, r#"{"licao": 3}"#);
        let running = fake::waiting(&sandbox);
        for second in ["/medir", "/conferir"] {
            let refused = server.post(second, r#"{"licao": 4}"#).status;
            assert!(refused.starts_with("HTTP/1.1 409"), "{refused}");
        }
        assert!(running.iter().all(|pid| !fake::has_ended(*pid)), "o primeiro continua");
        drop(first);
        fake::all_end(&running);
        eventually("a vez volta", || server.children().is_empty());
    }
    // A página que vai embora antes de a lição começar encerra o cargo.
    fake::compile(&sandbox, fake::WAIT_FOREVER);
    let compiling = begin(&server);
    let running = fake::waiting(&sandbox);
    drop(compiling);
    fake::all_end(&running);
}

/// Um pedido atendido assim que a vez é de ninguém.
fn begin(server: &Server) -> News {
    let mut news = None;
    eventually("a vez volta", || {
        let answer = server.post("/medir", ORDER);
        let taken = answer.status.starts_with("HTTP/1.1 200");
        news = taken.then_some(answer);
        taken
    });
    news.expect("foi atendido")
}

#[test]
fn the_server_ends_with_everything_it_runs() {
    for signal in [Signal::INT, Signal::TERM] {
        let sandbox = fake::sandbox(fake::WAIT_FOREVER);
        let mut server = Server::start(&sandbox);
        let host = server.host();
        let open = server.begin(&format!("GET /novidades HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let news = server.post("/medir", ORDER);
        let running = fake::waiting(&sandbox);
        assert!(server.stop(signal).success());
        assert!(running.into_iter().all(fake::has_ended), "{signal:?}: terminam antes dele");
        drop((open, news));
    }
}

#[test]
fn each_failure_gets_its_line() {
    let sandbox = fake::sandbox("");
    let server = Server::start(&sandbox);
    for (story, line) in [
        ("echo quase >&2; echo 'erro: os modelos discordaram' >&2; exit 1", "os modelos discordaram"),
        ("kill -SEGV $$", "a lição foi encerrada pelo sinal 11"),
        ("exit 3", "a lição falhou sem dizer por quê"),
        ("yes", "escreveu demais e foi interrompido"),
        ("yes | tr -d '\\n'", "escreveu uma linha comprida demais e foi interrompido"),
    ] {
        fake::story(&sandbox, story);
        let news = server.post("/medir", ORDER).all();
        assert_eq!(*only(&news, "erro"), json!({"linha": line}), "{story}");
        assert_eq!(kinds(&news), ["compilando", "compilado", "erro"], "{story}");
    }
    fake::compile(
        &sandbox,
        "printf '   Compiling a v1\\nwarning: ora\\nerror[E0308]: mismatched types\\n  --> a.rs:1:2\\n' >&2; exit 101",
    );
    let news = server.post("/medir", ORDER).all();
    assert_eq!(
        news,
        [("erro".to_owned(), json!({"linha": "error[E0308]: mismatched types\n  --> a.rs:1:2"}))]
    );
}

#[test]
fn each_point_of_an_exercise_is_told_apart() {
    let sandbox = fake::sandbox("");
    let server = Server::start(&sandbox);
    let told = |story: &str| {
        fake::story(&sandbox, story);
        let mut news = server.post("/conferir", r#"{"licao": 3}"#).all();
        news.retain(|(kind, _)| !kind.starts_with("compila"));
        news
    };
    let news = |kind: &str, what| (kind.to_owned(), what);
    let failing = "test \"$1\" = exercicio || exit 9\n\
         printf 'Exercício 3\\n  ✔ a razão\\n  ✘ a lei\\n      esperava 1, veio 2\\nAinda não.\\n'; exit 1";
    assert_eq!(
        told(failing),
        [
            news("linha", json!({"texto": "Exercício 3"})),
            news("ponto", json!({"texto": "a razão", "passou": true})),
            news("ponto", json!({"texto": "a lei", "passou": false})),
            news("linha", json!({"texto": "      esperava 1, veio 2"})),
            news("linha", json!({"texto": "Ainda não."})),
            news("conferido", json!({"certo": false, "compila": true})),
            news("fim", json!({})),
        ]
    );
    assert_eq!(
        told("echo 'Tudo certo.'"),
        [
            news("linha", json!({"texto": "Tudo certo."})),
            news("conferido", json!({"certo": true, "compila": true})),
            news("fim", json!({})),
        ]
    );
}

#[test]
fn an_answer_that_does_not_compile_is_told_whole_and_apart() {
    let sandbox = fake::sandbox("");
    let server = Server::start(&sandbox);
    let said = "error[E0308]: mismatched types\n --> exercise.rs:7:5\n  |\n7 |     \"dois\"";
    fake::story(
        &sandbox,
        &format!("test \"$CLICOLOR_FORCE\" && exit 9\nprintf '%s\\n' '{said}' >&2; exit 3"),
    );
    let news = server.post("/conferir", r#"{"licao": 3}"#).all();
    let lines: Vec<&str> = news
        .iter()
        .filter(|(kind, _)| kind == "compilador")
        .filter_map(|(_, what)| what["texto"].as_str())
        .collect();
    assert_eq!(lines.join("\n"), said);
    assert_eq!(*only(&news, "conferido"), json!({"certo": false, "compila": false}));
}

#[test]
fn who_waits_for_another_compilation_knows_it() {
    let sandbox = fake::sandbox("");
    fake::compile(&sandbox, "echo '    Blocking waiting for file lock on build directory' >&2; exit 101");
    let server = Server::start(&sandbox);
    assert_eq!(kinds(&server.post("/medir", ORDER).all()), ["esperando", "erro"]);
}

#[test]
fn a_record_that_was_not_kept_is_said() {
    let sandbox = fake::sandbox("echo 'aviso: o registro não foi guardado: disco cheio' >&2");
    let server = Server::start(&sandbox);
    let news = server.post("/medir", ORDER).all();
    assert_eq!(*only(&news, "aviso"), json!({"linha": "o registro não foi guardado: disco cheio"}));
    assert_eq!(kinds(&news).last(), Some(&"fim"));
}

#[test]
fn a_measurement_of_another_program_keeps_the_turn() {
    let sandbox = fake::sandbox("");
    let server = Server::start(&sandbox);
    let turn = kept::take_turn(&sandbox.path(kept::FOLDER)).expect("a pasta").expect("é de ninguém");
    let refused = server.post("/medir", ORDER).status;
    assert!(refused.starts_with("HTTP/1.1 409"), "{refused}");
    drop(turn);
    assert_eq!(kinds(&server.post("/medir", ORDER).all()).last(), Some(&"fim"));
}

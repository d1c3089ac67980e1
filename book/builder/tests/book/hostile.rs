//! Pedidos que nenhuma página deste livro faz, todos ao mesmo tempo.

use std::thread;

use crate::fake;
use crate::server::{Server, eventually};

/// O pedido, e o começo da resposta; vazio quando o servidor só desliga.
type Case = (String, &'static str);

fn post(host: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /medir HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Pedidos bem escritos que pedem o que não existe.
fn orders(host: &str) -> Vec<Case> {
    let asked = [
        r#"{"licao": 0}"#,
        r#"{"licao": 99}"#,
        r#"{"licao": 4294967295}"#,
        r#"{"licao": -1}"#,
        r#"{"licao": 100000000000000000000}"#,
        r#"{"licao": 3.5}"#,
        r#"{"licao": "3; rm -rf /"}"#,
        r#"{"licao": "../3"}"#,
        r#"{"licao": null}"#,
        r#"{"licao": [3]}"#,
        r#"{"licao": 3, "licao": 4}"#,
        r#"{"licao": 3, "trabalhadores": 0}"#,
        r#"{"licao": 3, "trabalhadores": -2}"#,
        r#"{"licao": 3, "trabalhadores": 65}"#,
        r#"{"licao": 3, "trabalhadores": 9223372036854775807}"#,
        r#"{"licao": 3, "trabalhadores": 100000000000000000000}"#,
        r#"{"licao": 3, "trabalhadores": "2 --pular"}"#,
        r#"{"licao": 3, "modelos": ["pizza"]}"#,
        r#"{"licao": 3, "modelos": ["--ajuda"]}"#,
        r#"{"licao": 3, "modelos": "rayon"}"#,
        r#"{"licao": 3, "tamanho": "enorme"}"#,
        r#"{"licao": 3, "comando": "rm"}"#,
        r#"{"licao": 3"#,
        r#"{"licao": 3} {"licao": 3}"#,
        "licao=3",
        "[]",
        "",
        "\u{0}\u{1}",
    ];
    let json = "Content-Type: application/json\r\n";
    asked.iter().map(|body| (post(host, json, body), "HTTP/1.1 400")).collect()
}

/// Pedidos de fora, ou que o HTTP não deixa fazer assim.
fn others(host: &str) -> Vec<Case> {
    let json = "Content-Type: application/json\r\n";
    let order = r#"{"licao": 3}"#;
    let line =
        |line: &str, host: &str| format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let from = |origin: &str| post(host, &format!("{json}Origin: {origin}\r\n"), order);
    vec![
        (line("GET /../book.toml", host), "HTTP/1.1 400"),
        (line("GET /a/../../book.toml", host), "HTTP/1.1 400"),
        (line("GET /%2e%2e/book.toml", host), "HTTP/1.1 404"),
        (line("GET /..%2fbook.toml", host), "HTTP/1.1 404"),
        (line("GET //etc/passwd", host), "HTTP/1.1 404"),
        (line("GET /%00", host), "HTTP/1.1 404"),
        (line("GET /medir", host), "HTTP/1.1 405"),
        (line("GET /conferir", host), "HTTP/1.1 405"),
        (line("DELETE /progresso", host), "HTTP/1.1 405"),
        (line("PUT /introducao.html", host), "HTTP/1.1 405"),
        (line("OPTIONS *", host), "HTTP/1.1 405"),
        (line("GET /", "exemplo.com"), "HTTP/1.1 403"),
        (line("GET /progresso", "127.0.0.1.exemplo.com"), "HTTP/1.1 403"),
        (post("exemplo.com", json, order), "HTTP/1.1 403"),
        (from("http://exemplo.com"), "HTTP/1.1 403"),
        (from("null"), "HTTP/1.1 403"),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), "HTTP/1.1 403"),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), "HTTP/1.0 403"),
        (post(host, "Content-Type: text/plain\r\n", order), "HTTP/1.1 415"),
        (post(host, "", order), "HTTP/1.1 415"),
        (post(host, json, &" ".repeat(1 << 20)), "HTTP/1.1 413"),
        ("isto não é HTTP\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        // Pela metade: o corpo que não vem tem resposta; quem nem pediu ainda, não.
        (post(host, json, order).replace("Length: 12", "Length: 99"), "HTTP/1.1 408"),
        (format!("POST /medir HTTP/1.1\r\nHost: {host}\r\n"), ""),
        ("GET ".to_owned(), ""),
        (String::new(), ""),
    ]
}

#[test]
fn fifty_bad_requests_at_once_run_nothing_and_the_book_is_still_served() {
    let sandbox = fake::sandbox("echo rodou >ran");
    let server = Server::start(&sandbox);
    let cases = [orders(&server.host()), others(&server.host())].concat();
    assert!(cases.len() >= 50, "são {}", cases.len());
    thread::scope(|scope| {
        for (request, status) in &cases {
            let server = &server;
            scope.spawn(move || {
                let answer = server.send(request);
                assert!(answer.starts_with(status), "{request:.120}\n→ {answer:.200}");
                assert!(!status.is_empty() || answer.is_empty() || answer.contains(" 408 "), "{answer:.200}");
                explained(request, &answer);
            });
        }
        // Ninguém espera pelos que não dizem nada.
        assert!(server.get("/introducao.html").starts_with("HTTP/1.1 200"));
    });
    assert_eq!(server.children(), "");
    assert!(!sandbox.path("ran").exists(), "nenhuma lição rodou");
    assert!(server.get("/").starts_with("HTTP/1.1 200"));
}

/// Toda recusa vem com uma linha em português; só o que não chega a ser HTTP fica sem ela.
fn explained(request: &str, answer: &str) {
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    if answer.starts_with("HTTP/1.1 404") {
        assert!(body.contains("Página não encontrada"), "{answer}");
    } else if request.contains("HTTP/1.1\r\nHost") && !answer.is_empty() {
        assert!(answer.contains("content-type: text/plain; charset=utf-8"), "{answer}");
        assert_eq!(body.lines().count(), 1, "{answer}");
        let words = ["não", "só", "malformado", "vão", "precisa", "grande"];
        assert!(words.iter().any(|word| body.contains(word)), "{answer}");
    }
}

#[test]
fn no_page_of_others_can_frame_the_book() {
    let sandbox = fake::sandbox("");
    let server = Server::start(&sandbox);
    for path in ["/", "/03-paralelismo-real.html", "/nao-existe.html", "/progresso", "/medir"] {
        let answer = server.get(path).to_lowercase();
        for header in ["x-frame-options: deny", "content-security-policy: frame-ancestors 'none'"] {
            assert!(answer.contains(header), "{path}: {answer:.400}");
        }
    }
}

#[test]
fn whoever_only_listens_never_keeps_the_others_out() {
    let sandbox = fake::sandbox("");
    let server = Server::start(&sandbox);
    let request = format!("GET /novidades HTTP/1.1\r\nHost: {}\r\n\r\n", server.host());
    let idle: Vec<_> = (0..200).map(|_| server.begin(&request)).collect();
    let listening = idle.iter().filter(|news| news.status.starts_with("HTTP/1.1 200")).count();
    assert!((1..100).contains(&listening), "{listening} à escuta");
    assert!(idle.iter().all(|news| ["200", "503"].iter().any(|code| news.status.contains(code))));
    assert!(server.get("/introducao.html").starts_with("HTTP/1.1 200"), "o livro continua servido");
    // Quem sai dá lugar a outro.
    drop(idle);
    eventually("há lugar", || server.begin(&request).status.starts_with("HTTP/1.1 200"));
}

//! O programa: a linha de comando, o servidor e a conversa com o mdbook.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Output, Stdio};

use mdbook::MDBook;
use mdbook_preprocessor::PreprocessorContext;

use crate::invented::record;
use crate::sandbox::{Sandbox, readers, reference};
use crate::server::{Server, livro};

fn run(sandbox: &Sandbox, words: &[&str]) -> Output {
    livro(sandbox, words).output().expect("o programa roda")
}

#[test]
fn a_mistake_gets_one_line_and_code_2() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("porta");
    let port = taken.local_addr().expect("porta").port().to_string();
    for (words, said) in [
        (vec!["--porta", &port], "já está em uso"),
        (vec!["--porta", "zero"], "não é uma porta"),
        (vec!["--bogus"], "não conheço `--bogus`"),
        (vec!["build", "--destino", "/dev/null/x"], "«/dev/null/x»: o caminho passa por um arquivo"),
    ] {
        let output = run(&sandbox, &words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {error}");
        assert!(error.contains(said) && error.lines().count() == 1, "{words:?}: {error}");
    }
}

#[test]
fn build_puts_the_book_where_it_was_asked() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("pronto");
    let output = run(&sandbox, &["build", "--destino", &folder.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.join("index.html").is_file());
}

#[test]
fn an_unknown_directive_stops_the_build_with_one_line() {
    let sandbox = Sandbox::new();
    sandbox.write("book/src/03-paralelismo-real.md", "# X\n\n{{#medida pizza}}\n");
    let output = run(&sandbox, &["build"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(
        error.trim_end(),
        "livro: book/src/03-paralelismo-real.md: `{{#medida pizza}}`: não conheço esta medida"
    );
}

#[test]
fn it_speaks_the_preprocessor_protocol_of_mdbook() {
    let sandbox = Sandbox::new();
    sandbox.write(&reference(3), &record(3));
    assert!(run(&sandbox, &["preprocessor", "supports", "html"]).status.success());
    assert!(!run(&sandbox, &["preprocessor", "supports", "latex"]).status.success());

    let book = MDBook::load(sandbox.path("book")).expect("o livro se lê");
    let context = PreprocessorContext::new(book.root, book.config, "html".to_owned());
    let message = serde_json::to_vec(&(context, book.book)).expect("é JSON");
    let mut child = livro(&sandbox, &["preprocessor"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("o programa roda");
    child.stdin.take().expect("entrada").write_all(&message).expect("escreve");
    let output = child.wait_with_output().expect("termina");
    assert!(output.status.success());
    let answer = String::from_utf8_lossy(&output.stdout);
    serde_json::from_slice::<mdbook::book::Book>(&output.stdout).expect("devolve um livro");
    assert!(answer.contains("figure class=\\\"medida\\\""), "as diretivas foram trocadas");
    assert!(!answer.contains(['\u{e000}', '\u{e001}']), "os sinais são só do nosso gerador");
}

#[test]
fn the_server_shows_a_measurement_as_soon_as_it_is_made() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox);
    let page = "/03-paralelismo-real.html";
    assert!(server.get(page).contains("Esta medição ainda não foi feita"));
    sandbox.write(&readers(3), &record(3));
    assert!(server.get(page).contains("Sua máquina"));

    sandbox.write("book/src/metodologia.md", "# M\n\n{{#medida pizza}}\n");
    let answer = server.get(page);
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("{{#medida pizza}}"), "{answer}");
    sandbox.write("book/src/metodologia.md", "# Métodos novos\n");
    assert!(server.get("/metodologia.html").contains("Métodos novos"));
}

#[test]
fn the_server_answers_this_machine_only_and_only_with_the_book() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox);
    let own = format!("localhost:{}", server.port);
    for (method, path, host, status) in [
        ("GET", "/", own.as_str(), "200"),
        ("HEAD", "/", own.as_str(), "200"),
        ("GET", "/", "exemplo.com", "403"),
        ("GET", "/", "127.0.0.1:1", "403"),
        ("POST", "/", own.as_str(), "405"),
        ("GET", "/../book.toml", own.as_str(), "400"),
        ("GET", "/nada.html", own.as_str(), "404"),
    ] {
        let answer = server.ask(method, path, host);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{method} {path}: {answer:.60}");
    }
    assert!(server.get("/nada.html").contains("Página não encontrada"));
}

#[test]
fn a_book_deleted_under_the_server_is_a_404_and_not_a_fall() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox);
    std::fs::remove_dir_all(sandbox.path("book/book")).expect("o livro construído");
    for path in ["/nada.css", "/introducao.html"] {
        let answer = server.get(path);
        assert!(
            answer.starts_with("HTTP/1.1 404") && answer.contains("esta página não existe"),
            "{answer:.300}"
        );
    }
}

#[test]
fn each_file_says_what_it_is_and_the_browser_keeps_none() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox);
    let page = server.get("/introducao.html");
    for (ending, kind) in [(".css\"", "text/css; charset=utf-8"), (".js\"", "text/javascript; charset=utf-8")]
    {
        let end = page.find(ending).expect("a página o pede") + ending.len() - 1;
        let start = page[..end].rfind('"').expect("entre aspas") + 1;
        let answer = server.get(&format!("/{}", &page[start..end]));
        let said = format!("content-type: {kind}\r\n");
        assert!(answer.contains(&said) && answer.contains("cache-control: no-store\r\n"), "{answer:.400}");
        assert!(!answer.contains("accept-ranges"), "só se atende o arquivo inteiro: {answer:.400}");
    }
    assert!(page.contains("content-type: text/html; charset=utf-8\r\n"), "{page:.400}");
    assert!(page.contains("cache-control: no-store\r\n"), "{page:.400}");
}

//! A cópia parada do livro: aberta como arquivo, ou posta num servidor que só entrega arquivos.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use super::Browser;
use super::page::Page;
use super::search::results;
use crate::sandbox::Sandbox;

/// Entrega os arquivos desta pasta enquanto o processo dos testes viver; devolve o endereço dela.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("porta");
    let address = listener.local_addr().expect("porta");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &folder);
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    // Fechar com um pedido por ler derrubaria a resposta.
    lines.map_while(Result::ok).find(String::is_empty);
    let path = first.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let (status, body) = match fs::read(folder.join(path.trim_start_matches('/'))) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&body)
}

/// Sem `cargo livro` por trás, a página diz o que digitar e não mostra botão que não funcionaria.
fn assert_only_tells_the_command(page: &Page) {
    assert!(page.text(".rodar").contains("cargo run --bin lesson-3"), "{}", page.text(".rodar"));
    for form in [".medir", ".conferir"] {
        assert!(!page.sees(&format!("main form{form}")), "{form}: um formulário à vista");
    }
    // O palpite é do navegador, e vale também sem servidor.
    page.click("button.palpites");
    page.wait_to_see("svg.grafico");
    page.assert_quiet();
}

#[test]
fn a_copy_opened_as_a_file_tells_the_command() {
    let Some(browser) = Browser::find() else { return };
    let book = Sandbox::built();
    let file = book.path("book/book/03-paralelismo-real.html");
    let page = browser.open(&format!("file://{}", file.display()));
    assert_only_tells_the_command(&page);
}

#[test]
fn a_copy_on_a_plain_server_tells_the_command_and_can_be_searched() {
    let Some(browser) = Browser::find() else { return };
    let book = Sandbox::built();
    let root = serve(book.path("book/book"));
    let page = browser.open(&format!("{root}/03-paralelismo-real.html"));
    assert_only_tells_the_command(&page);
    let found = results(&page, "nucleos");
    assert!(!found.is_empty());
    page.assert_quiet();
}

//! A resposta a um pedido do navegador.

use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};

use super::shelf::Shelf;
use crate::measure::pen::escape;

const HTML: &str = "text/html; charset=utf-8";

/// A página, com o sinal de que vem deste servidor: numa cópia parada os botões não teriam a quem pedir. O sinal diz
/// também de que arquivos ela foi feita, para que ela saiba quando deixou de estar em dia.
fn served(page: &[u8], shelf: &Shelf) -> Vec<u8> {
    let state = shelf.summary().join("-");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let sign =
        format!("<meta name=\"caderno-servido\" content=\"{cores}\" data-estado=\"{state}\">\n</head>");
    String::from_utf8_lossy(page).replacen("</head>", &sign, 1).into_bytes()
}

/// O arquivo pedido, a página de endereço inexistente, ou por que não há resposta.
pub(super) fn answer(shelf: &Shelf, request: &Request) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return wrong_method("GET, HEAD", "aqui só se lê");
    }
    let Some(name) = file_name(request.uri().path()) else {
        return text(StatusCode::BAD_REQUEST, "endereço malformado");
    };
    match shelf.read(&name) {
        Ok(Some(body)) if kind(&name) == HTML => reply(StatusCode::OK, HTML, served(&body, shelf)),
        Ok(Some(body)) => reply(StatusCode::OK, kind(&name), body),
        Ok(None) => {
            let page = shelf.read(Path::new("404.html")).ok().flatten();
            page.map_or_else(
                || text(StatusCode::NOT_FOUND, "esta página não existe"),
                |page| reply(StatusCode::NOT_FOUND, HTML, served(&page, shelf)),
            )
        }
        Err(error) => failure(&error),
    }
}

/// A página que diz por que o livro não pôde ser construído.
pub(super) fn failure(error: &str) -> Response<Body> {
    let page = format!(
        "<!DOCTYPE html><html lang=\"pt-BR\"><meta charset=\"utf-8\"><title>Erro no livro</title>\
         <meta http-equiv=\"refresh\" content=\"2\">\
         <h1>O livro não pôde ser construído</h1><pre>{}</pre>\
         <p>Corrija o arquivo: esta página se recarrega sozinha.</p>",
        escape(error)
    );
    reply(StatusCode::INTERNAL_SERVER_ERROR, HTML, page.into_bytes())
}

pub(super) fn text(status: StatusCode, line: &str) -> Response<Body> {
    reply(status, "text/plain; charset=utf-8", format!("{line}\n").into_bytes())
}

/// O método não é nenhum dos que este endereço aceita.
pub(super) fn wrong_method(allowed: &'static str, line: &str) -> Response<Body> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, line);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// O que um programa da página lê.
pub(super) fn data(what: &serde_json::Value) -> Response<Body> {
    reply(StatusCode::OK, "application/json", what.to_string().into_bytes())
}

fn reply(status: StatusCode, kind: &str, body: Vec<u8>) -> Response<Body> {
    let response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        // O livro muda a cada medição: o navegador não pode mostrar o de antes.
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from(body));
    response.unwrap_or_default()
}

/// O arquivo dentro do livro; nada, se o caminho tenta sair dele.
fn file_name(path: &str) -> Option<PathBuf> {
    let relative = PathBuf::from(path.trim_start_matches('/'));
    let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    let is_folder = path.ends_with('/');
    inside.then(|| if is_folder { relative.join("index.html") } else { relative })
}

fn kind(name: &Path) -> &'static str {
    match name.extension().and_then(|extension| extension.to_str()) {
        Some("html") => HTML,
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_book() {
        assert_eq!(file_name("/"), Some("index.html".into()));
        assert_eq!(file_name("/css/general.css"), Some("css/general.css".into()));
        for path in ["/../Cargo.toml", "/a/../../b", "//etc/../x"] {
            assert_eq!(file_name(path), None, "{path}");
        }
        // A barra dupla não vira a raiz do disco.
        assert_eq!(file_name("//etc/passwd"), Some("etc/passwd".into()));
    }
}

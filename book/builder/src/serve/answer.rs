//! A resposta a um pedido do navegador.

use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode, header};

use super::shelf::Shelf;
use crate::measure::pen::escape;

/// O arquivo pedido, a página de endereço inexistente, ou por que não há resposta.
pub(super) fn answer(shelf: &Shelf, port: u16, request: &Request) -> Response<Body> {
    if !is_own(request, port) {
        // Uma página de fora que aponte um nome seu para 127.0.0.1 não pode ler daqui.
        return text(StatusCode::FORBIDDEN, "este servidor só responde a 127.0.0.1 e localhost");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "aqui só se lê");
    }
    let Some(name) = file_name(request.uri().path()) else {
        return text(StatusCode::BAD_REQUEST, "endereço malformado");
    };
    match shelf.read(&name) {
        Ok(Some(body)) => reply(StatusCode::OK, kind(&name), body),
        Ok(None) => {
            let page = shelf.read(Path::new("404.html")).ok().flatten().unwrap_or_default();
            reply(StatusCode::NOT_FOUND, "text/html; charset=utf-8", page)
        }
        Err(error) => failure(&error),
    }
}

/// A página que diz por que o livro não pôde ser construído.
pub(super) fn failure(error: &str) -> Response<Body> {
    let page = format!(
        "<!DOCTYPE html><html lang=\"pt-BR\"><meta charset=\"utf-8\"><title>Erro no livro</title>\
         <h1>O livro não pôde ser construído</h1><pre>{}</pre>\
         <p>Corrija e recarregue a página.</p>",
        escape(error)
    );
    reply(StatusCode::INTERNAL_SERVER_ERROR, "text/html; charset=utf-8", page.into_bytes())
}

fn text(status: StatusCode, line: &str) -> Response<Body> {
    reply(status, "text/plain; charset=utf-8", format!("{line}\n").into_bytes())
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

fn is_own(request: &Request, port: u16) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| {
        [format!("127.0.0.1:{port}"), format!("localhost:{port}")].iter().any(|own| own == host)
    })
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
        Some("html") => "text/html; charset=utf-8",
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

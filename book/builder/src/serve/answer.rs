//! A resposta a um pedido do navegador.

use std::io;

use axum::body::to_bytes;
use axum::http::header::{ACCEPT_RANGES, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};

use super::shelf::Shelf;
use super::stamp::Stamp;
use crate::measure::pen::escape;

/// Um pedido que não se atende: o código, e a linha que diz por quê.
#[derive(Clone)]
pub(super) struct Refusal(StatusCode, String);

impl Refusal {
    pub(super) fn new(status: StatusCode, line: impl Into<String>) -> Self {
        Refusal(status, line.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, self.1 + "\n").into_response()
    }
}

/// A página, com o sinal de que vem deste servidor: numa cópia parada os botões não teriam a quem pedir. O sinal diz
/// também de que arquivos ela foi feita, para que ela saiba quando deixou de estar em dia.
fn served(page: &[u8], state: &str) -> Html<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let sign =
        format!("<meta name=\"caderno-servido\" content=\"{cores}\" data-estado=\"{state}\">\n</head>");
    Html(String::from_utf8_lossy(page).replacen("</head>", &sign, 1))
}

/// O arquivo pedido, a página de endereço inexistente, ou por que não há resposta.
pub(super) async fn answer(shelf: &Shelf, address: Uri) -> Response {
    // Enquanto se lê, ninguém refaz o livro.
    let built = shelf.built().await;
    if let Some(error) = &built.error {
        return failure(error);
    }
    // Quem o sistema recusa, por ter um nome comprido demais, também não existe.
    let missing = |_| Refusal::new(StatusCode::NOT_FOUND, "esta página não existe").into_response();
    file(shelf, address, &built.stamp).await.unwrap_or_else(missing)
}

async fn file(shelf: &Shelf, address: Uri, stamp: &Stamp) -> io::Result<Response> {
    let mut response = shelf.open(address).await?;
    let Some(kind) = response.headers_mut().remove(CONTENT_TYPE) else {
        // Nem a página de endereço inexistente está lá: alguém apagou o livro enquanto ele era servido.
        return Err(io::ErrorKind::NotFound.into());
    };
    let named = kind.to_str().unwrap_or_default();
    if named == "text/html" {
        let status = response.status();
        let page = to_bytes(response.into_body(), usize::MAX).await.map_err(io::Error::other)?;
        return Ok((status, served(&page, &stamp.summary().join("-"))).into_response());
    }
    // O `tower-http` tira o tipo do nome do arquivo, que não diz o alfabeto.
    let with_alphabet = named.starts_with("text/").then(|| format!("{named}; charset=utf-8"));
    let kind = with_alphabet.and_then(|kind| HeaderValue::try_from(kind).ok()).unwrap_or(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    // Daqui só se atende o arquivo inteiro.
    response.headers_mut().remove(ACCEPT_RANGES);
    Ok(response)
}

/// A página que diz por que o livro não pôde ser construído.
pub(super) fn failure(error: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html><html lang=\"pt-BR\"><meta charset=\"utf-8\"><title>Erro no livro</title>\
         <meta http-equiv=\"refresh\" content=\"2\">\
         <h1>O livro não pôde ser construído</h1><pre>{}</pre>\
         <p>Corrija o arquivo: esta página se recarrega sozinha.</p>",
        escape(error)
    );
    (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response()
}

//! O corpo de um pedido: curto, em JSON, e inteiro em pouco tempo.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use tokio::time::timeout;
use tokio_stream::StreamExt;

use super::door::PATIENCE;

/// O maior pedido que uma página faz tem uma fração disto.
const LARGEST: usize = 4096;

/// A resposta a um pedido que não se atende: o código, e a linha que diz por quê.
pub(super) type Refusal = (StatusCode, String);

fn refuse<T>(status: StatusCode, line: &str) -> Result<T, Refusal> {
    Err((status, line.to_owned()))
}

/// O corpo, ou o que responder a quem o mandou errado.
pub(super) async fn read(request: Request) -> Result<Vec<u8>, Refusal> {
    // Um formulário de outra página não consegue mandar este tipo sem pedir licença.
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next() != Some("application/json") {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "o pedido precisa ser application/json");
    }
    timeout(PATIENCE, gather(request))
        .await
        .unwrap_or_else(|_| refuse(StatusCode::REQUEST_TIMEOUT, "o pedido não chegou inteiro a tempo"))
}

/// O que passa do limite é lido e jogado fora: quem ainda escreve só depois lê a resposta.
async fn gather(request: Request) -> Result<Vec<u8>, Refusal> {
    let mut pieces = request.into_body().into_data_stream();
    let (mut body, mut size) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.or_else(|_| refuse(StatusCode::BAD_REQUEST, "o pedido não chegou inteiro"))?;
        size += piece.len();
        if size <= LARGEST {
            body.extend_from_slice(&piece);
        }
    }
    let fits = size <= LARGEST;
    if fits { Ok(body) } else { refuse(StatusCode::PAYLOAD_TOO_LARGE, "o pedido é grande demais") }
}

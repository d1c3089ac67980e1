//! O corpo de um pedido: curto, em JSON, e inteiro em pouco tempo.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::answer::Refusal;
use super::door::PATIENCE;

/// O maior pedido que uma página faz tem uma fração disto.
pub(super) const LARGEST: usize = 4096;

/// O que o corpo pede. O [`Json`] do `axum`, com prazo e com as recusas em português.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let (status, line) = match timeout(PATIENCE, Json::from_request(request, state)).await {
            Ok(Ok(Json(asked))) => return Ok(Asked(asked)),
            Err(_) => (StatusCode::REQUEST_TIMEOUT, "o pedido não chegou inteiro a tempo"),
            // Um formulário de outra página não consegue mandar este tipo sem pedir licença.
            Ok(Err(JsonRejection::MissingJsonContentType(_))) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "o pedido precisa ser application/json")
            }
            Ok(Err(JsonRejection::BytesRejection(cut))) => match cut.status() {
                status @ StatusCode::PAYLOAD_TOO_LARGE => (status, "o pedido é grande demais"),
                _ => (StatusCode::BAD_REQUEST, "o pedido não chegou inteiro"),
            },
            // O `axum` distingue o que não é JSON do JSON que não é um pedido; para quem pede é o mesmo engano.
            Ok(Err(_)) => (StatusCode::BAD_REQUEST, "não entendi o pedido"),
        };
        Err(Refusal::new(status, line))
    }
}

//! As notícias de um programa que roda, enviadas à página à medida que acontecem (*server-sent events*).

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

/// Quantas notícias esperam por uma página que lê devagar.
const QUEUE: usize = 256;

/// Quanto se espera por uma página que não lê nada.
const PATIENCE: Duration = Duration::from_secs(10);

/// Por onde elas saem.
pub(super) struct Outlet(Sender<News>);

/// O nome de uma notícia, e o que ela diz.
pub(super) type News = (&'static str, Value);

/// A página foi embora.
#[derive(Debug)]
pub(super) struct Gone;

impl Outlet {
    /// Uma saída, e o outro lado dela.
    pub(super) fn new() -> (Self, Receiver<News>) {
        let (to, from) = mpsc::channel(QUEUE);
        (Outlet(to), from)
    }

    /// Envia uma notícia.
    ///
    /// # Erros
    ///
    /// A página foi embora, ou parou de ler há muito tempo.
    pub(super) fn send(&self, kind: &'static str, what: Value) -> Result<(), Gone> {
        let since = Instant::now();
        let mut news = (kind, what);
        loop {
            match self.0.try_send(news) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) if since.elapsed() < PATIENCE => news = back,
                Err(_) => return Err(Gone),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// O que deu errado, numa linha; não há mais o que fazer se ninguém a lê.
    pub(super) fn fail(&self, line: &str) {
        let _ = self.send("erro", json!({ "linha": line }));
    }

    /// Se ainda há quem leia.
    pub(super) fn check(&self) -> Result<(), Gone> {
        if self.0.is_closed() { Err(Gone) } else { Ok(()) }
    }
}

/// A resposta que entrega as notícias enquanto elas vêm.
pub(super) fn response(news: Receiver<News>) -> Response {
    let events = ReceiverStream::new(news)
        .map(|(kind, what)| Ok::<_, Infallible>(Event::default().event(kind).data(what.to_string())));
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

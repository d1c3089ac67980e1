//! Conta às páginas abertas o que mudou nos arquivos, para que nenhuma precise ser recarregada à mão.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::spawn_blocking;

use super::Desk;
use super::news;
use super::stamp::{Change, Stamp};

/// Olhar algumas centenas de arquivos leva milissegundos; só se olha enquanto há uma página a ouvir.
const EVERY: Duration = Duration::from_secs(1);

/// Quem escuta já não está mais lá, ou o servidor está encerrando.
struct Over;

/// As mudanças, à medida que acontecem. `since` é o resumo que a página tem: o que mudou depois dele vem primeiro.
pub(super) async fn follow(desk: Arc<Desk>, since: &str, place: OwnedSemaphorePermit) -> Response {
    let (to, news) = mpsc::channel(16);
    let since: Vec<String> = since.split('-').map(str::to_owned).collect();
    // Olha antes de responder: do que muda depois da resposta, sabe-se em que lição foi.
    let known = look(&desk).await;
    tokio::spawn(async move {
        if let Ok(known) = known {
            let _ = tell(desk, &to, since, known).await;
        }
        drop(place);
    });
    news::response(news)
}

async fn tell(
    desk: Arc<Desk>,
    to: &Sender<(&'static str, Value)>,
    since: Vec<String>,
    mut known: Stamp,
) -> Result<(), Over> {
    if let [book, records, exercises] = since.as_slice() {
        let now = known.summary();
        let differing =
            [("livro", book), ("registro", records), ("exercicio", exercises)].into_iter().zip(&now);
        for ((what, _), _) in differing.filter(|((_, before), now)| before != now) {
            announce(&desk, to, what, None, &known).await?;
        }
    }
    loop {
        tokio::select! {
            () = to.closed() => return Err(Over),
            () = tokio::time::sleep(EVERY) => {}
        }
        let now = look(&desk).await?;
        for change in known.changes(&now) {
            match change {
                Change::Book => announce(&desk, to, "livro", None, &now).await?,
                Change::Record(lesson) => announce(&desk, to, "registro", Some(lesson), &now).await?,
                Change::Answer(lesson) | Change::Passed(lesson) => {
                    announce(&desk, to, "exercicio", Some(lesson), &now).await?;
                }
            }
        }
        known = now;
    }
}

async fn look(desk: &Arc<Desk>) -> Result<Stamp, Over> {
    let desk = desk.clone();
    spawn_blocking(move || Stamp::of(&desk.project)).await.map_err(|_| Over)
}

/// O livro é refeito antes do aviso: a página que se recarrega o encontra pronto, e a que não deve fica como está.
async fn announce(
    desk: &Arc<Desk>,
    to: &Sender<(&'static str, Value)>,
    what: &str,
    lesson: Option<u32>,
    now: &Stamp,
) -> Result<(), Over> {
    let state = now.summary().join("-");
    let mut news = json!({ "mudou": what, "licao": lesson, "estado": state });
    if what == "livro" {
        let desk = desk.clone();
        if let Err(line) = spawn_blocking(move || desk.shelf.refresh()).await.map_err(|_| Over)? {
            news = json!({ "mudou": "erro", "licao": null, "estado": state, "linha": line });
        }
    }
    to.send(("novidade", news)).await.map_err(|_| Over)
}

//! O servidor local: só esta máquina o alcança.

mod answer;
mod body;
mod cargo;
mod door;
mod guard;
mod live;
mod news;
mod order;
mod prepare;
mod program;
mod progress;
mod shelf;
mod stamp;
mod turn;
mod watch;
mod work;

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, RawQuery, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use mdbook::errors::Result;
use registro::kept;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::project::Project;
use answer::Refusal;
use body::Asked;
use news::Outlet;
use order::{Checking, Measurement, Order};
use prepare::Preparation;
use shelf::Shelf;
use turn::Turn;
use work::Work;

/// Quanto se espera, ao encerrar, pelo fim do que estava rodando.
const FAREWELL: Duration = Duration::from_secs(5);

/// Quantas páginas podem escutar novidades ao mesmo tempo: só a aba à vista escuta, e um leitor tem poucas janelas.
const MOST_LISTENERS: usize = 32;

/// Ocupa a porta antes de construir o livro, para que o leitor não espere por um erro.
///
/// # Erros
///
/// Uma linha que diz por que a porta não serve.
pub fn bind(port: u16) -> Result<TcpListener, String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("a porta {port} já está em uso; escolha outra com --porta")
        }
        _ => format!("não consegui usar a porta {port}: {error}"),
    })
}

/// O que todos os pedidos dividem.
struct Desk {
    shelf: Shelf,
    /// Quem escuta novidades ocupa uma conexão enquanto quiser: sem um limite só deles, poderiam ocupar todas.
    listeners: Arc<Semaphore>,
    project: Project,
    port: u16,
    turn: Turn,
}

/// Constrói o livro e o serve até que o leitor encerre com Ctrl-C.
///
/// # Erros
///
/// Quando o livro não se deixa construir ou a rede local falha.
pub fn run(project: Project, listener: TcpListener) -> Result<()> {
    let shelf = Shelf::new(project.clone(), project.default_destination())?;
    let address = listener.local_addr()?;
    println!("O livro está em http://{address}/ (Ctrl-C encerra)");
    listener.set_nonblocking(true)?;
    let turn = Turn::default();
    let listeners = Arc::new(Semaphore::new(MOST_LISTENERS));
    let (preparation, mut compiled) = Preparation::start(&project);
    let desk = Arc::new(Desk { shelf, listeners, project, port: address.port(), turn: turn.clone() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        // Com o servidor acaba quem as recebe, e com ele a compilação.
        tokio::spawn(async move { while compiled.recv().await.is_some() {} });
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut end = signal(SignalKind::terminate())?;
        // O terminal se fechou.
        let mut hangup = signal(SignalKind::hangup())?;
        tokio::select! {
            () = door::serve(listener, routes(desk)) => {}
            _ = interrupt.recv() => {}
            _ = end.recv() => {}
            _ = hangup.recv() => {}
        }
        Ok(())
    });
    // Sem quem o ouça, o que estava rodando termina; uma construção do livro pela metade se refaz na próxima vez.
    runtime.shutdown_background();
    turn.wait_free(FAREWELL);
    preparation.wait(FAREWELL);
    outcome
}

fn routes(desk: Arc<Desk>) -> Router {
    let only = |line| Refusal::new(StatusCode::METHOD_NOT_ALLOWED, line);
    let (only_get, only_post) = (only("este endereço só aceita GET"), only("este endereço só aceita POST"));
    Router::new()
        .route("/medir", post(measure).fallback(only_post.clone()))
        .route("/conferir", post(check).fallback(only_post))
        .route("/novidades", get(follow).fallback(only_get.clone()))
        .route("/progresso", get(progress).fallback(only_get))
        .fallback(get(read).fallback(only("aqui só se lê")))
        .layer(DefaultBodyLimit::max(body::LARGEST))
        .layer(middleware::from_fn_with_state(desk.clone(), admit))
        .with_state(desk)
}

/// Só as páginas do livro são atendidas.
async fn admit(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let mut response = match guard::objection(request.headers(), desk.port) {
        Some(reason) => Refusal::new(StatusCode::FORBIDDEN, reason).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in [
        // O livro muda a cada medição: o navegador não pode mostrar o de antes.
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Dentro de uma página de fora, um clique enganado começaria uma medição.
        (X_FRAME_OPTIONS, "DENY"),
        (CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn read(State(desk): State<Arc<Desk>>, address: Uri) -> Result<Response, Response> {
    if address.path().split('/').any(|part| part == "..") {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "endereço malformado").into_response());
    }
    // As figuras e os programas de uma página não mudam entre ela e eles.
    let extension = Path::new(address.path()).extension();
    if extension.is_none_or(|extension| extension == "html") {
        let desk = desk.clone();
        // Se o livro não pôde ser refeito, é a resposta que diz por quê.
        let _ = aside(move || desk.shelf.refresh()).await?;
    }
    Ok(answer::answer(&desk.shelf, address).await)
}

async fn progress(State(desk): State<Arc<Desk>>) -> Result<Json<Value>, Response> {
    aside(move || Json(progress::progress(&desk.project))).await
}

/// O que leva um tempo ou usa o disco: fora da thread que atende a rede.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Response> {
    spawn_blocking(work).await.map_err(|_| answer::failure("o servidor falhou ao montar esta resposta"))
}

async fn follow(State(desk): State<Arc<Desk>>, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let place = desk.listeners.clone().try_acquire_owned();
    let full = |_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "há páginas demais à escuta; feche algumas");
    let place = place.map_err(full)?;
    let query = query.unwrap_or_default();
    Ok(watch::follow(desk, query.strip_prefix("desde=").unwrap_or_default(), place).await)
}

async fn measure(
    State(desk): State<Arc<Desk>>,
    Asked(asked): Asked<Measurement>,
) -> Result<Response, Refusal> {
    begin(&desk, asked.order(&desk.project), work::measure)
}

async fn check(State(desk): State<Arc<Desk>>, Asked(asked): Asked<Checking>) -> Result<Response, Refusal> {
    begin(&desk, asked.order(&desk.project), work::check)
}

/// Começa um trabalho, se o pedido está certo e é a vez dele; as notícias são a resposta.
fn begin(desk: &Desk, order: Result<Order, String>, work: Work) -> Result<Response, Refusal> {
    let order = order.map_err(|line| Refusal::new(StatusCode::BAD_REQUEST, line))?;
    let busy = || Refusal::new(StatusCode::CONFLICT, "ocupado: há outra medição em andamento");
    let taken = desk.turn.take().ok_or_else(busy)?;
    // A de outro servidor, ou a de uma lição num terminal. A vez volta na hora: quem a toma é a lição.
    if matches!(kept::take_turn(&desk.project.kept()), Ok(None)) {
        return Err(busy());
    }
    let (outlet, news) = Outlet::new();
    let project = desk.project.clone();
    std::thread::spawn(move || work::tell(work, &project, &order, &outlet, taken));
    Ok(news::response(news))
}

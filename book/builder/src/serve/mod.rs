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
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use mdbook::errors::Result;
use registro::kept;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::project::Project;
use news::Outlet;
use order::Order;
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
    Router::new()
        .route("/medir", post(measure).fallback(only_post))
        .route("/conferir", post(check).fallback(only_post))
        .route("/novidades", get(follow).fallback(only_get))
        .route("/progresso", get(progress).fallback(only_get))
        .fallback(read)
        .layer(middleware::from_fn_with_state(desk.clone(), admit))
        .with_state(desk)
}

/// Só as páginas do livro são atendidas.
async fn admit(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let mut response = match guard::objection(request.headers(), desk.port) {
        Some(reason) => answer::text(StatusCode::FORBIDDEN, reason),
        None => next.run(request).await,
    };
    // Dentro de uma página de fora, um clique enganado começaria uma medição.
    let headers = response.headers_mut();
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'"));
    response
}

async fn only_post() -> Response {
    answer::wrong_method("POST", "este endereço só aceita POST")
}

async fn only_get() -> Response {
    answer::wrong_method("GET, HEAD", "este endereço só aceita GET")
}

async fn read(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    aside(move || answer::answer(&desk.shelf, &request)).await
}

async fn progress(State(desk): State<Arc<Desk>>) -> Response {
    aside(move || answer::data(&progress::progress(&desk.project))).await
}

/// O que leva um tempo ou usa o disco: fora da thread que atende a rede.
async fn aside(answer: impl FnOnce() -> Response + Send + 'static) -> Response {
    spawn_blocking(answer)
        .await
        .unwrap_or_else(|_| answer::failure("o servidor falhou ao montar esta resposta"))
}

async fn follow(State(desk): State<Arc<Desk>>, RawQuery(query): RawQuery) -> Response {
    let Ok(place) = desk.listeners.clone().try_acquire_owned() else {
        return answer::text(StatusCode::SERVICE_UNAVAILABLE, "há páginas demais à escuta; feche algumas");
    };
    let query = query.unwrap_or_default();
    watch::follow(desk, query.strip_prefix("desde=").unwrap_or_default(), place).await
}

async fn measure(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    begin(&desk, request, Order::to_measure, work::measure).await
}

async fn check(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    begin(&desk, request, Order::to_check, work::check).await
}

/// Começa um trabalho, se o pedido está certo e é a vez dele; as notícias são a resposta.
async fn begin(
    desk: &Desk,
    request: Request,
    understand: fn(&Project, &[u8]) -> Result<Order, String>,
    work: Work,
) -> Response {
    let start = |body: Vec<u8>| {
        let order = understand(&desk.project, &body).map_err(|line| (StatusCode::BAD_REQUEST, line))?;
        let busy = || (StatusCode::CONFLICT, "ocupado: há outra medição em andamento".to_owned());
        let taken = desk.turn.take().ok_or_else(busy)?;
        // A de outro servidor, ou a de uma lição num terminal. A vez volta na hora: quem a toma é a lição.
        if matches!(kept::take_turn(&desk.project.kept()), Ok(None)) {
            return Err(busy());
        }
        let (outlet, news) = Outlet::new();
        let project = desk.project.clone();
        std::thread::spawn(move || work::tell(work, &project, &order, &outlet, taken));
        Ok(news::response(news))
    };
    let outcome = body::read(request).await.and_then(start);
    outcome.unwrap_or_else(|(status, line)| answer::text(status, &line))
}

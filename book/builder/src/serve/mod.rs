//! O servidor local: só esta máquina o alcança.

mod answer;
mod shelf;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use mdbook::errors::Result;

use crate::project::Project;
use shelf::Shelf;

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

/// Constrói o livro e o serve até que o leitor encerre com Ctrl-C.
///
/// # Erros
///
/// Quando o livro não se deixa construir ou a rede local falha.
pub fn run(project: Project, listener: TcpListener) -> Result<()> {
    let destination = project.default_destination();
    let shelf = Arc::new(Shelf::new(project, destination)?);
    let address = listener.local_addr()?;
    println!("O livro está em http://{address}/ (Ctrl-C encerra)");
    listener.set_nonblocking(true)?;
    let routes = Router::new().fallback(reply).with_state((shelf, address.port()));
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        Ok(axum::serve(listener, routes).await?)
    })
}

async fn reply(State((shelf, port)): State<(Arc<Shelf>, u16)>, request: Request) -> Response {
    // Construir o livro leva um tempo e usa o disco: fora da thread que atende a rede.
    tokio::task::spawn_blocking(move || answer::answer(&shelf, port, &request))
        .await
        .unwrap_or_else(|_| answer::failure("o servidor falhou ao montar esta resposta"))
}

//! A porta: quem se conecta, e quanto se espera por quem não diz nada.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Quanto se espera por um pedido que não chega inteiro. Nesta máquina, um pedido chega num instante.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Um leitor usa meia dúzia de conexões.
const MOST_CONNECTIONS: usize = 128;

/// Atende cada conexão numa tarefa só dela, para sempre. O `axum::serve` faria o mesmo, mas esperaria sem prazo.
pub(super) async fn serve(listener: TcpListener, routes: Router) {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    while let Ok(place) = places.clone().acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // Faltam descritores: logo uma conexão termina e devolve o seu.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // Sem isto, o corpo de uma resposta esperaria 40 ms pelo recibo do cabeçalho dela (RFC 896 com a RFC 1122).
        // Onde não é possível, a página só demora mais.
        let _ = stream.set_nodelay(true);
        let (builder, service) = (builder.clone(), TowerToHyperService::new(routes.clone()));
        tokio::spawn(async move {
            // Quem desliga no meio só faz falta a si mesmo.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            drop(place);
        });
    }
}

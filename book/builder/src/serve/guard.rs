//! Quem pode falar com este servidor: só as páginas dele mesmo.

use axum::http::HeaderMap;
use axum::http::header::{HOST, HeaderName, ORIGIN};

/// Por que este pedido não é de uma página do livro; nada, se é.
///
/// Uma página de fora que aponte um nome seu para 127.0.0.1 chega com o nome dela em `Host`; uma que mande um pedido
/// para cá chega com o endereço dela em `Origin`, que o navegador não deixa trocar.
pub(super) fn objection(headers: &HeaderMap, port: u16) -> Option<&'static str> {
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let says = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if !says(HOST).is_some_and(|host| hosts.iter().any(|own| own == host)) {
        return Some("este servidor só responde a 127.0.0.1 e localhost");
    }
    let is_own = |origin: &str| hosts.iter().any(|own| origin.strip_prefix("http://") == Some(own));
    if says(ORIGIN).is_some_and(|origin| !is_own(origin)) {
        return Some("este servidor só atende as páginas do livro");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection_to(host: &'static str, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().expect("um cabeçalho"));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().expect("um cabeçalho"));
        }
        objection(&headers, 7878).is_some()
    }

    #[test]
    fn only_pages_of_this_book_are_served() {
        for (host, origin) in [
            ("127.0.0.1:7878", None),
            ("localhost:7878", None),
            ("localhost:7878", Some("http://localhost:7878")),
            ("localhost:7878", Some("http://127.0.0.1:7878")),
        ] {
            assert!(!objection_to(host, origin), "{host} {origin:?}");
        }
        for (host, origin) in [
            ("exemplo.com", None),
            ("exemplo.com:7878", None),
            ("127.0.0.1", None),
            ("127.0.0.1:1", None),
            ("127.0.0.1:7878", Some("http://exemplo.com")),
            ("127.0.0.1:7878", Some("null")),
            ("127.0.0.1:7878", Some("https://127.0.0.1:7878")),
            ("127.0.0.1:7878", Some("http://127.0.0.1:7878.exemplo.com")),
        ] {
            assert!(objection_to(host, origin), "{host} {origin:?}");
        }
        assert!(objection(&HeaderMap::new(), 7878).is_some(), "sem Host");
    }
}

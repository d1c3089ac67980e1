//! O que custa a aprontar e serve a vários testes: feito pelo primeiro, desfeito ao sair do último.

use std::sync::{Arc, Mutex, Weak};

use crate::sandbox::Sandbox;
use crate::server::Server;

/// Uma coisa que só existe enquanto alguém a usa. Num `static` simples ela nunca seria desfeita.
pub(super) struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    pub(super) fn get(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut made = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let thing = made.upgrade().unwrap_or_else(|| Arc::new(make()));
        *made = Arc::downgrade(&thing);
        thing
    }
}

/// O livro construído e o servidor dele, para os testes que só leem.
pub(super) struct Served {
    server: Server,
    // Só some depois do servidor dela: por isso vem por último.
    book: Sandbox,
}

static SERVED: Shared<Served> = Shared::new();

impl Served {
    pub(super) fn book() -> Arc<Self> {
        SERVED.get(|| {
            let book = Sandbox::filled();
            let server = Server::start(&book);
            Self { server, book }
        })
    }

    /// As páginas do livro, com a de impressão e a de endereço inexistente.
    pub(super) fn pages(&self) -> Vec<String> {
        let pages = self.book.files(".html").into_iter().filter(|(name, _)| name != "toc.html");
        pages.filter(|(_, text)| !text.contains("http-equiv=\"refresh\"")).map(|(name, _)| name).collect()
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.server.url(path)
    }
}

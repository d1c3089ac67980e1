//! O livro construído, refeito quando algo de que ele depende muda.

use std::io;
use std::path::PathBuf;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Uri;
use axum::response::Response;
use mdbook::errors::Result;
use tokio::sync::{RwLock, RwLockReadGuard};
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_status::SetStatus;

use super::stamp::{Change, Stamp};
use crate::assembly;
use crate::project::Project;

/// O livro construído.
pub(super) struct Shelf {
    project: Project,
    destination: PathBuf,
    files: ServeDir<SetStatus<ServeFile>>,
    built: RwLock<Built>,
}

/// Como ele está.
pub(super) struct Built {
    /// Os arquivos de que foi construído.
    pub(super) stamp: Stamp,
    /// O que deu errado na última construção; as páginas de antes continuam no disco.
    pub(super) error: Option<String>,
}

impl Built {
    /// Se as páginas construídas com os arquivos assim são as mesmas.
    fn serves(&self, stamp: &Stamp) -> bool {
        self.stamp.changes(stamp).iter().all(|change| matches!(change, Change::Passed(_)))
    }
}

impl Shelf {
    /// Constrói o livro pela primeira vez.
    pub(super) fn new(project: Project, destination: PathBuf) -> Result<Self> {
        let stamp = Stamp::of(&project);
        assembly::build(&project, &destination)?;
        let files = ServeDir::new(&destination)
            // De `/css` ele mandaria a `/css/`, que também não mostra nada.
            .append_index_html_on_directories(false)
            .not_found_service(ServeFile::new(destination.join("404.html")));
        Ok(Self { project, destination, files, built: RwLock::new(Built { stamp, error: None }) })
    }

    /// Como o livro está; ninguém o refaz enquanto isto vive.
    pub(super) async fn built(&self) -> RwLockReadGuard<'_, Built> {
        self.built.read().await
    }

    /// A resposta com um arquivo do livro; com a página de endereço inexistente, se ele não existe.
    ///
    /// # Erros
    ///
    /// Por que o arquivo, que existe, não se deixa ler.
    pub(super) async fn open(&self, address: Uri) -> io::Result<Response> {
        // Só o endereço: o servidor escreve nas páginas, e precisa delas inteiras.
        let mut request = Request::new(Body::empty());
        let index = format!("{}index.html", address.path());
        *request.uri_mut() = match Uri::try_from(index) {
            Ok(index) if address.path().ends_with('/') => index,
            _ => address,
        };
        Ok(self.files.clone().try_call(request).await?.map(Body::new))
    }

    /// Refaz o livro, se é preciso: quem chega durante uma construção espera por ela em vez de começar outra.
    ///
    /// # Erros
    ///
    /// Por que ele não pôde ser refeito.
    pub(super) fn refresh(&self) -> Result<(), String> {
        if self.built.blocking_read().stamp != Stamp::of(&self.project) {
            let mut built = self.built.blocking_write();
            let now = Stamp::of(&self.project);
            if !built.serves(&now) {
                let outcome = assembly::build(&self.project, &self.destination);
                built.error = outcome.err().map(|error| format!("{error:#}"));
            }
            built.stamp = now;
        }
        self.built.blocking_read().error.clone().map_or(Ok(()), Err)
    }
}

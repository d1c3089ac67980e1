//! O que se compila antes que alguém peça: a lição 1, para que o primeiro *Medir* de quem acabou de chegar responda logo.

use std::io::{self, Write};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;

use super::cargo;
use super::news::{News, Outlet};
use super::program::Stopped;
use crate::project::Project;

/// A lição do primeiro capítulo.
const FIRST: u32 = 1;

/// Uma compilação em andamento, que ninguém espera.
pub(super) struct Preparation(Option<JoinHandle<()>>);

impl Preparation {
    /// Começa a compilar, se há o que compilar. As notícias são do andamento, e a compilação acaba se ninguém as recebe.
    pub(super) fn start(project: &Project) -> (Self, Receiver<News>) {
        let (outlet, news) = Outlet::new();
        let project = project.clone();
        let compile = move || match cargo::build(&project, &format!("lesson-{FIRST}"), &outlet) {
            // Quem lê a saída pode ter ido embora.
            Ok(_) => drop(writeln!(io::stdout(), "A lição {FIRST} está pronta para medir.")),
            // O livro não depende dela; quem pedir para medir verá o erro inteiro, na página.
            Err(Stopped::Failed(line)) => {
                let first = line.lines().next().unwrap_or_default().to_owned();
                let _ = writeln!(io::stderr(), "livro: a lição {FIRST} não pôde ser compilada: {first}");
            }
            Err(Stopped::Abandoned) => {}
        };
        (Preparation(Some(thread::spawn(compile))), news)
    }

    /// Espera que ela acabe, até `limit`.
    pub(super) fn wait(mut self, limit: Duration) {
        let since = Instant::now();
        while self.0.as_ref().is_some_and(|thread| !thread.is_finished()) && since.elapsed() < limit {
            thread::sleep(Duration::from_millis(10));
        }
        self.0.take();
    }
}

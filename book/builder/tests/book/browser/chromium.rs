//! Um Chromium sem janela, com um perfil só dele, encerrado ao sair do último teste que o usa.

use std::env;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::page::Page;
use super::shared::Shared;
use super::wire::Wire;

/// O que um teste espera do navegador antes de desistir dele.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// O navegador fala pelos descritores 3 e 4. Assim não há porta a descobrir, nem cliente de WebSocket a
/// compilar; e, se o teste morre sem se despedir, o cano se fecha e o navegador sai sozinho.
const ON_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

const FLAGS: &[&str] = &[
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--hide-scrollbars",
    "--mute-audio",
    "--lang=pt-BR",
    "about:blank",
];

/// O navegador dos testes, um só para os que correm ao mesmo tempo.
#[derive(Clone)]
pub(super) struct Browser(Arc<Chromium>);

static RUNNING: Shared<Chromium> = Shared::new();

impl Browser {
    /// O navegador; nada, onde não há Chromium: ali o teste diz que foi pulado e passa.
    ///
    /// # Panics
    ///
    /// Com `CI=true` no ambiente, onde nada pode ser pulado.
    pub(super) fn find() -> Option<Self> {
        let Some(program) = installed() else {
            skip("não há Chromium nesta máquina");
            return None;
        };
        Some(Self(RUNNING.get(|| Chromium::start(&program))))
    }

    /// Uma página nova, larga como a de um computador, sem nada guardado das outras.
    pub(super) fn open(&self, url: &str) -> Page {
        let page = self.blank_for(LIMIT);
        page.go(url);
        page
    }

    /// Uma página por abrir, para um teste que precisa de mais tempo do que os outros.
    pub(super) fn blank_for(&self, limit: Duration) -> Page {
        Page::blank(self.clone(), Instant::now() + limit)
    }

    pub(super) fn wire(&self) -> &Wire {
        &self.0.wire
    }

    pub(super) fn call(&self, method: &str, params: Value, until: Instant) -> Value {
        self.wire().call("", method, params, until).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Um teste que não se pode fazer nesta máquina: passa, dizendo; na integração contínua, falha.
pub(super) fn skip(reason: &str) {
    assert_ne!(env::var("CI").as_deref(), Ok("true"), "{reason}");
    // `eprintln!` seria engolido pelo `cargo test` num teste que passa.
    let _ = std::io::stderr().write_all(format!("pulado: {reason}\n").as_bytes());
}

fn installed() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    let places = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file())
}

struct Chromium {
    child: Child,
    wire: Wire,
    // Só se apaga depois que o processo acabou: por isso vem por último.
    _profile: TempDir,
}

impl Chromium {
    fn start(program: &PathBuf) -> Self {
        let profile = tempfile::tempdir().expect("pasta temporária");
        let mut child = Command::new("sh")
            .args(["-c", ON_PIPES])
            .arg(program)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(FLAGS)
            // O que ele deixaria na pasta temporária se apaga com o perfil.
            .env("TMPDIR", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Os filhos dele ficam no mesmo grupo, para sair juntos.
            .process_group(0)
            .spawn()
            .expect("o navegador roda");
        let wire = Wire::new(child.stdin.take().expect("entrada"), child.stdout.take().expect("saída"));
        let browser = Self { child, wire, _profile: profile };
        let answer = browser.wire.call("", "Browser.getVersion", json!({}), Instant::now() + LIMIT);
        answer.expect("o navegador responde");
        browser
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let patience = Instant::now() + Duration::from_secs(3);
        let _ = self.wire.call("", "Browser.close", json!({}), patience);
        while Instant::now() < patience && !matches!(self.child.try_wait(), Ok(Some(_))) {
            sleep(Duration::from_millis(10));
        }
        if let Some(group) = Pid::from_raw(self.child.id() as i32) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

//! Uma pasta temporária que some com o programa, qualquer que seja o fim dele.
//!
//! Apagá-la ao descartar não basta: um programa que leva um SIGKILL, ou um Ctrl-C, não descarta nada. Quem a apaga é
//! outro processo, fora do grupo que o Ctrl-C atinge, que só espera o fim deste.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// `read` só volta quando o outro lado da entrada se fecha; o sistema a fecha quando o programa termina.
const WAIT_AND_REMOVE: &str = r#"while read -r line; do :; done; rm -rf -- "$0""#;

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Uma pasta vazia, só deste programa.
pub struct Scratch {
    path: PathBuf,
    sweeper: Child,
}

impl Scratch {
    /// Cria a pasta.
    ///
    /// # Erros
    ///
    /// O sistema recusou a pasta ou o processo que a apaga.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use licoes::system::scratch::Scratch;
    /// let folder = Scratch::new()?;
    /// let path = folder.path().to_owned();
    /// std::fs::write(path.join("a.csv"), "1,2")?;
    /// drop(folder);
    /// assert!(!path.exists());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<Self> {
        let name = format!("caderno-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        // O processo vem antes da pasta: um fim entre os dois não deixa nada.
        let sweeper = Command::new("/bin/sh")
            .args(["-c", WAIT_AND_REMOVE])
            .arg(&path)
            .env("PATH", "/usr/bin:/bin")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut scratch = Scratch { path, sweeper };
        if let Err(error) = DirBuilder::new().mode(0o700).create(&scratch.path) {
            // Se há uma com esse nome, ela é de outro: não é daqui que se apaga.
            let _ = scratch.sweeper.kill();
            return Err(error);
        }
        Ok(scratch)
    }

    /// Onde ela está.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // `wait` fecha a entrada dele, e só então espera.
        let _ = self.sweeper.wait();
    }
}

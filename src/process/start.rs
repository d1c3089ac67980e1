//! Qual dos três jeitos de nascer.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

use rustix::io::Errno;

use super::child::{Child, ThisProcess, socket_pair};
use super::invitation::{Role, check_initialized};
use super::{fork, forkserver, serve, spawn};
use crate::Error;

/// Como um processo novo nasce.
///
/// | método | o que o filho é | o que custa | o que proíbe |
/// |---|---|---|---|
/// | `Spawn` | este programa, executado de novo | o mais caro | nada |
/// | `Fork` | uma cópia deste processo, com a memória dele | cresce com a memória do pai | mais de uma thread |
/// | `ForkServer` | uma cópia de um processo vazio, feito para isso | pouco, sempre o mesmo | threads antes de [`init`](crate::init) |
///
/// O forkserver nasce no primeiro uso e termina com este processo. As cópias dele começam com as variáveis de
/// ambiente, a pasta e as saídas que este processo tinha naquele momento.
///
/// # Exemplos
///
/// ```
/// # use std::sync::atomic::{AtomicU32, Ordering};
/// # use multiprocessamento::{init, Error, Process, StartMethod};
/// static VALOR: AtomicU32 = AtomicU32::new(1);
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// VALOR.store(42, Ordering::Relaxed);
/// let ler = |(): ()| VALOR.load(Ordering::Relaxed);
/// let visto = |metodo| Process::builder().start_method(metodo).start(ler, ())?.join();
/// assert_eq!(visto(StartMethod::Fork)?, 42); // a memória de agora
/// assert_eq!(visto(StartMethod::Spawn)?, 1); // um programa que acaba de começar
/// assert_eq!(visto(StartMethod::ForkServer)?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StartMethod {
    /// Executar este programa de novo. É o padrão.
    #[default]
    Spawn,
    /// Copiar este processo. Os descritores abertos vão com a cópia, como em Python.
    Fork,
    /// Copiar o forkserver.
    ForkServer,
}

/// Cria um filho. Volta sem esperar que ele se apresente.
///
/// # Erros
///
/// [`Error::NotInitialized`], [`Error::Spawn`], [`Error::ForkWithThreads`], [`Error::Handshake`].
pub(crate) fn start(method: StartMethod, name: &OsStr, env: &[(OsString, OsString)]) -> Result<Child, Error> {
    check_initialized()?;
    check_text(name, env)?;
    match method {
        StartMethod::Spawn => spawn::execute(name, env, Role::Worker),
        StartMethod::Fork => fork_this_process(name, env),
        StartMethod::ForkServer => forkserver::fork_from_server(name, env),
    }
}

fn fork_this_process(name: &OsStr, env: &[(OsString, OsString)]) -> Result<Child, Error> {
    let (ours, theirs) = socket_pair()?;
    let me = std::process::id().cast_signed();
    let (mut ours, mut theirs) = (Some(ours), Some(theirs));
    let pid = fork::fork(env, || {
        drop(ours.take());
        theirs.take().map_or(1, |theirs| serve::serve_copy(theirs, me, name))
    })?;
    let ours = ours.ok_or_else(|| Error::spawn(Errno::BADF))?;
    Child::watch(pid, ours, Box::new(ThisProcess))
}

/// O sistema separa nome de valor por `=` e termina cada texto em zero: um texto com eles viraria outro.
fn check_text(name: &OsStr, env: &[(OsString, OsString)]) -> Result<(), Error> {
    let has = |text: &OsStr, byte| text.as_bytes().contains(&byte);
    let bad_key = |key: &OsStr| key.is_empty() || has(key, b'=') || has(key, 0);
    if has(name, 0) || env.iter().any(|(key, value)| bad_key(key) || has(value, 0)) {
        let reason = "um nome ou uma variável de ambiente tem um caractere que não pode ter";
        return Err(Error::spawn(io::Error::new(io::ErrorKind::InvalidInput, reason)));
    }
    Ok(())
}

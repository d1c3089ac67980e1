//! O limite de tamanho de arquivo (`ulimit -f`), que vale também para a memória compartilhada.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// Se um arquivo pode chegar a `len` bytes.
///
/// Pergunta-se antes: a quem passa do limite o sistema não responde com um erro, mas com um SIGXFSZ, que mata o programa.
///
/// # Erros
///
/// `EFBIG`, o erro que viria se o sinal fosse ignorado.
pub(crate) fn check(len: u64) -> Result<(), Errno> {
    /// O limite, da última vez em que se perguntou. Quem o baixa com o programa andando pode ser pego por ele.
    static SEEN: AtomicU64 = AtomicU64::new(0);
    if len <= SEEN.load(Ordering::Relaxed) {
        return Ok(());
    }
    let limit = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
    SEEN.store(limit, Ordering::Relaxed);
    if len > limit { Err(Errno::FBIG) } else { Ok(()) }
}

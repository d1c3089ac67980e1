//! Copiar este processo, com a memória que ele tem agora.
//!
//! `fork` copia a memória toda e *uma* thread: a que o chamou. Uma trava que outra thread tinha na mão fica, na
//! cópia, fechada para sempre; pode ser a do alocador. Por isso, aqui, só um processo de uma thread se copia.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rustix::process::Pid;

use super::invitation::threads;
use super::panics;
use crate::Error;

/// Cria uma cópia deste processo, que roda `copy` com as variáveis de `env` e termina com o código que ela
/// devolver.
///
/// # Erros
///
/// [`Error::ForkWithThreads`] se há mais de uma thread; [`Error::Spawn`] se o sistema recusou.
pub(super) fn fork(env: &[(OsString, OsString)], copy: impl FnOnce() -> i32) -> Result<Pid, Error> {
    require_a_single_thread()?;
    // O que está no buffer sairia duas vezes: uma por este processo, outra pela cópia.
    let _ = io::stdout().flush();
    // SAFETY: este processo tem uma thread só (conferido acima; só ela mesma poderia criar outra), logo
    // nenhuma trava fica na mão de quem não existe na cópia.
    match unsafe { libc::fork() } {
        0 => run_copy(env, copy),
        ..0 => Err(Error::spawn_without("fork", io::Error::last_os_error())),
        pid => Pid::from_raw(pid).ok_or_else(|| Error::spawn(io::ErrorKind::InvalidData)),
    }
}

/// A cópia nunca volta para o código de quem a criou: ali há valores que são do original, e que os dois
/// descartariam.
fn run_copy(env: &[(OsString, OsString)], copy: impl FnOnce() -> i32) -> ! {
    let code = catch_unwind(AssertUnwindSafe(|| {
        for (key, value) in env {
            // SAFETY: a cópia tem uma thread só: ninguém lê as variáveis enquanto elas mudam.
            unsafe { std::env::set_var(key, value) };
        }
        copy()
    }));
    let _ = io::stdout().flush();
    // SAFETY: `_exit` só termina o processo. Um `exit` rodaria as despedidas (`atexit`) do original.
    unsafe { libc::_exit(code.unwrap_or(panics::EXIT_CODE)) }
}

/// Uma thread que acabou de terminar ainda aparece na lista por um instante: dá-se a ela esse instante.
fn require_a_single_thread() -> Result<(), Error> {
    const LOOKS: u32 = 20;
    const PAUSE: Duration = Duration::from_micros(500);
    for look in 1.. {
        let threads = threads().map_err(|error| Error::spawn_without("/proc/self/task", error))?;
        if threads == 1 {
            break;
        }
        if look == LOOKS {
            return Err(Error::ForkWithThreads { threads });
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

//! Quem conta o fim de um rank que o `mpirun` matou.
//!
//! Quando um rank morre, o `mpirun` encerra os outros: manda um `SIGCONT`, espera um segundo, e manda `SIGTERM` e `SIGKILL`
//! um atrás do outro. Numa máquina ocupada, quem recebe os dois já não diz nada. Por isso é ao primeiro que nasce uma
//! testemunha, fora do grupo que o `mpirun` mata: se este processo se vai pouco depois, ela escreve uma linha.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::process::lifeline::handle;

/// De quanto em quanto a testemunha olha, e quantas vezes: um `SIGCONT` pode também ser só o `fg` do terminal.
const GLANCE_NS: i64 = 5_000_000;
const GLANCES: usize = 600;

/// O processo de que se conta o fim, onde escrever, e a última testemunha.
static TELLER: AtomicI32 = AtomicI32::new(0);
static TOLD: AtomicI32 = AtomicI32::new(libc::STDERR_FILENO);
static WITNESS: AtomicI32 = AtomicI32::new(0);

/// Quantas threads estão agora no tratador do sinal.
static HANDLING: AtomicI32 = AtomicI32::new(0);

/// Se o `mpirun` encerrar este processo, uma linha em `told` o diz.
pub(crate) fn explain_end(told: OwnedFd) -> io::Result<()> {
    TELLER.store(std::process::id().cast_signed(), Ordering::Relaxed);
    TOLD.store(told.into_raw_fd(), Ordering::Relaxed);
    handle(libc::SIGCONT, leave_a_witness)
}

/// Este processo termina por si: não há nada a contar.
pub(crate) fn dismiss() {
    TELLER.store(0, Ordering::SeqCst);
    // Outra thread pode estar no meio do tratador, com uma testemunha que ainda não anotou.
    while HANDLING.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
    if let Some(witness) = Pid::from_raw(WITNESS.swap(0, Ordering::Relaxed).max(0)) {
        let _ = kill_process(witness, Signal::KILL);
        let _ = waitpid(Some(witness), WaitOptions::empty());
    }
}

extern "C" fn leave_a_witness(_signal: i32) {
    HANDLING.fetch_add(1, Ordering::SeqCst);
    leave_a_witness_of(TELLER.load(Ordering::SeqCst));
    HANDLING.fetch_sub(1, Ordering::SeqCst);
}

fn leave_a_witness_of(watched: i32) {
    // SAFETY: `waitpid`, `getpid` e `clone` são chamadas ao sistema, sem nada da biblioteca de C em volta (o `fork` dela
    // esperaria pela trava da memória, que pode ser de quem o sinal interrompeu). O filho tem a sua cópia de tudo, e só
    // chama `watch`, que não volta. O `errno` de quem foi interrompido fica como estava.
    unsafe {
        // Os filhos feitos por cópia herdam este tratador, e o sinal vai ao grupo inteiro.
        if libc::getpid() != watched {
            return;
        }
        let errno = libc::__errno_location();
        let before = *errno;
        let last = WITNESS.load(Ordering::Relaxed);
        let still_there = last > 0 && libc::waitpid(last, std::ptr::null_mut(), libc::WNOHANG) == 0;
        if !still_there {
            let child = libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0);
            if child == 0 {
                watch(watched);
            }
            WITNESS.store(child as i32, Ordering::Relaxed);
        }
        *errno = before;
    }
}

/// Na testemunha: conta se `watched`, o pai dela, se foi.
///
/// # Safety
///
/// Só num processo recém-copiado, que não tem mais nada que fazer.
unsafe fn watch(watched: i32) -> ! {
    let line =
        "\nerro: este programa foi encerrado pelo mpirun: um dos ranks morreu, ou alguém mandou terminar\n";
    let told = TOLD.load(Ordering::Relaxed);
    let pause = libc::timespec { tv_sec: 0, tv_nsec: GLANCE_NS };
    // SAFETY: chamadas permitidas dentro de um sinal; os bytes são de uma constante. Os descritores fechados são cópias
    // que ninguém mais usa aqui: abertos, fariam o `mpirun` esperar por mais saída deste programa.
    unsafe {
        libc::setsid();
        libc::syscall(libc::SYS_close_range, 0, told - 1, 0);
        libc::syscall(libc::SYS_close_range, told + 1, u32::MAX, 0);
        for _ in 0..GLANCES {
            if libc::getppid() != watched {
                libc::write(told, line.as_ptr().cast(), line.len());
                break;
            }
            libc::nanosleep(&pause, std::ptr::null_mut());
        }
        libc::_exit(0)
    }
}

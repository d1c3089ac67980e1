//! O filho morre com o pai, mesmo que o pai leve um `kill -9` e o filho esteja ocupado.
//!
//! O Linux manda ao filho um sinal escolhido por ele (`PR_SET_PDEATHSIG`) quando termina a *thread* que o
//! criou, e não o processo. Um SIGKILL direto mataria, portanto, filhos de um pai vivo cuja thread
//! acabou. Por isso o sinal é um nosso, e o tratador pergunta quem é o pai agora: enquanto for o mesmo
//! processo, nada acontece; quando o pai se foi, o filho foi adotado por outro e termina.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::error::missing;

static PARENT: AtomicI32 = AtomicI32::new(0);

/// O soquete cujo outro lado é do pai.
static SOCKET: AtomicI32 = AtomicI32::new(-1);

/// Liga a vida deste processo à de `parent`. Um pai que já morreu encerra este processo na hora.
///
/// Também desarma o Ctrl-C: o terminal o manda ao grupo inteiro, e quem decide o que fazer com ele é o
/// programa que o leitor rodou; se ele terminar, os filhos vão junto, sem uma mensagem cada um.
pub(super) fn follow(parent: i32, socket: &UnixStream) -> io::Result<()> {
    PARENT.store(parent, Ordering::Relaxed);
    SOCKET.store(socket.as_raw_fd(), Ordering::Relaxed);
    handle(libc::SIGINT, ignore)?;
    // A máscara de sinais é herdada da thread que criou o filho. Uma que bloqueia tudo, para que outra espere os sinais,
    // deixaria o filho surdo também ao `Process::terminate`.
    mask(libc::SIG_SETMASK, None)?;
    listen()
}

/// Liga a vida deste processo à do pai outra vez. Uma tarefa pode tê-la desligado: largar privilégios (`setuid`) apaga o
/// pedido do sinal, e quem bloqueia ou ignora todos os sinais ignora também o do fim do pai.
pub(crate) fn renew() {
    // Falhou? Então continua como a tarefa deixou: nada se perde enquanto o pai viver.
    let _ = listen();
}

fn listen() -> io::Result<()> {
    let death = libc::SIGRTMAX() - 1;
    handle(death, exit_if_orphan)?;
    mask(libc::SIG_UNBLOCK, Some(death))?;
    // SAFETY: `prctl` com PR_SET_PDEATHSIG só lê um inteiro.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, death as libc::c_ulong) } != 0 {
        return Err(missing("prctl(PR_SET_PDEATHSIG)", io::Error::last_os_error()));
    }
    // O pai pode ter morrido antes do `prctl`: nesse caso o sinal nunca viria.
    exit_if_orphan(death);
    Ok(())
}

/// Muda a máscara de sinais desta thread, com um conjunto em que só está `signal`, ou nenhum.
fn mask(how: i32, signal: Option<i32>) -> io::Result<()> {
    // SAFETY: um `sigset_t` em zeros é memória válida, que `sigemptyset` preenche antes de ser lida; a
    // máscara anterior não é pedida.
    let status = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        if let Some(signal) = signal {
            libc::sigaddset(&mut set, signal);
        }
        libc::pthread_sigmask(how, &set, std::ptr::null_mut())
    };
    if status == 0 { Ok(()) } else { Err(missing("sigprocmask", io::Error::from_raw_os_error(status))) }
}

/// Chama `handler` quando chegar `signal`. O tratador só pode fazer o que um sinal permite, no meio de qualquer coisa.
pub(crate) fn handle(signal: i32, handler: extern "C" fn(i32)) -> io::Result<()> {
    // SAFETY: uma `sigaction` toda em zeros é válida (sem máscara, sem opções), e cada tratador só faz
    // chamadas permitidas dentro de um sinal.
    let status = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as libc::sighandler_t;
        // SA_RESTART: uma leitura interrompida recomeça sozinha; a tarefa não percebe nada.
        action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigaction(signal, &action, std::ptr::null_mut())
    };
    if status == 0 { Ok(()) } else { Err(missing("sigaction", io::Error::last_os_error())) }
}

// ANCHOR: orphan
extern "C" fn exit_if_orphan(_signal: i32) {
    // SAFETY: `getppid`, `poll` e `_exit` são permitidas dentro de um tratador de sinal, e a única memória é deste quadro.
    unsafe {
        let parent = libc::getppid();
        // Zero é um pai que não se vê daqui, de outro espaço de PIDs (um contêiner): quem diz se ele se foi é o soquete.
        if parent == PARENT.load(Ordering::Relaxed) || parent == 0 && !is_hung_up() {
            return;
        }
        libc::_exit(1);
    }
}
// ANCHOR_END: orphan

/// Se o outro lado do soquete se fechou.
fn is_hung_up() -> bool {
    let mut socket = libc::pollfd { fd: SOCKET.load(Ordering::Relaxed), events: 0, revents: 0 };
    // SAFETY: `poll` escreve só nesse `pollfd`, e não espera.
    unsafe { libc::poll(&mut socket, 1, 0) == 1 && socket.revents & libc::POLLHUP != 0 }
}

// Um tratador vazio, e não SIG_IGN: um programa executado pela tarefa volta ao comportamento normal.
extern "C" fn ignore(_signal: i32) {}

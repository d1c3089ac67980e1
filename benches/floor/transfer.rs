//! Um processo que recebe bytes num vetor novo e responde a soma deles, sem nada da biblioteca: por um anel, ou por um soquete.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use super::ring::Ring;

/// Com esta variável, este programa é quem recebe; o valor diz por onde.
const SERVE: &str = "CADERNO_TRANSFERENCIA_CRUA";

/// Quem manda.
pub struct Transfer {
    child: Child,
    socket: UnixStream,
    ring: Option<Ring>,
}

impl Transfer {
    /// Por um anel de memória dividida.
    pub fn by_ring() -> Self {
        let memory = Ring::memory();
        let ring = Ring::open(&memory);
        Self::start("anel", memory.into(), Some(ring))
    }

    /// Pelo soquete em que se combina tudo.
    pub fn by_socket() -> Self {
        Self::start("soquete", Stdio::null(), None)
    }

    fn start(by: &str, memory: Stdio, ring: Option<Ring>) -> Self {
        let (socket, theirs) = UnixStream::pair().expect("um par de soquetes");
        let mut command = Command::new("/proc/self/exe");
        let command = command.env(SERVE, by).stdin(memory).stdout(Stdio::from(OwnedFd::from(theirs)));
        Transfer { child: command.spawn().expect("um processo"), socket, ring }
    }

    /// Leva os bytes e espera a soma.
    pub fn carry(&mut self, bytes: &[u8]) -> u64 {
        self.socket.write_all(&(bytes.len() as u64).to_ne_bytes()).expect("o outro lado lê");
        match &mut self.ring {
            Some(ring) => ring.send(bytes),
            None => self.socket.write_all(bytes).expect("o outro lado lê"),
        }
        read_number(&mut self.socket).expect("uma resposta")
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let _ = self.child.wait();
    }
}

/// Se este processo nasceu para receber, atende até o soquete fechar, e diz que sim.
pub fn served() -> bool {
    let Ok(by) = std::env::var(SERVE) else { return false };
    let socket = std::io::stdout().as_fd().try_clone_to_owned().expect("o soquete");
    let mut socket = UnixStream::from(socket);
    let mut ring = (by == "anel")
        .then(|| Ring::open(&std::io::stdin().as_fd().try_clone_to_owned().expect("a memória")));
    while let Some(size) = read_number(&mut socket) {
        let bytes = match &mut ring {
            Some(ring) => ring.receive(size as usize),
            None => {
                let mut bytes = Vec::with_capacity(size as usize);
                (&socket).take(size).read_to_end(&mut bytes).expect("os bytes");
                bytes
            }
        };
        let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
        drop(bytes);
        socket.write_all(&sum.to_ne_bytes()).expect("quem pediu espera");
    }
    true
}

fn read_number(socket: &mut UnixStream) -> Option<u64> {
    let mut number = [0; 8];
    socket.read_exact(&mut number).ok()?;
    Some(u64::from_ne_bytes(number))
}

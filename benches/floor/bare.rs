//! Um pipe ou um par de soquetes do sistema entre dois processos, sem nada da biblioteca no meio.
//!
//! As pontas não viajam como argumento: são a entrada e a saída padrão do filho, que é este mesmo executável.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use licoes::measure::exchange::Exchange;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;

/// Com esta variável, este programa é o outro lado; o valor é o que se troca.
const SERVE: &str = "CADERNO_CANAL_CRU";

/// Se este processo nasceu para ser o outro lado, atende até o canal fechar, e diz que sim.
pub fn served() -> bool {
    let Ok(exchange) = std::env::var(SERVE) else { return false };
    let exchange = serde_json::from_str(&exchange).expect("o que se troca");
    let input = std::io::stdin().as_fd().try_clone_to_owned().expect("a entrada");
    let output = std::io::stdout().as_fd().try_clone_to_owned().expect("a saída");
    Channel { input: input.into(), output: output.into() }.serve(exchange);
    true
}

/// Dois pipes, um por direção.
pub fn pipe(exchange: Exchange, measure: impl FnOnce(&dyn Fn())) {
    let mut child = other_side(exchange, Stdio::piped(), Stdio::piped());
    let output = OwnedFd::from(child.stdin.take().expect("um pipe"));
    let input = OwnedFd::from(child.stdout.take().expect("um pipe"));
    Channel { input: input.into(), output: output.into() }.run(exchange, child, measure);
}

/// Um par de soquetes.
pub fn socket(exchange: Exchange, measure: impl FnOnce(&dyn Fn())) {
    let (ours, theirs) = UnixStream::pair().expect("um par de soquetes");
    let [ours, theirs] = [ours, theirs].map(OwnedFd::from);
    let copy = |socket: &OwnedFd| socket.try_clone().expect("um descritor");
    let child = other_side(exchange, copy(&theirs).into(), theirs.into());
    Channel { input: copy(&ours).into(), output: ours.into() }.run(exchange, child, measure);
}

fn other_side(exchange: Exchange, input: Stdio, output: Stdio) -> Child {
    let exchange = serde_json::to_string(&exchange).expect("três números");
    let mut command = Command::new("/proc/self/exe");
    command.env(SERVE, exchange).stdin(input).stdout(output).spawn().expect("um processo")
}

struct Channel {
    input: File,
    output: File,
}

impl Channel {
    fn run(self, exchange: Exchange, mut child: Child, measure: impl FnOnce(&dyn Fn())) {
        let message = vec![7; exchange.size];
        measure(&|| {
            let receive = || self.receive(exchange.answer).ok_or(ErrorKind::UnexpectedEof.into());
            exchange.ask(&message, |message| self.send(message), receive).expect("uma resposta");
        });
        drop(self);
        assert!(child.wait().expect("o filho").success());
    }

    fn serve(self, exchange: Exchange) {
        exchange
            .serve(|| self.receive(exchange.size), |answer| self.send(&answer))
            .expect("quem pediu espera");
    }

    fn send(&self, message: &[u8]) -> std::io::Result<()> {
        (&self.output).write_all(message)
    }

    /// Uma mensagem num vetor novo, como o que a biblioteca entrega; `None` no fim do canal.
    fn receive(&self, size: usize) -> Option<Vec<u8>> {
        let mut message = Vec::with_capacity(size);
        assert_eq!(message.capacity(), size, "leria um pedaço da mensagem seguinte");
        while message.len() < size {
            match rustix::io::read(&self.input, spare_capacity(&mut message)) {
                Ok(0) => return None,
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => panic!("{error}"),
            }
        }
        Some(message)
    }
}

//! Uma entrada sem fim, e quem consome as respostas mais devagar do que elas ficam prontas.

use std::cell::Cell;
use std::thread::sleep;
use std::time::Duration;

use licoes::measure::machine::pss_kib;
use multiprocessamento::{Error, Pool};
use serde::Deserialize;
use serde_bytes::ByteBuf;

/// O que se viu num instante.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Look {
    /// Respostas consumidas até ali.
    pub consumed: usize,
    /// Itens que já tinham saído da entrada.
    pub read: usize,
    /// MiB deste processo, além dos que ele tinha antes de pedir.
    pub mib: f64,
}

impl Look {
    /// Quantos itens se leram além das respostas consumidas.
    pub fn ahead(&self) -> usize {
        self.read.saturating_sub(self.consumed)
    }
}

const ANSWERS: usize = 300;
const EVERY: usize = 50;

// ANCHOR: endless
/// O que cada tarefa devolve: 16 KiB, como uma imagem pequena.
fn draw(number: u64) -> ByteBuf {
    ByteBuf::from(vec![number as u8; 16 << 10])
}

/// Consome as primeiras respostas a uma entrada sem fim, uma por milissegundo.
pub fn consume(pool: &Pool) -> Result<Vec<Look>, Error> {
    let (before, read) = (pss(), Cell::new(0));
    let endless = (0..).inspect(|_| read.set(read.get() + 1));
    let mut looks = Vec::new();
    for (index, answer) in pool.imap(draw, endless).take(ANSWERS).enumerate() {
        let consumed = index + 1;
        drop(answer?);
        sleep(Duration::from_millis(1));
        if consumed % EVERY == 0 {
            looks.push(Look { consumed, read: read.get(), mib: pss() - before });
        }
    }
    Ok(looks)
}
// ANCHOR_END: endless

/// A memória deste processo, em MiB.
fn pss() -> f64 {
    pss_kib(std::process::id()) as f64 / 1024.0
}

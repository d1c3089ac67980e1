//! Dois processos que escrevem um para o outro antes de ler: quanto cabe no canal, quando travam, e a saída.

use std::thread;
use std::time::Duration;

use licoes::measure::exchange::SIZES;
use licoes::measure::trace::now;
use licoes::run::lesson::Lesson;
use multiprocessamento::{Barrier, Connection, Error, Process, pipe};
use registro::stats::median;
use serde::{Deserialize, Serialize};

/// Bytes de cada mensagem.
const SIZE: usize = 32 << 10;
/// Mensagens de cada lado, muito mais do que cabem no canal.
pub const MANY: usize = 64;
/// Quanto se espera por dois processos que talvez nunca terminem. Sem o impasse, levam uma pequena parte disto.
pub const LIMIT: Duration = Duration::from_millis(500);

type Bytes = Connection<Vec<u8>, Vec<u8>>;

// ANCHOR: fits
/// Quantas mensagens de `size` bytes cabem no canal enquanto ninguém lê.
pub fn fits(size: usize) -> Result<usize, Error> {
    let (ours, _theirs) = pipe::<Vec<u8>, Vec<u8>>()?;
    let message = vec![7; size];
    let mut count = 0;
    while ours.send_timeout(&message, Duration::ZERO).is_ok() {
        count += 1;
    }
    Ok(count)
}
// ANCHOR_END: fits

/// Registra quanto cabe, pelo tamanho da mensagem.
pub fn chart(lesson: &mut Lesson) -> Result<(), Error> {
    for size in SIZES {
        let fit = (fits(size)? * size) as f64 / 1024.0;
        lesson.point("fits_by_size", "pipe", (size as f64, "bytes"), (fit, "KiB"));
    }
    Ok(())
}

/// Tão poucas mensagens que cabem com folga.
pub fn few() -> Result<usize, Error> {
    Ok((fits(SIZE)? / 2).max(1))
}

/// O que um lado faz com o que tem a dizer e a ouvir.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum Way {
    /// Escreve tudo, e depois lê.
    Write,
    /// Lê tudo, e depois escreve.
    Read,
    /// Lê numa thread enquanto escreve.
    Both,
}

// ANCHOR: side
/// Um dos lados, no seu processo; devolve quanto levou.
fn side(
    (channel, way, count, ready): (Bytes, Way, usize, Barrier),
) -> Result<f64, Error> {
    let message = vec![7; SIZE];
    let write = || (0..count).try_for_each(|_| channel.send(&message));
    let read = || (0..count).try_for_each(|_| channel.recv().map(drop));
    ready.wait()?;
    let start = now();
    match way {
        Way::Write => write().and_then(|()| read())?,
        Way::Read => read().and_then(|()| write())?,
        Way::Both => thread::scope(|scope| {
            let reader = scope.spawn(read);
            write()?;
            reader.join().unwrap_or(Err(Error::Disconnected))
        })?,
    }
    Ok(now() - start)
}
// ANCHOR_END: side

// ANCHOR: meet
/// Põe um diante do outro. Devolve quanto levaram, ou nada, se foi preciso encerrá-los.
pub fn meet(
    ways: [Way; 2],
    count: usize,
    limit: Duration,
) -> Result<Option<f64>, Error> {
    let ((first, second), ready) = (pipe()?, Barrier::new(2)?);
    let mut sides = [
        Process::start(side, (first, ways[0], count, ready.clone()))?,
        Process::start(side, (second, ways[1], count, ready))?,
    ];
    let mut longest: f64 = 0.0;
    for side in &mut sides {
        match side.join_timeout(limit) {
            Ok(taken) => longest = longest.max(taken?),
            Err(Error::TimedOut(_)) => return Ok(None), // ao sair, os dois são mortos
            Err(error) => return Err(error),
        }
    }
    Ok(Some(longest))
}
// ANCHOR_END: meet

/// O tempo mediano de vários encontros que terminam.
///
/// # Erros
///
/// [`Error::TimedOut`] se um deles não terminou.
pub fn typical(ways: [Way; 2], repetitions: usize) -> Result<f64, Error> {
    let mut taken = Vec::new();
    for _ in 0..repetitions {
        taken.push(meet(ways, MANY, 20 * LIMIT)?.ok_or(Error::TimedOut(20 * LIMIT))?);
    }
    Ok(median(&taken))
}

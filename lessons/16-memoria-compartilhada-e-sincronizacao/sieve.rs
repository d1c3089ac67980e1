//! Uma peneira de Eratóstenes feita por vários processos: numa memória só, e em pedaços que viajam.

use std::fmt;
use std::ops::Range;

use licoes::load::workload::{primes, slices};
use licoes::measure::machine::pss_kib;
use licoes::measure::trace::now;
use multiprocessamento::{Barrier, Error, Pool, Process, SharedArray};
use registro::format::{decimal, seconds};
use registro::stats::median;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Números peneirados, e quantos primos há entre eles. `true`, ou 1, é um composto.
pub const SIZE: u64 = 10_000_000;
pub const PRIMES: u64 = 664_579;

/// Em quantos pedaços se corta a peneira.
const PIECES: usize = 64;

// ANCHOR: strike
/// Os compostos de `slice`, um a um. Um composto com mais de um divisor aparece
/// mais de uma vez.
fn composites(slice: Range<u64>) -> impl Iterator<Item = u64> {
    let root = slice.end.isqrt();
    primes(2..root + 1).flat_map(move |prime| {
        let first = slice.start.next_multiple_of(prime).max(prime * prime);
        (first..slice.end).step_by(prime as usize)
    })
}

/// Risca os compostos de `slice` na peneira que é de todos. Cada tarefa só
/// escreve na sua fatia: não há duas mãos no mesmo lugar, e não há o que travar.
fn strike((slice, sieve): (Range<u64>, SharedArray<bool>)) {
    for composite in composites(slice) {
        sieve.set(composite as usize, true);
    }
}
// ANCHOR_END: strike

// ANCHOR: send_back
/// Risca os compostos de `slice` num pedaço novo, e o manda de volta.
fn send_back(slice: Range<u64>) -> ByteBuf {
    let mut piece = vec![0; (slice.end - slice.start) as usize];
    for composite in composites(slice.clone()) {
        piece[(composite - slice.start) as usize] = 1;
    }
    ByteBuf::from(piece)
}
// ANCHOR_END: send_back

/// Uma peneira pronta, que qualquer processo pode receber.
pub trait Sieve: Clone + Serialize + DeserializeOwned + 'static {
    /// Quantos números não foram riscados, sem contar o 0 e o 1.
    fn count(&self) -> u64;
}

impl Sieve for SharedArray<bool> {
    fn count(&self) -> u64 {
        self.iter().skip(2).filter(|composite| !composite).count() as u64
    }
}

impl Sieve for ByteBuf {
    fn count(&self) -> u64 {
        self.iter().skip(2).filter(|composite| **composite == 0).count() as u64
    }
}

// ANCHOR: make
/// A peneira na memória compartilhada: a cada tarefa vão a fatia e a peneira.
pub fn in_place(pool: &Pool, size: u64) -> Result<SharedArray<bool>, Error> {
    let sieve = SharedArray::new(size as usize)?;
    let tasks = slices(size, PIECES).into_iter().map(|slice| (slice, sieve.clone()));
    pool.chunk_size(1)?.map(strike, tasks)?;
    Ok(sieve)
}

/// A peneira em pedaços: cada tarefa devolve o seu, e eles se juntam aqui.
pub fn by_pieces(pool: &Pool, size: u64) -> Result<ByteBuf, Error> {
    let pieces = pool.chunk_size(1)?.map(send_back, slices(size, PIECES))?;
    Ok(ByteBuf::from(pieces.into_iter().flatten().collect::<Vec<u8>>()))
}
// ANCHOR_END: make

/// A mesma peneira num processo só, para comparação.
fn alone(size: u64) -> Result<(), Error> {
    let sieve = SharedArray::new(size as usize)?;
    slices(size, PIECES).into_iter().for_each(|slice| strike((slice, sieve.clone())));
    Ok(())
}

/// Um jeito de fazer a peneira, e de a ter em vários processos.
#[derive(Clone, Debug)]
pub struct Made {
    /// Segundos até ela estar inteira neste processo, em cada repetição.
    pub seconds: Vec<f64>,
    /// A memória que ela ocupa quando todos a têm, em vezes o seu tamanho.
    pub sizes: Vec<f64>,
    /// Quantos primos cada processo contou nela.
    pub counts: Vec<u64>,
}

/// O que se mediu dos três jeitos.
pub struct Sieves {
    /// Segundos, num processo só.
    pub alone: Vec<f64>,
    pub in_place: Made,
    pub by_pieces: Made,
}

impl Sieves {
    /// As que são para vários, pelo nome que têm no registro.
    pub fn shared_by_many(&self) -> [(&'static str, &Made); 2] {
        [("shared_array", &self.in_place), ("pieces", &self.by_pieces)]
    }
}

/// Faz a peneira dos três jeitos, `repetitions` vezes, alternados, e entrega a `readers` processos as que são para
/// vários.
pub fn measure(
    pool: &Pool,
    readers: usize,
    repetitions: usize,
) -> Result<Sieves, Error> {
    let nothing = || Made { seconds: vec![], sizes: vec![], counts: vec![] };
    let mut all = Sieves { alone: vec![], in_place: nothing(), by_pieces: nothing() };
    for _ in 0..repetitions {
        let start = now();
        alone(SIZE)?;
        all.alone.push(now() - start);
        all.in_place.add(pool, in_place, readers)?;
        all.by_pieces.add(pool, by_pieces, readers)?;
    }
    Ok(all)
}

impl Made {
    /// Mais uma repetição.
    fn add<S: Sieve>(
        &mut self,
        pool: &Pool,
        make: fn(&Pool, u64) -> Result<S, Error>,
        readers: usize,
    ) -> Result<(), Error> {
        // O que os mesmos processos ocupam com uma peneira que não ocupa nada.
        let (_, without) = read_by_all(&make(pool, 2)?, readers)?;
        let start = now();
        let sieve = make(pool, SIZE)?;
        self.seconds.push(now() - start);
        let (counts, with) = read_by_all(&sieve, readers)?;
        self.counts.extend(counts);
        self.sizes.push((with as f64 - without as f64) * 1024.0 / SIZE as f64);
        Ok(())
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (took, size) =
            (seconds(median(&self.seconds)), decimal(median(&self.sizes), 2));
        write!(
            f,
            "feita em {took}; com todos a usá-la, ocupa {size} vezes o seu tamanho"
        )
    }
}

// ANCHOR: read
/// O que um processo viu da peneira, e quantos KiB de memória são dele enquanto
/// todos a têm.
#[derive(Serialize, Deserialize)]
struct Seen {
    primes: u64,
    kib: u64,
}

fn read<S: Sieve>((sieve, everyone): (S, Barrier)) -> Result<Seen, Error> {
    let primes = sieve.count();
    everyone.wait()?; // todos já leram tudo
    let kib = pss_kib(std::process::id());
    everyone.wait()?; // ninguém se desfaz dela antes de todos se medirem
    Ok(Seen { primes, kib })
}

/// Entrega a peneira a `readers` processos; eles e este contam e se medem.
fn read_by_all<S: Sieve>(sieve: &S, readers: usize) -> Result<(Vec<u64>, u64), Error> {
    let everyone = Barrier::new(readers + 1)?;
    let mut processes = Vec::new();
    for _ in 0..readers {
        processes.push(Process::start(read::<S>, (sieve.clone(), everyone.clone()))?);
    }
    let mut all = vec![read((sieve.clone(), everyone))?];
    for process in processes {
        all.push(process.join()??);
    }
    let counts = all.iter().map(|seen| seen.primes).collect();
    Ok((counts, all.iter().map(|seen| seen.kib).sum()))
}
// ANCHOR_END: read

//! Três maneiras de repartir as mesmas fatias.

use std::ops::Range;

use licoes::load::workload::count_primes;
use licoes::measure::trace::{Piece, traced};
use multiprocessamento::{Error, Pool, Process};

type Slice = Range<u64>;
type Done = Vec<Piece<u64>>;

// ANCHOR: blocks
/// A divisão que se escreve primeiro: as primeiras fatias a um, as seguintes a outro.
pub fn blocks(slices: &[Slice], workers: usize) -> Vec<Vec<Slice>> {
    let edge = |worker| slices.len() * worker / workers;
    (0..workers).map(|w| slices[edge(w)..edge(w + 1)].to_vec()).collect()
}
// ANCHOR_END: blocks

// ANCHOR: by_hand
/// Um processo para cada parte, e cada parte decidida antes de começar.
pub fn by_hand(parts: Vec<Vec<Slice>>) -> Result<Done, Error> {
    let count = |part: Vec<Slice>| -> Done {
        part.into_iter().map(|slice| traced(count_primes, slice)).collect()
    };
    let mut running = Vec::new();
    for part in parts {
        running.push(Process::start(count, part)?);
    }
    let mut done = Vec::new();
    for process in running {
        done.extend(process.join()?);
    }
    Ok(done)
}
// ANCHOR_END: by_hand

// ANCHOR: by_pool
/// O Pool entrega uma fatia por vez a quem está livre.
pub fn by_pool(slices: &[Slice], workers: usize) -> Result<Done, Error> {
    let pool = Pool::new(workers)?;
    pool.chunk_size(1)?.map(|slice| traced(count_primes, slice), slices.to_vec())
}
// ANCHOR_END: by_pool

/// As mesmas fatias noutra ordem: a primeira de cada bloco, depois a segunda de cada um, …
///
/// É a ordem em que repartir como cartas dá a cada um o que a divisão em blocos dava.
pub fn alternated(slices: &[Slice], workers: usize) -> Vec<Slice> {
    let blocks = blocks(slices, workers);
    let longest = blocks.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .flat_map(|i| blocks.iter().filter_map(move |block| block.get(i).cloned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use licoes::load::model::hands;
    use licoes::load::workload::slices;

    #[test]
    fn dealt_like_cards_the_alternated_slices_are_the_blocks_again() {
        let slices = slices(64_000, 64);
        let dealt: Vec<_> = hands(&alternated(&slices, 4), 4).collect();
        assert_eq!(dealt, blocks(&slices, 4));
    }

    #[test]
    fn no_slice_is_lost_or_repeated() {
        let slices = slices(1_000, 13);
        for workers in 1..20 {
            assert_eq!(blocks(&slices, workers).concat(), slices);
            let mut alternated = alternated(&slices, workers);
            alternated.sort_by_key(|slice| slice.start);
            assert_eq!(alternated, slices);
        }
    }
}

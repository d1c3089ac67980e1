//! Passo 1: a conta, e mais nada.

use licoes::load::workload::{count_primes, slices};
use multiprocessamento::{Error, Pool, init};

fn main() -> Result<(), Error> {
    init();
    let pool = Pool::new(2)?;
    let counts = pool.map(count_primes, slices(1_000_000, 64))?;
    println!("{}", counts.iter().sum::<u64>());
    Ok(())
}

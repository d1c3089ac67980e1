//! Como se lê o que esta lição mede.

use registro::legend::Entry;

pub const LEGEND: &[Entry] =
    &[Entry::metric("counter", "contador do programa principal")];

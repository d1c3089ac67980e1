//! Como se lê o que esta lição mede.

use licoes::measure::source::LINES;
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[LINES];

//! Como se lê o que esta lição mede.

use licoes::measure::source::LINES;
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    Entry::model("blocks", "à mão, em blocos").family("processes"),
    Entry::model("cards", "à mão, como cartas").family("processes"),
    Entry::model("handed_out", "pelo Pool").family("process_pool"),
    Entry::model("blocks_alternated", "em blocos, alternadas").family("processes"),
    Entry::model("cards_alternated", "como cartas, alternadas").family("processes"),
    Entry::model("handed_out_alternated", "pelo Pool, alternadas")
        .family("process_pool"),
    Entry::metric("idle_share", "tempo sem fatia")
        .question("Por quanto do tempo os trabalhadores ficam sem fatia?"),
    LINES,
];

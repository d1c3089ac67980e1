//! Como se lê o que esta lição mede.

use licoes::measure::crew::{CARRY, DELIVERY};
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    Entry::metric("birth_us", "nascer, cada trabalhador")
        .question("Quanto custa criar cada trabalhador?")
        .in_tables(),
    DELIVERY,
    CARRY,
    Entry::metric("gain", "aceleração de uma conta bem repartida"),
    // O tempo de todos em cada caso, e o arrependimento do conselho.
    Entry::metric("case_tiny", "quase nada"),
    Entry::metric("advice_tiny", "quase nada: arrependimento"),
    Entry::metric("case_many", "muitas e curtas"),
    Entry::metric("advice_many", "muitas e curtas: arrependimento"),
    Entry::metric("case_few", "poucas e longas"),
    Entry::metric("advice_few", "poucas e longas: arrependimento"),
    Entry::metric("case_data", "com muitos dados"),
    Entry::metric("advice_data", "com muitos dados: arrependimento"),
    Entry::metric("case_lock", "desiguais, sob uma trava"),
    Entry::metric("advice_lock", "desiguais, sob uma trava: arrependimento"),
    Entry::metric("case_risky", "arriscadas e desiguais"),
    Entry::metric("advice_risky", "arriscadas e desiguais: arrependimento"),
    Entry::metric("case_alone", "uma só, arriscada"),
    Entry::metric("advice_alone", "uma só, arriscada: arrependimento"),
    Entry::metric("median_regret", "arrependimento mediano"),
];

/// O nome de um caso, como o leitor o lê.
pub fn case(id: &str) -> &'static str {
    let own = LEGEND.iter().find(|entry| entry.id.strip_prefix("case_") == Some(id));
    own.expect("todo caso está na legenda").label
}

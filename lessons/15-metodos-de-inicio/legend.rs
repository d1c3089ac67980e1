//! Como se lê o que esta lição mede.

use licoes::measure::birth::{FORK, FORKSERVER, SPAWN};
use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    FORK,
    FORKSERVER,
    SPAWN,
    Entry::metric("seen_global", "a global, como cada um a vê"),
    Entry::metric("seen_items", "itens na lista, como cada um a vê"),
    Entry::metric("seen_files", "arquivos abertos em cada um"),
    Entry::series(
        "birth_by_memory",
        "O tamanho do pai muda o tempo de nascer e terminar?",
    ),
    Entry::metric("mebibyte_us", "o que cada MiB do pai acrescenta"),
    Entry::metric("hung", "filhos que travaram"),
    Entry::metric("attempts", "filhos que acharam a trava na mão de outra thread"),
];

//! Como se lê o que esta lição mede.

use registro::legend::Entry;

pub const LEGEND: &[Entry] = &[
    Entry::metric("files", "arquivos comparados"),
    Entry::model("draft", "rascunho ao lado").family("process_pool"),
    // A errada: estraga o arquivo.
    Entry::model("in_place", "por cima do que havia").family("serial"),
    Entry::series(
        "lines_left",
        "Quanto resta do arquivo, pelo momento da morte do programa?",
    ),
    Entry::metric("broken_files", "arquivos pela metade"),
    Entry::metric("interruptions", "interrupções"),
];

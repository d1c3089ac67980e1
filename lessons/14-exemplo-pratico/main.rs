//! Lição 14: um programa inteiro, o mesmo arquivo por todos os caminhos, e nada pela metade.

#[path = "programa/arguments.rs"]
mod arguments;
mod claims;
mod interrupt;
mod legend;
#[path = "programa/models.rs"]
mod models;
#[path = "programa/program.rs"]
mod program;
mod same_file;
#[path = "programa/table.rs"]
mod table;

use std::process::ExitCode;

use interrupt::{Interruption, Way};
use licoes::load::workload::count_primes;
use licoes::run::lesson::{self, Failure, Info, Lesson};
use licoes::system::scratch::Scratch;
use multiprocessamento::init;
use registro::format::integer;

const INFO: Info = Info {
    number: 14,
    title: "Exemplo prático",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

/// Aqui se comparam arquivos, e não tempos: uma conta curta basta, e o Python não faz esperar.
const LIMIT: u64 = 50_000;
/// Uma conta que dure o bastante para ser interrompida no meio.
const LONG: u64 = 300_000;
/// Pontos da curva do que ficou.
const POINTS: usize = 12;

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

// ANCHOR: story
fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;
    let folder = Scratch::new()?;

    // O mesmo programa, por todos os caminhos.
    let (limit, workers) =
        (lesson.options().limit.min(LIMIT), lesson.options().workers);
    let mut files = same_file::in_rust(folder.path(), limit, workers)?;
    files.extend(same_file::in_python(lesson, folder.path(), limit));
    lesson.metric("files", "", files.len() as f64, "");
    lesson.say(&format!(
        "\nO programa, até {}, escreveu {} arquivos: um por modelo, por linguagem e por número de trabalhadores.",
        integer(limit),
        files.len()
    ));

    // E morto em muitos momentos, com o arquivo de antes no lugar.
    let count = (6 * lesson.options().repetitions).min(64);
    let mut left = Vec::new();
    for (way, _) in Way::ALL {
        left.push(interrupt::interrupt(way, folder.path(), LONG, count)?);
    }
    what_was_left(lesson, &left);

    lesson.claim(claims::everyone_writes_the_same_file(&files, count_primes(0..limit)));
    lesson.claim(claims::an_interruption_leaves_a_whole_file(&left[0], &left[1]));
    Ok(())
}
// ANCHOR_END: story

/// Quanto do arquivo restou: cada ponto é o pior de alguns momentos vizinhos.
fn what_was_left(lesson: &mut Lesson, left: &[Vec<Interruption>]) {
    lesson.say("\nMorto por um SIGKILL em muitos momentos, o menor arquivo que ficou:");
    for ((_, way), all) in Way::ALL.iter().zip(left) {
        for close in all.chunks(all.len().div_ceil(POINTS)) {
            let moment =
                close.iter().map(|one| one.moment).sum::<f64>() / close.len() as f64;
            let lines = close.iter().map(|one| one.lines).fold(1.0, f64::min);
            let x = ((100.0 * moment).round(), "% da duração do programa");
            lesson.point("lines_left", way, x, (100.0 * lines, "% das linhas"));
        }
        let broken = all.iter().filter(|one| !one.whole).count();
        lesson.metric("broken_files", way, broken as f64, "");
        lesson.metric("interruptions", way, all.len() as f64, "");
    }
}

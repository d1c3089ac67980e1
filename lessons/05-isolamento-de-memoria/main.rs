//! Lição 5: o que um processo esconde, derruba e estraga, e por onde ele fala.

mod belongings;
mod claims;
mod fall;
mod legend;
mod sharing;
mod stray;
mod who;

use std::process::ExitCode;

use licoes::load::workload::{count_primes, slices};
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::init;
use registro::format::integer;
use who::Who;

const INFO: Info = Info {
    number: 5,
    title: "Isolamento de memória",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};

/// Aqui se contam respostas, e não tempos: a mesma carga, mais curta, basta.
const LIMIT: u64 = 100_000;
const ANSWERS: usize = 64;

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    lesson.compare_models()?;
    let visits = let_everyone_meddle(lesson)?;
    let falls = let_a_task_abort(lesson)?;
    let damages = let_everyone_scribble(lesson)?;
    let trips = try_every_way(lesson)?;
    lesson.claim(claims::nothing_is_shared(&visits));
    lesson.claim(claims::safer_and_more_stable(&falls, &damages));
    lesson.claim(claims::sharing_needs_a_mechanism(&trips, count_primes(0..LIMIT)));
    Ok(())
}

/// Quem muda o que é de um processo.
fn let_everyone_meddle(lesson: &mut Lesson) -> Result<Vec<belongings::Visit>, Failure> {
    lesson.say("\nQuem muda o que é de um processo:");
    let visits =
        Who::ALL.map(belongings::visit).into_iter().collect::<Result<Vec<_>, _>>()?;
    for visit in &visits {
        lesson.say(&format!("  {visit}."));
        lesson.metric("changes_seen", visit.who.id(), visit.leaked().len() as f64, "");
    }
    Ok(visits)
}

/// Uma tarefa aborta: com threads, com processos e com um pool. Em cada rodada, outra tarefa.
fn let_a_task_abort(lesson: &mut Lesson) -> Result<Vec<[fall::Fall; 3]>, Failure> {
    // Um trabalhador só não tem com quem dividir a perda.
    let workers = lesson.options().workers.clamp(2, ANSWERS);
    let one_round = |fatal| fall::of_each_model(slices(LIMIT, ANSWERS), fatal, workers);
    let rounds = targets(lesson).map(one_round).collect::<Result<Vec<_>, _>>()?;

    lesson.say(&format!("\nUma de {ANSWERS} tarefas aborta:"));
    for (model, fall) in
        ["threads", "processes", "process_pool"].iter().zip(middle(&rounds))
    {
        lesson.say(&format!("  {}: {fall}.", lesson.label(model)));
        lesson.fate("abort", model, fall.fate);
        let lost = fall.counted_and_lost as f64;
        lesson.metric("counted_and_lost", model, lost, "respostas");
    }
    Ok(rounds)
}

/// Alguém escreve por um ponteiro que não é seu.
fn let_everyone_scribble(
    lesson: &mut Lesson,
) -> Result<Vec<[stray::Damage; 3]>, Failure> {
    let one_round = |target| stray::by_everyone(slices(LIMIT, ANSWERS), target);
    let rounds = targets(lesson).map(one_round).collect::<Result<Vec<_>, _>>()?;

    lesson.say("\nUma escrita por um ponteiro errado, numa das contas parciais:");
    for damage in middle(&rounds) {
        lesson.say(&format!("  {damage}."));
        lesson.fate("stray_write", damage.who.id(), damage.fate());
    }
    Ok(rounds)
}

/// A soma dos filhos, pelo caminho que houver.
fn try_every_way(lesson: &mut Lesson) -> Result<Vec<sharing::Trip>, Failure> {
    let children = lesson.options().workers.clamp(2, 16);
    let trips = sharing::every_way(&slices(LIMIT, children))?;

    lesson.say("\nDos primos que os filhos contaram, chegaram ao programa principal:");
    for trip in &trips {
        lesson.say(&format!("  {}: {}.", trip.label(), integer(trip.arrived)));
        lesson.metric("arrived", trip.way, trip.arrived as f64, "primos");
    }
    Ok(trips)
}

/// Que tarefa derruba ou é atingida, em cada rodada: uma por repetição, do começo ao fim da lista.
fn targets(lesson: &Lesson) -> impl Iterator<Item = usize> + use<> {
    let rounds = lesson.options().repetitions.min(ANSWERS);
    (0..rounds).map(move |round| (2 * round + 1) * ANSWERS / (2 * rounds))
}

fn middle<T>(rounds: &[T]) -> &T {
    &rounds[rounds.len() / 2]
}

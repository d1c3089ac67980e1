//! O que a lição diz e registra.

use crate::mandelbrot::draw;
use licoes::run::lesson::Lesson;
use registro::fate::Fate;
use registro::format::{decimal, integer, seconds, times};
use registro::stats::median;

use crate::claims::{Figures, WANTED, lived, ratio};
use crate::plan::{Answers, Plan};
use crate::ways::{Attempt, Limits};

/// As três respostas, cada uma com o que custou sem ninguém por perto.
pub fn answers(lesson: &mut Lesson, plan: &Plan, answers: &Answers) {
    let Answers { primes, chain, picture } = answers;
    let took = |start: f64, end: f64| seconds(end - start);
    lesson.say(&format!(
        "\nTrês tarefas, uma de cada vez:\n  primos abaixo de {}: {}, em {}\n  \
         cadeia de Collatz mais longa abaixo de {}: começa em {}, com {} passos, em {}\n  \
         desenho do conjunto de Mandelbrot, em {}:\n{}",
        integer(plan.numbers.end),
        integer(primes.value),
        took(primes.start, primes.end),
        integer(plan.below),
        integer(chain.value.start),
        chain.value.steps,
        took(chain.start, chain.end),
        took(picture.start, picture.end),
        draw(&picture.value, plan.tile)
    ));
}

/// O que aconteceu com as três juntas, de cada maneira, e quem ganhou o núcleo.
pub fn outcomes(
    lesson: &mut Lesson,
    figures: &Figures,
    limits: Limits,
    workers: usize,
) {
    let [short, long] =
        [limits.short, limits.long].map(|limit| seconds(limit.as_secs_f64()));
    lesson.say(&format!(
        "\nAs três juntas, e o pedido da cadeia tem zeros a mais. Limites: o dela, {short}; o das outras, {long}."
    ));
    let ways = [
        ("own_limits", &figures.processes, 3),
        ("short_limit", &figures.pool_short, workers),
        ("long_limit", &figures.pool_long, workers),
    ];
    let mut spans = Vec::new();
    for (model, attempts, processes) in ways {
        let (typical, lived) = (typical(attempts), lived(attempts));
        let Attempt { right, wrong, .. } = *typical;
        let (name, late) = (lesson.label(model), times(lived));
        lesson.say(&format!(
            "  {name}: chegaram {right} das outras {WANTED} respostas; a cadeia viveu {late} o seu limite"
        ));
        let died = 1 + WANTED.saturating_sub(right + wrong);
        let processes = processes.max(died);
        lesson.fate(
            "cancelled",
            model,
            Fate { asked: WANTED, right, wrong, processes, died },
        );
        lesson.metric("lived", model, lived.median, "vezes");
        spans.extend_from_slice(&typical.spans);
    }
    lesson.spans(&spans);

    lesson.say(
        "\nDois processos num núcleo só, e o segundo pede para ceder a vez (nice 10):",
    );
    let bouts = [
        ("urgent", "patient", &figures.with_priority),
        ("pool_first", "pool_second", &figures.without),
    ];
    for (first, second, bouts) in bouts {
        let share = |bout: &[f64; 2]| bout[0] / (bout[0] + bout[1]).max(1e-6);
        let share = 100.0 * median(&bouts.iter().map(share).collect::<Vec<_>>());
        lesson.metric("core_share", first, share, "%");
        lesson.metric("core_share", second, 100.0 - share, "%");
        let [first_share, second_share] =
            [share, 100.0 - share].map(|share| decimal(share, 0));
        lesson.say(&format!(
            "  {}: {first_share} % do processador; {}: {second_share} %; a razão, {}",
            lesson.label(first),
            lesson.label(second),
            times(ratio(bouts))
        ));
    }
}

/// A repetição em que a cancelada viveu mais perto da mediana.
fn typical(attempts: &[Attempt]) -> &Attempt {
    let middle = lived(attempts).median;
    let distance = |attempt: &&Attempt| (attempt.lived - middle).abs();
    let typical = attempts.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    typical.unwrap_or(&attempts[0])
}

//! Os ranks medidos: ao lado do Pool, num host e em dois, com cada vez mais deles, e quando um morre.

mod break_even;
mod death;
mod hand_out;
mod saturation;
mod speedup;
mod team;

use licoes::measure::machine::Watch;
use licoes::run::lesson::{Failure, Lesson};

use crate::claims::{Figures, Same};
use hand_out::Prices;
use team::{Place, Team};

// ANCHOR: measure
/// Mede tudo o que a máquina permite.
pub fn measure(lesson: &mut Lesson) -> Result<Figures, Failure> {
    let watch = Watch::start();
    let place = Place::find();
    if let Err(reason) = &place.two_hosts {
        lesson.say(&format!("\nDois hosts ficam de fora: {reason}."));
    }

    // A carga comum com 1, 2, … trabalhadores, que já nasceram.
    let speedups = speedup::measure(lesson, &place)?;

    // O preço de cada mensagem, e o tamanho de tarefa que o paga.
    let workers = lesson.options().workers;
    let mut teams = Team::all(&place, workers)?;
    let prices = Prices::measure(&mut teams, lesson.options().repetitions)?;
    prices.record(lesson);
    break_even::measure(lesson, &mut teams)?;
    drop(teams);

    // Mais ranks do que núcleos, e um rank a menos.
    let (scaling, death) = match place.is_a_rank {
        true => (Vec::new(), None),
        false => (saturation::measure(lesson)?, Some(death::measure(lesson)?)),
    };
    let others = watch.others();
    lesson.note_others(others);
    let there = match place.two_hosts {
        Ok(_) => Ok(speedups.same_there),
        Err(reason) => Err(reason),
    };
    Ok(Figures {
        same: Some(Same { here: speedups.same_here, there }),
        against_pool: speedups.against_pool,
        distance: prices.distance(),
        death,
        scaling,
        others,
    })
}
// ANCHOR_END: measure

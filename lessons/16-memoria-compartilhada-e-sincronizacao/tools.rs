//! `Event` e `Semaphore` em uso: uma largada e uma porta estreita.

use std::fmt;
use std::thread::sleep;
use std::time::Duration;

use multiprocessamento::{Error, Event, Process, Semaphore, Value};
use serde::{Deserialize, Serialize};

/// Quanto cada um se demora lá dentro: o bastante para que os outros cheguem.
const STAY: Duration = Duration::from_millis(5);

// ANCHOR: room
/// Uma sala com uma largada na rua e uma porta de tantas vagas.
#[derive(Clone, Serialize, Deserialize)]
struct Room {
    start: Event,
    door: Semaphore,
    /// Quantos já passaram da largada.
    moved: Value<u64>,
    /// Quantos estão na sala agora.
    inside: Value<u64>,
    /// O máximo que `inside` já foi.
    most: Value<u64>,
}

/// Espera a largada, passa pela porta, demora-se e sai.
fn visit(room: Room) -> Result<(), Error> {
    room.start.wait()?;
    room.moved.update(|moved| moved + 1);
    let _place = room.door.acquire()?;
    let now = room.inside.update(|inside| inside + 1);
    room.most.update(|most| most.max(now));
    sleep(STAY);
    room.inside.update(|inside| inside - 1);
    Ok(())
}
// ANCHOR_END: room

/// O que se viu de fora.
pub struct Visits {
    places: u32,
    /// Quantos se mexeram antes da largada.
    early: u64,
    /// Quantos estiveram na sala de uma vez.
    pub most: u64,
}

/// `people` processos visitam uma sala de `places` vagas.
pub fn everyone_visits(people: usize, places: u32) -> Result<Visits, Error> {
    let [moved, inside, most] = [Value::new(0)?, Value::new(0)?, Value::new(0)?];
    let (start, door) = (Event::new()?, Semaphore::new(places)?);
    let room = Room { start, door, moved, inside, most };
    let mut visitors = Vec::new();
    for _ in 0..people {
        visitors.push(Process::start(visit, room.clone())?);
    }
    sleep(STAY);
    let early = room.moved.get();
    room.start.set()?;
    visitors.into_iter().try_for_each(|visitor| visitor.join()?)?;
    Ok(Visits { places, early, most: room.most.get() })
}

impl fmt::Display for Visits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Visits { places, early, most } = self;
        write!(
            f,
            "{places} vagas: {early} se mexeram antes da largada; dentro, até {most} de uma vez"
        )
    }
}

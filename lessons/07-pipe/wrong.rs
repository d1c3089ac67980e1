//! Respostas erradas ao exercício 7.

#[path = "check.rs"]
mod check;

use std::thread;

use check::{Bola, rebater};
use multiprocessamento::{Connection, Error, Process, pipe};

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "7-espera-sem-fechar",
        main: || check::check(waits_without_closing),
        loses: "sem rebatidas, a bola volta como foi",
    },
    Wrong {
        name: "7-uma-a-mais",
        main: || check::check(one_hit_too_many),
        loses: "são tantas rebatidas quantas se pediram",
    },
    Wrong {
        name: "7-com-uma-thread",
        main: || check::check(against_a_thread),
        loses: "a primeira é do outro processo, e depois se alternam",
    },
    Wrong {
        name: "7-sozinho",
        main: || check::check(alone),
        loses: "a primeira é do outro processo, e depois se alternam",
    },
    Wrong {
        name: "7-um-adversario-por-vez",
        main: || check::check(a_new_opponent_each_time),
        loses: "o adversário é o mesmo do começo ao fim",
    },
    Wrong {
        name: "7-deixa-o-adversario",
        main: || check::check(leaves_the_opponent),
        loses: "no fim da partida, o adversário também terminou",
    },
];

fn play(table: Connection<Bola, Bola>) {
    while let Ok(ball) = table.recv() {
        if table.send(&rebater(ball)).is_err() {
            return;
        }
    }
}

/// Joga deste lado; com `exact`, para na conta certa.
fn rally(
    table: &Connection<Bola, Bola>,
    hits: usize,
    exact: bool,
) -> Result<Bola, Error> {
    let mut ball = Bola::nova();
    while ball.rebatidas() < hits {
        table.send(&ball)?;
        ball = table.recv()?;
        if !exact || ball.rebatidas() < hits {
            ball = rebater(ball);
        }
    }
    Ok(ball)
}

fn waits_without_closing(hits: usize) -> Result<Bola, Error> {
    let (ours, theirs) = pipe()?;
    let opponent = Process::start(play, theirs)?;
    let ball = rally(&ours, hits, true)?;
    opponent.join()?;
    Ok(ball)
}

fn one_hit_too_many(hits: usize) -> Result<Bola, Error> {
    let (ours, theirs) = pipe()?;
    let opponent = Process::start(play, theirs)?;
    let ball = rally(&ours, hits, false)?;
    drop(ours);
    opponent.join()?;
    Ok(ball)
}

fn against_a_thread(hits: usize) -> Result<Bola, Error> {
    let (ours, theirs) = pipe()?;
    thread::scope(|scope| {
        scope.spawn(|| play(theirs));
        let ball = rally(&ours, hits, true);
        drop(ours);
        ball
    })
}

fn alone(hits: usize) -> Result<Bola, Error> {
    Ok((0..hits).fold(Bola::nova(), |ball, _| rebater(ball)))
}

fn a_new_opponent_each_time(hits: usize) -> Result<Bola, Error> {
    let mut ball = Bola::nova();
    while ball.rebatidas() < hits {
        ball = match ball.rebatidas() % 2 {
            0 => Process::start(rebater, ball)?.join()?,
            _ => rebater(ball),
        };
    }
    Ok(ball)
}

fn leaves_the_opponent(hits: usize) -> Result<Bola, Error> {
    let (ours, theirs) = pipe()?;
    let opponent = Process::start(play, theirs)?;
    let ball = rally(&ours, hits, true)?;
    std::mem::forget((ours, opponent));
    Ok(ball)
}

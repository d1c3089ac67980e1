//! A conferência do exercício 7: a bola vai e volta entre dois processos, tantas vezes quantas se pediram.

use std::collections::BTreeSet;
use std::process::ExitCode;

use licoes::run::exercise::{Check, expect_equal, expect_no_children};
use multiprocessamento::Error;
use serde::{Deserialize, Serialize};

/// A bola, que lembra quem a rebateu.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bola {
    pids: Vec<u32>,
}

impl Bola {
    /// Uma bola que ninguém rebateu ainda.
    pub fn nova() -> Self {
        Bola::default()
    }

    /// Quantas vezes ela já foi rebatida.
    pub fn rebatidas(&self) -> usize {
        self.pids.len()
    }
}

/// Rebate a bola, no processo em que for chamada.
pub fn rebater(mut bola: Bola) -> Bola {
    bola.pids.push(std::process::id());
    bola
}

/// Confere uma resposta.
pub fn check<F>(answer: F) -> ExitCode
where
    F: Fn(usize) -> Result<Bola, Error> + Copy + Send + 'static,
{
    let mut check = Check::new(7);
    let play = move |hits| {
        let ball =
            answer(hits).map_err(|error| format!("voltou com um erro: {error}"))?;
        Ok::<_, String>(ball.pids)
    };
    check.point_in_time("sem rebatidas, a bola volta como foi", move || {
        expect_equal(play(0)?.len(), 0)
    });
    check.point_in_time(
        "são tantas rebatidas quantas se pediram, pares ou ímpares",
        move || {
            (1..=6).try_for_each(|hits| {
                let got = play(hits)?.len();
                let reason =
                    format!("pedi {hits} rebatidas, e a bola voltou com {got}");
                if got == hits { Ok(()) } else { Err(reason) }
            })
        },
    );
    check.point_in_time(
        "a primeira é do outro processo, e depois se alternam",
        move || {
            let own = std::process::id();
            let order: Vec<&str> = play(5)?
                .into_iter()
                .map(|pid| if pid == own { "este" } else { "o outro" })
                .collect();
            expect_equal(order, vec!["o outro", "este", "o outro", "este", "o outro"])
        },
    );
    check.point_in_time("o adversário é o mesmo do começo ao fim", move || {
        let players: BTreeSet<u32> = play(300)?.into_iter().collect();
        match players.len() {
            2 => Ok(()),
            players => {
                Err(format!("em 300 rebatidas jogaram {players} processos, e não 2"))
            }
        }
    });
    check.point_in_time(
        "no fim da partida, o adversário também terminou",
        move || {
            play(3)?;
            expect_no_children()
        },
    );
    check.finish()
}

//! Respostas erradas ao exercício 3.

#[path = "check.rs"]
mod check;

use check::Respostas;

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "3-razao-ao-contrario",
        main: || {
            check::check(&Respostas {
                aceleracao: |serial, parallel| parallel / serial,
                ..right()
            })
        },
        loses: "aceleração: 12 s em série",
    },
    Wrong {
        name: "3-tudo-se-divide",
        main: || {
            check::check(&Respostas {
                amdahl: |_serial, workers| workers as f64,
                ..right()
            })
        },
        loses: "com 10 % de parte serial",
    },
];

fn right() -> Respostas {
    Respostas {
        aceleracao: |serial, parallel| serial / parallel,
        eficiencia: |speedup, workers| speedup / workers as f64,
        amdahl: |serial, workers| 1.0 / (serial + (1.0 - serial) / workers as f64),
        fracao_serial: |speedup, workers| {
            (1.0 / speedup - 1.0 / workers as f64) / (1.0 - 1.0 / workers as f64)
        },
    }
}

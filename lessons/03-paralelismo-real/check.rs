//! A conferência do exercício 3: quatro contas sobre aceleração.

use std::process::ExitCode;

use licoes::run::exercise::Check;
use registro::format::decimal;

/// As quatro respostas.
pub struct Respostas {
    /// Aceleração, dos tempos serial e paralelo.
    pub aceleracao: fn(f64, f64) -> f64,
    /// Eficiência, da aceleração e do número de trabalhadores.
    pub eficiencia: fn(f64, usize) -> f64,
    /// Aceleração prevista por Amdahl, da fração serial e do número de trabalhadores.
    pub amdahl: fn(f64, usize) -> f64,
    /// Fração serial, da aceleração medida e do número de trabalhadores.
    pub fracao_serial: fn(f64, usize) -> f64,
}

/// Confere as respostas.
pub fn check(answers: &Respostas) -> ExitCode {
    let mut check = Check::new(3);
    check.point("aceleração: 12 s em série e 4 s em paralelo dão 3", || {
        expect_near((answers.aceleracao)(12.0, 4.0), 3.0)?;
        expect_near((answers.aceleracao)(1.0, 2.0), 0.5)
    });
    check.point("eficiência: aceleração 3 com 4 trabalhadores dá 0,75", || {
        expect_near((answers.eficiencia)(3.0, 4), 0.75)?;
        expect_near((answers.eficiencia)(1.0, 1), 1.0)
    });
    check.point(
        "Amdahl: sem parte serial, a aceleração é o número de trabalhadores",
        || expect_near((answers.amdahl)(0.0, 7), 7.0),
    );
    check.point(
        "Amdahl: com 10 % de parte serial, nem mil trabalhadores chegam a 10",
        || {
            expect_near((answers.amdahl)(0.1, 2), 1.0 / 0.55)?;
            expect_near((answers.amdahl)(0.1, 1000), 1.0 / 0.1009)
        },
    );
    check.point("a fração serial desfaz Amdahl", || {
        [(0.0, 2), (0.05, 4), (0.3, 16), (1.0, 8)].into_iter().try_for_each(
            |(fraction, workers)| {
                let speedup = 1.0 / (fraction + (1.0 - fraction) / workers as f64);
                expect_near((answers.fracao_serial)(speedup, workers), fraction)
            },
        )
    });
    check.finish()
}

fn expect_near(got: f64, expected: f64) -> Result<(), String> {
    if (got - expected).abs() <= 1e-9 {
        return Ok(());
    }
    Err(format!("esperava {}, veio {}", decimal(expected, 4), decimal(got, 4)))
}
